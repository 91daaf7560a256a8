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

#[test]
fn a_place_is_kept_for_pings() {
    let mut rig = Rig::signed_in();
    rig.pass(39);
    for n in 0..60 {
        rig.say(None, &n.to_string()).unwrap();
    }
    assert_eq!(rig.written().len(), 19);
    rig.pass(1);
    assert_eq!(rig.written(), ["0|1"]);
    rig.hear("0|pong");
    rig.pass(9);
    assert_eq!(rig.written().len(), 18, "the ping counts");
}

#[test]
fn in_no_ten_seconds_are_more_than_twenty() {
    let mut rig = Rig::signed_in();
    let mut sent = VecDeque::from([rig.at]);
    for n in 0..400_u64 {
        if n % 2 == 0 {
            let _ = rig.say(None, &n.to_string());
        }
        if n % 7 == 0 {
            let _ = rig.send(StatusEvent::Ping { artifact: None });
        }
        if n % 11 == 0 {
            let _ = rig.send(join(&format!("c{n}")));
        }
        rig.hear("0|pong");
        for _ in rig.written() {
            sent.push_back(rig.at);
        }
        while sent
            .front()
            .is_some_and(|at| *at + Duration::from_secs(10) <= rig.at)
        {
            sent.pop_front();
        }
        assert!(sent.len() <= 20, "{sent:?}");
        rig.at += Duration::from_millis(n % 5 * 100);
    }
    assert!(rig.at > Duration::from_secs(60), "long enough to tell");
}

#[test]
fn who_asks_for_signs_of_life_all_the_time_can_still_talk() {
    let mut rig = Rig::signed_in();
    let ping = || StatusEvent::Ping { artifact: None };
    for n in 0..18 {
        rig.say(None, &n.to_string()).unwrap();
    }
    assert_eq!(rig.written().len(), 18);
    rig.say(None, "mine").unwrap();
    rig.send(ping()).unwrap();
    assert_eq!(rig.written(), Vec::<String>::new(), "the place is kept");
    rig.pass(10);
    assert_eq!(rig.written(), ["2|1|mine", "0|1"]);
}

#[test]
fn a_sign_of_life_answers_what_was_asked_before_it() {
    let mut rig = Rig::signed_in();
    let ping = || StatusEvent::Ping { artifact: None };
    let first = rig.send(ping()).unwrap();
    assert_eq!(rig.written(), ["0|1"]);
    let second = rig.send(ping()).unwrap();
    let done = |rig: &mut Rig| {
        let events = std::iter::from_fn(|| rig.session.poll_event());
        let done: Vec<_> = events.filter_map(|event| event.request).collect();
        done
    };
    rig.hear("0|pong");
    assert_eq!(done(&mut rig), [first]);
    assert_eq!(rig.written(), ["0|1"]);
    rig.hear("0|pong");
    assert_eq!(done(&mut rig), [second]);
}
