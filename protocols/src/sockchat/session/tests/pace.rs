//! Signs of life, and how fast packets go.

use super::*;

#[test]
fn pings_go_out_however_much_is_said() {
    let mut rig = Rig::signed_in();
    let mut pings = 0;
    for _ in 0..60 {
        rig.pass(5);
        rig.hear("2|1424000000|2|hi|7|10010");
        pings += rig.written().iter().filter(|text| *text == "0|1").count();
    }
    assert_eq!(pings, 7, "one every 40 of 300 seconds");
}

#[test]
fn a_silent_server_is_given_up() {
    let mut rig = Rig::signed_in();
    rig.pass(40);
    assert_eq!(rig.written(), ["0|1"]);
    rig.hear("0|pong");
    assert_eq!(rig.events(), ["Status::Ping"]);
    rig.pass(40);
    assert_eq!(rig.written(), ["0|1"]);
    rig.pass(20);
    assert_eq!(rig.written(), ["close Some(TimedOut)"]);
}

#[test]
fn a_burst_passes_and_the_rest_follows() {
    let mut rig = Rig::signed_in();
    for n in 0..30 {
        rig.say(None, &n.to_string()).unwrap();
    }
    // Signing in was one packet, and one is kept for a ping.
    assert_eq!(rig.written().len(), 18);
    rig.pass(5);
    assert_eq!(rig.written().len(), 0);
    rig.pass(5);
    assert_eq!(rig.written().len(), 12);
}
