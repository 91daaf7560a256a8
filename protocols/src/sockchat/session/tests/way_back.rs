//! Back to the channel that the user was in, after a connection that broke.

use super::*;

impl Rig {
    /// In Tea, which asks for a password.
    fn in_tea() -> Self {
        let mut rig = Self::signed_in();
        rig.send(ChannelEvent::JoinWith {
            channel_id: "Tea".into(),
            key: "swordfish".to_owned(),
        })
        .unwrap();
        rig.written();
        rig.arrive_in("Tea");
        rig.events();
        rig
    }

    fn arrive_in(&mut self, name: &str) {
        self.hear("5|1|1|20");
        self.hear("7|0|1|3|carol|inherit|1^0^0^0^0|1");
        self.hear(&format!("5|2|{name}"));
    }

    /// Signed in again, in the default channel.
    fn again(&mut self) {
        self.connect();
        self.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
    }

    /// Those events that are about messages and requests.
    fn told(&mut self) -> Vec<String> {
        let mut events = self.events();
        events.retain(|event| event.starts_with("Chat::") || event.starts_with("Status::"));
        events.retain(|event| event != "Status::Connected");
        events
    }
}

const JOIN: &str = "2|1|/join Tea swordfish";

#[test]
fn the_session_goes_back_and_what_waits_is_said_there() {
    let mut rig = Rig::in_tea();
    rig.say(None, "cut off").unwrap();
    assert_eq!(rig.written(), ["2|1|cut off"]);
    rig.close(false);
    rig.say(Some("Tea"), "waiting").unwrap();
    rig.again();
    assert!(!format!("{:?} {:?}", rig.session, rig.session.way_back).contains("swordfish"));
    rig.say(Some("@2"), "psst").unwrap();
    rig.say(None, "where I was").unwrap();
    assert_eq!(rig.written(), [JOIN], "nobody is known yet");
    rig.hear("7|0|1|2|bob|inherit|1^0^0^0^0|1");
    assert_eq!(rig.written(), ["2|1|/msg bob psst"]);
    rig.hear("7|2|2|Lobby|0|0|Tea|1|0");
    rig.told();
    rig.hear("5|1|1|20");
    rig.hear("7|1|1424000002|1|alice|#f00|10^1^1^1^2|cut off|19|0|10010");
    rig.hear("5|2|Tea");
    assert_eq!(
        rig.told(),
        ["Chat::Update 19 Delivered cut off", "Status::Done"],
        "and nothing of a request that nobody made"
    );
    assert_eq!(rig.written(), ["2|1|waiting", "2|1|where I was"]);
    // And once more, with the same password.
    rig.close(false);
    rig.again();
    assert_eq!(rig.written(), [JOIN]);
}

#[test]
fn a_refusal_is_nobodys_error() {
    let mut rig = Rig::in_tea();
    rig.close(false);
    rig.say(Some("Tea"), "for Tea").unwrap();
    rig.say(Some("Lobby"), "for Lobby").unwrap();
    rig.again();
    assert_eq!(rig.written(), [JOIN]);
    rig.hear("7|2|1|Lobby|0|0");
    rig.told();
    rig.hear("2|1424000000|-1|1^ipwchan^Tea|20|10010");
    rig.hear("5|2|Lobby");
    assert_eq!(rig.written(), ["2|1|for Lobby"]);
    assert_eq!(
        rig.told(),
        [
            "Chat::New Lobby 20 Delivered the password for Tea is wrong",
            "Chat::Update local Failed for Tea",
            "Status::Failed State",
        ]
    );
    rig.close(false);
    rig.again();
    assert_eq!(rig.written(), Vec::<String>::new(), "Lobby is where one is");
}

#[test]
fn a_server_that_does_not_answer_holds_nothing_up_for_ever() {
    let mut rig = Rig::in_tea();
    rig.say(None, "cut off").unwrap();
    rig.written();
    rig.close(false);
    rig.again();
    rig.written();
    rig.say(Some("Lobby"), "x").unwrap();
    rig.pass(2);
    assert_eq!(rig.written(), Vec::<String>::new());
    rig.told();
    rig.pass(ECHO_LIMIT.as_secs());
    assert_eq!(rig.written(), ["2|1|x"]);
    assert_eq!(
        rig.told(),
        [
            "Chat::Update local Failed cut off",
            "Status::Failed OutcomeUnknown"
        ]
    );
}

#[test]
fn who_wants_to_go_there_too_is_underway() {
    let mut rig = Rig::in_tea();
    rig.close(false);
    rig.again();
    rig.send(join("Tea")).unwrap();
    assert_eq!(rig.written(), [JOIN]);
    rig.told();
    rig.arrive_in("Tea");
    assert_eq!(rig.told(), ["Status::Done"]);
    rig.close(false);
    rig.again();
    rig.told();
    rig.send(join("Tea")).unwrap();
    rig.close(false);
    assert_eq!(rig.told(), ["Status::Failed Lost"]);
    // Still on the way, over an attempt that came to nothing.
    rig.connect();
    rig.close(false);
    rig.again();
    assert_eq!(rig.written(), [JOIN]);
}

#[test]
fn nobody_goes_back_where_they_do_not_want_or_may_not_be() {
    let stays = |mut rig: Rig, why: &str| {
        rig.again();
        assert_eq!(rig.written(), Vec::<String>::new(), "{why}");
    };
    let mut rig = Rig::in_tea();
    rig.close(true);
    stays(rig, "the user has disconnected");
    let mut rig = Rig::in_tea();
    rig.hear("9|0");
    rig.written();
    rig.close(false);
    stays(rig, "thrown out");
    let mut rig = Rig::in_tea();
    rig.arrive_in("Lobby");
    rig.close(false);
    stays(rig, "gone back before");
    let mut rig = Rig::in_tea();
    rig.hear("5|1|1|20");
    rig.close(false);
    stays(rig, "left");
    let mut rig = Rig::signed_in();
    rig.close(false);
    rig.connect();
    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Hall");
    assert_eq!(
        rig.written(),
        Vec::<String>::new(),
        "another default channel"
    );
    let mut rig = Rig::in_tea();
    rig.close(false);
    rig.connect();
    rig.hear("1|y|9|mallory|#f00|10^1^1^1^2|Lobby");
    assert_eq!(rig.written(), Vec::<String>::new(), "another user");
}
