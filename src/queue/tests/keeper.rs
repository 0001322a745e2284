//! The thread that has the queues.

use super::*;

#[tokio::test]
async fn many_who_order_at_once_share_a_keeper_and_its_end_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    for sync in [true, false] {
        let keeper = Keeper::open(place.path(), HolderTerms { sync, ..terms() }).unwrap();
        let orders: Vec<_> = (0..500).map(|_| keeper.order(put("q", "m", 0))).collect();
        for order in orders {
            assert!(matches!(order.await, QueueAnswer::Stored(_)));
        }
    }
    let keeper = Keeper::open(place.path(), terms()).unwrap();
    assert_eq!(keeper.order(QueueOrder::Count { queue: "q".into() }).await, QueueAnswer::Number(1_000));
    assert!(matches!(keeper.order(take("q", BY, Taking::Reserve, Duration::ZERO)).await, QueueAnswer::Message(..)));
    keeper.leave(BY);
    assert_eq!(keeper.order(QueueOrder::Count { queue: "q".into() }).await, QueueAnswer::Number(1_000));
}

#[tokio::test]
async fn a_keeper_that_is_closed_refuses_what_comes_later() {
    let place = tempfile::tempdir().unwrap();
    let keeper = Keeper::open(place.path(), terms()).unwrap();
    let before = keeper.order(put("q", "m", 0));
    keeper.close();
    assert!(matches!(before.await, QueueAnswer::Stored(_)));
    assert_eq!(keeper.order(put("q", "m", 0)).await, QueueAnswer::Refused(QueueRefusal::Busy));
    assert_eq!(keeper.figures().refused.busy, 1);
}
