//! What RedQueue's and Kestrel's clients say, and what they hear.

use support::Leash;

use super::Holder;

/// What is said, and what is heard, on the connection with this number. Lines end with CR LF, and a bar is a line feed
/// alone.
type Row = (usize, &'static str, &'static str);

fn hold(leash: &Leash, rows: &[Row]) {
    let connections = rows.iter().map(|(connection, ..)| connection + 1).max().unwrap_or(0);
    let mut clients: Vec<_> = (0..connections).map(|_| leash.client()).collect();
    for (connection, said, heard) in rows {
        let crlf = |text: &str| text.replace('\n', "\r\n").replace('|', "\n");
        clients[*connection].expect(crlf(said), crlf(heard));
    }
}

#[test]
fn a_client_of_redqueue_hears_what_it_expects() {
    let holder = Holder::start("mode: reserve");
    hold(
        &holder.leash,
        &[
            // An empty queue.
            (0, "get q\n", "END\n"),
            (0, "gets q\n", "END\n"),
            (0, "delete q\n", "NOT_FOUND\n"),
            // One is reserved for the connection, and no other until it is acknowledged.
            (0, "set q 5 0 1\na\n", "STORED\n"),
            (0, "set q 6 0 1\nb\n", "STORED\n"),
            (0, "set q 7 0 1\nc\n", "STORED\n"),
            (0, "get q\n", "VALUE q 5 1\na\nEND\n"),
            (0, "get q\n", "END\n"),
            (0, "gets q\n", "END\n"),
            (1, "get q\n", "VALUE q 6 1\nb\nEND\n"),
            (0, "delete q\n", "DELETED\n"),
            (0, "delete q\n", "NOT_FOUND\n"),
            (0, "get q\n", "VALUE q 7 1\nc\nEND\n"),
            (1, "get q/abort\n", "END\n"),
            (2, "get q/peek\n", "VALUE q/peek 6 1\nb\nEND\n"),
            (2, "get q\n", "VALUE q 6 1\nb\nEND\n"),
            (2, "delete q\n", "DELETED\n"),
            (0, "delete q\n", "DELETED\n"),
            (0, "get q\n", "END\n"),
            // One of each, or of the first that has any.
            (0, "set a 0 0 1\n1\n", "STORED\n"),
            (0, "set c 0 0 1\n2\n", "STORED\n"),
            (0, "set c 0 0 1\n3\n", "STORED\n"),
            (0, "get a b c\n", "VALUE a 0 1\n1\nVALUE c 0 1\n2\nEND\n"),
            (1, "get a b c c\n", "VALUE c 0 1\n3\nEND\n"),
            (0, "delete a\ndelete c\n", "DELETED\nDELETED\n"),
            (1, "get c/abort\n", "END\n"),
            (0, "set a 0 0 1\n4\n", "STORED\n"),
            (2, "mg c/peek v c\n", "VA 1 c1048581\n3\n"),
            (2, "gets b c a\n", "VALUE c 0 1 1048581\n3\nEND\n"),
            (2, "gets b c a\n", "VALUE a 0 1 1048580\n4\nEND\n"),
            (2, "gets b c a\n", "END\n"),
            (2, "delete a\ndelete c\n", "DELETED\nDELETED\n"),
            // Names as RedQueue has them.
            (0, "set abc/def 0 0 1\nx\n", "STORED\n"),
            (0, "get abc/def\n", "VALUE abc/def 0 1\nx\nEND\n"),
            (0, "delete abc/def\n", "DELETED\n"),
            (0, "get q/opne\n", "END\n"),
            // Nothing is replaced or changed.
            (0, "set q 0 0 0\n\n", "STORED\n"),
            (0, "get q\n", "VALUE q 0 0\n\nEND\n"),
            (0, "delete q 0\n", "DELETED\n"),
            (0, "flush q\n", "CLIENT_ERROR queues are not dropped here, set allow_flush: true on the route\n"),
            (
                0,
                "flush_all\n",
                "CLIENT_ERROR flush_all is not allowed, set allow_flush: true on the route with prefix \"\"\n",
            ),
        ],
    );
}

