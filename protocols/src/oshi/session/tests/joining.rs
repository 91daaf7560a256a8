//! Subscriptions that overlap: joined, left and refused while answers are on their way.

use super::streams::again;
use super::*;

#[test]
fn who_joins_amid_a_replay_hears_no_news_in_it() {
    let mut rig = Rig::caught_up();
    rig.say(msg(1, 1, "one"));
    again(&mut rig);
    rig.answer_sub(3, 3, 1, true);
    rig.say(msg(2, 2, "two"));
    rig.send(ChannelEvent::Join {
        channel_id: "s1".into(),
    });
    rig.say(msg(3, 3, "three"));
    rig.say(msg(4, 4, "four"));
    rig.frame("members");
    let sub = rig.answer_sub(4, 4, 1, true);
    assert_eq!(sub["since"], 1);
    rig.told();
    for seq in 2..=4 {
        rig.say(msg(seq, seq, "again"));
    }
    assert_eq!(
        rig.told(),
        [
            "User u2 in -",
            "History s1 [2=two 3=three] false",
            "New 4=four"
        ]
    );
}

#[test]
fn who_leaves_and_comes_back_at_once_is_in() {
    let mut rig = Rig::caught_up();
    rig.say(msg(1, 1, "one"));
    rig.told();
    let channel_id = || Id::from("s1");
    let leave = |channel_id| ChannelEvent::Leave { channel_id };
    rig.send(leave(channel_id()));
    rig.send(ChannelEvent::Join {
        channel_id: channel_id(),
    });
    rig.answer("unsub", json!({}));
    assert_eq!(rig.told(), ["Leave s1", "Done"]);
    rig.frame("members");
    rig.answer_sub(2, 2, 1, true);
    rig.say(msg(2, 2, "two"));
    rig.say(msg(3, 3, "three"));
    assert_eq!(
        rig.told(),
        ["Join s1", "Done", "History s1 [2=two] true", "New 3=three"]
    );
    // Who leaves and waits begins anew.
    rig.send(leave(channel_id()));
    rig.answer("unsub", json!({}));
    rig.told();
    rig.send(ChannelEvent::Join {
        channel_id: channel_id(),
    });
    assert_eq!(rig.frames.back().unwrap().get("since"), None);
}

#[test]
fn a_subscription_that_was_refused_leaves_no_trace() {
    let mut rig = Rig::online();
    rig.say(msg(1, 1, "one"));
    rig.refuse("sub", "internal");
    rig.say(msg(2, 2, "two"));
    rig.told();
    rig.send(ChannelEvent::Join {
        channel_id: "s1".into(),
    });
    rig.frames.pop_front();
    let sub = rig.answer_sub(2, 2, 7, false);
    assert_eq!(sub.get("since"), None);
    rig.page("s1", &[message(1, 1, "one"), message(2, 2, "two")], true);
    assert_eq!(
        rig.told(),
        ["Join s1", "Done", "History s1 [1=one 2=two] false"]
    );
}
