//! Commands as clients write them, read as wishes, and answers as replies.

use bytes::{Bytes, BytesMut};

use super::*;
use crate::config::QueueMode;
use crate::protocol::{Call, Decoder, Exptime, Form, Output, Reply, Request, RequestLimits, encode_reply};
use crate::queue::{Consumer, Message, QueueAnswer, QueueOrder, QueueRefusal, Settling, Taking};
use QueueMode::{Kestrel, Reserve};
use std::time::Duration;

const NOW: i64 = 1_700_000_000;
const BY: Consumer = Consumer(7);

fn rules(mode: QueueMode) -> QueueRules {
    QueueRules { mode, allow_flush: false, plain: 0 }
}

/// A command as a client writes it.
fn asked(line: &str) -> (Request, Form) {
    let limits = RequestLimits { line: 4096, value: 1 << 20, keys: 10, queues: false };
    let mut buffer = BytesMut::from(format!("{line}\r\n").as_bytes());
    match Decoder::new(limits).next(&mut buffer) {
        Some(Call::One(request, form)) => (request, form),
        other => panic!("{line:?} is {other:?}"),
    }
}

fn wished(line: &str, rules: QueueRules) -> Result<QueueWishKind, &'static str> {
    wish(&asked(line).0, rules).map(|wish| wish.what)
}

fn take(how: Taking) -> QueueWishKind {
    QueueWishKind::Take { closes: false, how, wait: Duration::ZERO }
}

#[test]
fn a_command_is_read_as_the_wish_that_it_is_with_redqueue_or_with_kestrel() {
    use QueueWishKind::{Count, End, Find, List, Peek, Settle, Withdraw};
    use Settling::{Acknowledge, GiveBack};
    let both = |wish: QueueWishKind| [wish.clone(), wish];
    let half = Duration::from_millis(500);
    let table = [
        ("get q", [take(Taking::ReserveOne), take(Taking::Remove)]),
        ("gets q", [take(Taking::ReserveOne), take(Taking::Remove)]),
        ("mg q v", [take(Taking::ReserveOne), take(Taking::Remove)]),
        ("mg q/open v f c", both(take(Taking::Reserve))),
        ("mg cS9vcGVu v b", both(take(Taking::Reserve))),
        ("mg q s t", both(Peek)),
        ("get q/open", both(take(Taking::ReserveOne))),
        ("get q/open/t=500", both(QueueWishKind::Take { closes: false, how: Taking::ReserveOne, wait: half })),
        ("get q/close/t=500/open", both(QueueWishKind::Take { closes: true, how: Taking::ReserveOne, wait: half })),
        ("get q/close", both(End(Acknowledge))),
        ("get q/close/t=500", both(End(Acknowledge))),
        ("get q/abort", both(End(GiveBack))),
        ("get q/peek", both(Peek)),
        ("get q/len", both(Count)),
        ("get q/list:3", both(List(3))),
        ("get q/position:a/b", both(Find("a/b".into()))),
        ("delete q/position:a/b", both(Withdraw("a/b".into()))),
        ("md q C5", both(Settle(Some(5), Acknowledge))),
        ("md q C5 I", both(Settle(Some(5), GiveBack))),
        ("md q I", both(Settle(None, GiveBack))),
    ];
    for (line, [reserve, kestrel]) in table {
        assert_eq!(wished(line, rules(Reserve)), Ok(reserve), "{line}");
        assert_eq!(wished(line, rules(Kestrel)), Ok(kestrel), "{line}");
    }
    assert_eq!(wished("delete q", rules(Reserve)), Ok(Settle(None, Acknowledge)));
}

#[test]
fn a_queue_is_dropped_where_the_route_allows_it_alone() {
    for (mode, line) in [(Kestrel, "delete q"), (Kestrel, "md q"), (Kestrel, "md q x"), (Reserve, "md q x")] {
        let allowed = QueueRules { allow_flush: true, ..rules(mode) };
        assert_eq!(wished(line, allowed), Ok(QueueWishKind::Empty), "{line}");
        assert!(wished(line, rules(mode)).is_err_and(|why| why.contains("allow_flush: true")), "{line}");
    }
}

#[test]
fn what_no_queue_can_do_is_refused() {
    let table = [
        "add q 0 0 1\r\nx",
        "replace q 0 0 1\r\nx",
        "append q 0 0 1\r\nx",
        "prepend q 0 0 1\r\nx",
        "cas q 0 0 1 5\r\nx",
        "ms q 1 C5\r\nx",
        "ms q 1 E5\r\nx",
        "ms q 1 ME\r\nx",
        "ms q 1 I\r\nx",
        "set q/open 0 0 1\r\nx",
        "set q/len 0 0 1\r\nx",
        "incr q 1",
        "decr q 1",
        "ma q",
        "me q",
        "touch q 5",
        "gat 5 q",
        "mg q v N30",
        "mg q v R30",
        "mg q v T30",
        "mg q v E5",
        "md q/open",
        "md q E5",
        "md q I T30",
        "md q x C5",
        "md q x I",
        "delete q/close",
        "md q/position:a I",
        "get q/open/abort",
        "get q/peek/close",
        "get /open",
        "delete /open",
        "set /open 0 0 1\r\nx",
    ];
    for line in table {
        for mode in [Reserve, Kestrel] {
            let refused = wished(line, rules(mode));
            assert!(refused.clone().is_err_and(|why| why.starts_with("CLIENT_ERROR ")), "{line} {mode:?} {refused:?}");
        }
    }
}