#[test]
fn a_client_of_kestrel_hears_what_it_expects() {
    let holder = Holder::start("mode: kestrel");
    hold(
        &holder.leash,
        &[
            (0, "GET q\n", "END\n"),
            (0, "get q/open\n", "END\n"),
            (0, "get q/close\n", "END\n"),
            (0, "get q/abort\n", "END\n"),
            (0, "get q/peek\n", "END\n"),
            (0, "get q/t=1/open\n", "END\n"),
            // What is taken is gone.
            (0, "SET q 5 0 1\na\n", "STORED\n"),
            (0, "set q 6 0 1\nb\n", "STORED\n"),
            (0, "set q 7 0 1\nc\n", "STORED\n"),
            (0, "set q 8 0 1\nd\n", "STORED\n"),
            (0, "get q/peek\n", "VALUE q/peek 5 1\na\nEND\n"),
            (0, "GET q\n", "VALUE q 5 1\na\nEND\n"),
            // Open, and no other one while it is.
            (0, "get q/open\n", "VALUE q/open 6 1\nb\nEND\n"),
            (0, "get q/open\n", "ERROR\n"),
            (0, "get q\n", "ERROR\n"),
            (0, "get q/peek\n", "VALUE q/peek 7 1\nc\nEND\n"),
            (1, "get q/t=5/open\n", "VALUE q/t=5/open 7 1\nc\nEND\n"),
            (0, "get q/abort\n", "END\n"),
            (0, "get q/open/t=10\n", "VALUE q/open/t=10 6 1\nb\nEND\n"),
            (0, "get q/close/open\n", "VALUE q/close/open 8 1\nd\nEND\n"),
            (0, "get q/open/close\n", "END\n"),
            (1, "get q/abort\n", "END\n"),
            (1, "get q/close\n", "END\n"),
            (2, "get q\n", "VALUE q 7 1\nc\nEND\n"),
            (0, "get q/close\n", "END\n"),
            (2, "get q\n", "END\n"),
            // What contradicts, or is not known, takes nothing.
            (0, "set q 0 0 1\nx\n", "STORED\n"),
            (0, "get q/peek/open\n", "CLIENT_ERROR /abort and /peek stand alone behind the name of a queue\n"),
            (
                0,
                "get q/opne\n",
                "CLIENT_ERROR unknown suffix, use /t=<ms> /open /close /abort /peek /len /list:<n> /position:<message>\n",
            ),
            (
                0,
                "set q/x 0 0 1\nx\n",
                "CLIENT_ERROR unknown suffix, use /t=<ms> /open /close /abort /peek /len /list:<n> /position:<message>\n",
            ),
            (0, "delete q\n", "CLIENT_ERROR queues are not dropped here, set allow_flush: true on the route\n"),
            (0, "FLUSH q\n", "CLIENT_ERROR queues are not dropped here, set allow_flush: true on the route\n"),
            (0, "get q/len\n", "VALUE q/len 0 1\n1\nEND\n"),
            (0, "gets q\n", "VALUE q 0 1 1048580\nx\nEND\n"),
        ],
    );
}

#[test]
fn a_raw_client_says_everything_in_capitals_and_ends_lines_with_a_line_feed_alone() {
    let holder = Holder::start("mode: kestrel");
    let mut client = holder.leash.client();
    client.expect("SET jobs 0 0 3\njob\r\n", "STORED\r\n");
    client.expect("GET jobs/open\n", "VALUE jobs/open 0 3\r\njob\r\nEND\r\n");
    client.expect("GET jobs/close/open\n", "END\r\n");
    client.expect("GET jobs/t=20/open\nGET jobs/close\nVERSION\n", "END\r\nEND\r\nVERSION ");
    client.send("\nSTATS\n");
    while client.read_line().unwrap() != b"END\r\n" {}
    client.expect("DELETE jobs\n", "CLIENT_ERROR queues are not dropped here, set allow_flush: true on the route\r\n");
}

#[test]
fn the_waiting_room_tells_who_is_ahead_and_passes_over_those_who_left() {
    let holder = Holder::start("mode: reserve");
    let row = |said, heard| (0, said, heard);
    hold(
        &holder.leash,
        &[
            row("get line/position:ann\n", "END\n"),
            row("get line/list:10\n", "END\n"),
            row("set line 0 0 3\nann\n", "STORED\n"),
            row("set line 0 0 3\nbob\n", "STORED\n"),
            row("set line 0 0 3\ncid\n", "STORED\n"),
            row("set line 0 0 3\nann\n", "STORED\n"),
            row("get line/len\n", "VALUE line/len 0 1\n4\nEND\n"),
            row("get line/position:cid\n", "VALUE line/position:cid 0 1\n3\nEND\n"),
            row("get line/list:2\n", "VALUE line/list:2 0 7\nann|bob\nEND\n"),
            row("delete line/position:bob\n", "DELETED\n"),
            row("delete line/position:bob\n", "NOT_FOUND\n"),
            row("get line/position:bob\n", "END\n"),
            row("get line\n", "VALUE line 0 3\nann\nEND\n"),
            row("get line/position:cid\n", "VALUE line/position:cid 0 1\n1\nEND\n"),
            row("get line/position:ann\n", "VALUE line/position:ann 0 1\n2\nEND\n"),
            row("delete line\n", "DELETED\n"),
            row("get line/list:99\n", "VALUE line/list:99 0 7\ncid|ann\nEND\n"),
            row("get line/len line/position:ann\n", "VALUE line/len 0 1\n2\nVALUE line/position:ann 0 1\n2\nEND\n"),
        ],
    );
}

#[test]
fn a_sidecar_hears_ids_and_ends_messages_by_them_on_any_connection() {
    for mode in ["reserve", "kestrel"] {
        let holder = Holder::start(&format!("mode: {mode}"));
        hold(
            &holder.leash,
            &[
                (0, "mg q/open v f c\n", "EN\n"),
                (0, "ms q 1 F3 T60 c\na\n", "HD c1048576\n"),
                (0, "ms q 1 F4 q\nb\n", ""),
                (0, "ms cQ== 1 b\nc\n", "HD\n"),
                (0, "mg q/open v f c\n", "VA 1 f3 c1048576\na\n"),
                (0, "mg q/open v f c t k O7\n", "VA 1 f4 c1048577 t-1 kq/open O7\nb\n"),
                (0, "mg q/open v f c\n", "VA 1 f0 c1048578\nc\n"),
                (0, "mg q/open v q\nmn\n", "MN\n"),
                (1, "md q C1048577 I\n", "HD\n"),
                (1, "md q C1048577 I\n", "NF\n"),
                // Given back once before: it can be given back again only by what is told now.
                (1, "mg cS9vcGVu b v k c\n", "VA 1 kcS9vcGVu b c281474977759233\nb\n"),
                (0, "md q C1048577 I\n", "NF\n"),
                (0, "md q C1048576\n", "HD\n"),
                (0, "md q C1048576\n", "NF\n"),
                (1, "md q C1048577 q\nmd q C1048578 q\nmn\n", "MN\n"),
                (0, "get q/len\n", "VALUE q/len 0 1\n0\nEND\n"),
                (0, "ms q 1 C5\nx\n", "CLIENT_ERROR this key is a queue, which takes set, get and delete only\n"),
                (0, "mg q v N30\n", "CLIENT_ERROR this key is a queue, which takes set, get and delete only\n"),
                (0, "me q\n", "CLIENT_ERROR this key is a queue, which takes set, get and delete only\n"),
            ],
        );
    }
}