#[test]
fn an_expiry_time_is_what_memcached_takes_it_for() {
    let month = Exptime::MOST_SECONDS;
    let table = [
        (0, 0),
        (1, NOW as u64 + 1),
        (month, (NOW + month) as u64),
        (month + 1, (month + 1) as u64),
        (NOW + 60, NOW as u64 + 60),
        (-1, 1),
    ];
    for (written, expires) in table {
        let (request, _) = asked(&format!("set q 3 {written} 1\r\nx"));
        let wish = wish(&request, rules(Reserve)).unwrap();
        let put = QueueOrder::Put { queue: "q".into(), client_flags: 3, expires, body: "x".into() };
        assert_eq!(wish.orders(BY, NOW).collect::<Vec<_>>(), [put], "{written}");
    }
}

#[test]
fn what_is_open_is_closed_before_the_next_one_is_taken() {
    let (request, _) = asked("get q/close/open");
    let orders: Vec<_> = wish(&request, rules(Kestrel)).unwrap().orders(BY, NOW).collect();
    let queue = Bytes::from("q");
    let close = QueueOrder::Settle { queue: queue.clone(), by: BY, id: None, how: Settling::Acknowledge };
    let open = QueueOrder::Take { queue, by: BY, how: Taking::ReserveOne, wait: Duration::ZERO };
    assert_eq!(orders, [close, open]);
}

/// What a client reads that wrote `line` and was answered so.
fn read(line: &str, mode: QueueMode, answer: QueueAnswer) -> String {
    let (request, form) = asked(line);
    let reply = match wish(&request, QueueRules { allow_flush: true, ..rules(mode) }) {
        Ok(QueueWish { what, .. }) => QueueTelling::of(&request.command, &what, mode).told(answer, NOW),
        Err(why) => Reply::Error(why.into()),
    };
    let mut out = Output::default();
    encode_reply(&form, &request.key, &reply, &mut out);
    String::from_utf8(std::mem::take(out.text())).unwrap()
}

#[test]
fn an_answer_is_told_in_the_words_of_the_command() {
    use QueueAnswer::{Done, Listed, Nothing, Number, Refused, Stored};
    let message = |expires| QueueAnswer::Message(9, Message { client_flags: 3, expires, since: 0, body: "hi".into() });
    let list = || Listed(vec!["a".into(), "".into(), "c".into()]);
    let table = [
        ("set q 0 0 1\r\nx", Stored(9), "STORED\r\n"),
        ("ms q 1 c\r\nx", Stored(9), "HD c9\r\n"),
        ("set q 0 0 1 noreply\r\nx", Stored(9), ""),
        ("set q 0 0 1\r\nx", Refused(QueueRefusal::Full), "SERVER_ERROR out of memory storing object\r\n"),
        ("set q 0 0 1\r\nx", Refused(QueueRefusal::TooLong), "SERVER_ERROR object too large for cache\r\n"),
        ("set q 0 0 1\r\nx", Refused(QueueRefusal::Disk), "SERVER_ERROR the disk of the queues refuses to work\r\n"),
        ("get q", message(0), "VALUE q 3 2\r\nhi\r\nEND\r\n"),
        ("get q/t=5/open", message(0), "VALUE q/t=5/open 3 2\r\nhi\r\nEND\r\n"),
        ("gets q", message(0), "VALUE q 3 2 9\r\nhi\r\nEND\r\n"),
        ("get q", Nothing, "END\r\n"),
        ("get q", Refused(QueueRefusal::Busy), "SERVER_ERROR the queues have too much to do\r\n"),
        ("get q/close", Done, "END\r\n"),
        ("get q/close", Nothing, "END\r\n"),
        ("get q/abort", Done, "END\r\n"),
        ("get q/peek", message(0), "VALUE q/peek 3 2\r\nhi\r\nEND\r\n"),
        ("get q/len", Number(0), "VALUE q/len 0 1\r\n0\r\nEND\r\n"),
        ("get q/position:m", Number(12), "VALUE q/position:m 0 2\r\n12\r\nEND\r\n"),
        ("get q/position:m", Nothing, "END\r\n"),
        ("get q/list:3", list(), "VALUE q/list:3 0 4\r\na\n\nc\r\nEND\r\n"),
        ("get q/list:3", Listed(Vec::new()), "END\r\n"),
        ("delete q/position:m", Done, "DELETED\r\n"),
        ("delete q/position:m", Nothing, "NOT_FOUND\r\n"),
        ("delete q", Done, "DELETED\r\n"),
        ("delete q", Nothing, "NOT_FOUND\r\n"),
        ("mg q/open v f c t s k O1", message(NOW as u64 + 5), "VA 2 f3 c9 t5 s2 kq/open O1\r\nhi\r\n"),
        ("mg q/open v c q", Nothing, ""),
        ("mg q/open v c", Nothing, "EN\r\n"),
        ("mg cS9vcGVu b v k", message(0), "VA 2 kcS9vcGVu b\r\nhi\r\n"),
        ("mg q s t", message(0), "HD s2 t-1\r\n"),
        ("md q C9", Done, "HD\r\n"),
        ("md q C9 q", Done, ""),
        ("md q C9 I", Nothing, "NF\r\n"),
    ];
    for (line, answer, told) in table {
        for mode in [Reserve, Kestrel] {
            assert_eq!(read(line, mode, answer.clone()), told, "{line} {mode:?}");
        }
    }
    let second = || Refused(QueueRefusal::HasOne);
    assert_eq!(read("get q", Reserve, second()), "END\r\n");
    assert_eq!(read("get q", Kestrel, second()), "ERROR\r\n");
}