#[test]
fn what_no_queue_can_do_is_refused_and_the_connection_stays_open() {
    let refused = "CLIENT_ERROR this key is a queue, which takes set, get and delete only\r\n";
    for mode in ["reserve", "kestrel"] {
        let holder = Holder::start(&format!("mode: {mode}"));
        let mut client = holder.leash.client();
        client.expect("set q 0 0 1\r\nx\r\n", "STORED\r\n");
        for verb in ["add", "replace", "append", "prepend"] {
            client.expect(format!("{verb} q 0 0 1\r\ny\r\n"), refused);
        }
        for command in ["cas q 0 0 1 5\r\ny\r\n", "incr q 1\r\n", "decr q 1\r\n", "touch q 5\r\n", "gat 5 q\r\n"] {
            client.expect(command, refused);
        }
        client.expect("get q/len\r\n", "VALUE q/len 0 1\r\n1\r\nEND\r\n");
        client.expect("get q bad\x01key\r\n", "CLIENT_ERROR bad command line format\r\n");
        client.expect("get q/len\r\n", "VALUE q/len 0 1\r\n1\r\nEND\r\n");
        client
            .expect("set q 0 0 1 noreply\r\ny\r\nincr q 1 noreply\r\nget q/len\r\n", "VALUE q/len 0 1\r\n2\r\nEND\r\n");
    }
}

#[test]
fn a_queue_is_dropped_where_the_route_allows_it() {
    let place = tempfile::tempdir().unwrap();
    let leash = Leash::with_config(&Holder::routed(&place, "mode: kestrel", ", allow_flush: true"));
    hold(
        &leash,
        &[
            (0, "set a 0 0 1\n1\n", "STORED\n"),
            (0, "set b 0 0 1\n2\n", "STORED\n"),
            (0, "delete a\n", "DELETED\n"),
            (0, "get a\n", "END\n"),
            (0, "flush b\n", "END\n"),
            (0, "get b\n", "END\n"),
            (0, "set b 0 0 1\n3\n", "STORED\n"),
            (0, "get b/open\n", "VALUE b/open 0 1\n3\nEND\n"),
            (1, "md b x\n", "HD\n"),
            (0, "get b/abort\n", "END\n"),
            (0, "get b\n", "END\n"),
            (0, "set a 0 0 1\n4\n", "STORED\n"),
            (0, "flush_all 10\n", "CLIENT_ERROR queues are dropped at once, flush_all takes no delay here\n"),
            (0, "get a/peek\n", "VALUE a/peek 0 1\n4\nEND\n"),
            (0, "flush_all\n", "OK\n"),
            (0, "get a\n", "END\n"),
        ],
    );
}

#[test]
fn names_are_what_stands_behind_a_prefix_and_a_namespace_and_are_told_as_they_were_asked_for() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("queues");
    let routes = format!("[{{prefix: 'q/', namespace: 'app/', queue: {{dir: {}, mode: kestrel}}}}]", dir.display());
    let leash = Leash::with_config(&format!("workers: 1\nroutes: {routes}\n"));
    hold(
        &leash,
        &[
            (0, "set q/mail 0 0 1\na\n", "STORED\n"),
            (0, "get q/mail/open\n", "VALUE q/mail/open 0 1\na\nEND\n"),
            (0, "get q/mail/abort\n", "END\n"),
            (0, "mg q/mail/peek v k\n", "VA 1 kq/mail/peek\na\n"),
            (0, "get q/\n", "END\n"),
            (0, "get mail\n", "SERVER_ERROR leash has no route for this key, add one with prefix \"\"\n"),
            (0, "flush q/mail\n", "CLIENT_ERROR queues are not dropped here, set allow_flush: true on the route\n"),
            (0, "flush mail\n", "ERROR\n"),
        ],
    );
    let mut client = leash.client();
    let longest = format!("q/{}", "x".repeat(250 - 2 - 4));
    client.expect(format!("set {longest} 0 0 1\r\nz\r\n"), "STORED\r\n");
    client.expect(format!("get {longest}\r\n"), format!("VALUE {longest} 0 1\r\nz\r\nEND\r\n"));
    client.expect(format!("get {longest}x\r\n"), "CLIENT_ERROR key too long with its namespace\r\n");
}
