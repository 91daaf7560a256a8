//! Conversations at a terminal that is a channel, with a peer that says what a test wants.

use kaiwa_protocols::mock::{MockPeer, Script};
use kaiwa_protocols::{
    Channel, ChannelEvent, ConnectionEvent, Member, Presence, Profile, Role, UserEvent,
};
use tokio::task::JoinHandle;

use super::*;
use crate::chat::editor::{News, Printer};
use crate::chat::screen::Terminal;

const LINES: usize = 1000;

struct Talk {
    peer: MockPeer,
    keys: mpsc::Sender<Input>,
    lines: mpsc::Receiver<News>,
    key: Arc<CtrlC>,
    conversation: JoinHandle<Result<Code, Error>>,
}

impl Talk {
    /// Somebody who is in the lobby of a peer like this.
    async fn begin(script: Script) -> Self {
        let peer = MockPeer::new(script);
        let mut link = Link::over(Box::new(peer.connection()), Vec::new(), true).unwrap();
        let mut interrupt = Interrupt::never();
        assert_eq!(link.signed_in(&mut interrupt).await.unwrap(), None);
        let (keys, input) = mpsc::channel(LINES);
        let (printed, lines) = mpsc::channel(LINES);
        let screen = Screen::Terminal(Terminal::new(Printer::into(printed), false));
        let key = Arc::new(CtrlC::default());
        let conversation = Conversation::new(link, screen, input, Some("lobby".to_owned()), true)
            .with_key(Arc::clone(&key));
        Self {
            peer,
            keys,
            lines,
            key,
            conversation: tokio::spawn(conversation.run(interrupt)),
        }
    }

    /// That this is in the next line.
    #[track_caller]
    fn shows(&mut self, text: &str) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            let line = self.lines.recv().await;
            let fits = matches!(&line, Some(News::Line(line)) if line.contains(text));
            assert!(fits, "{at}: {text:?} is not in {line:?}");
        }
    }

    /// That the status line is this now.
    #[track_caller]
    fn is_going_on(&mut self, text: &str) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            let news = self.lines.recv().await;
            let shown = matches!(&news, Some(News::Status(words)) if words.trim() == text);
            assert!(shown, "{at}: {text:?} is not {news:?}");
        }
    }

    fn happens(&self, event: impl Into<ConnectionEvent>) {
        self.peer.announce(&event.into());
    }

    async fn types(&self, line: &str) {
        self.keys.send(Input::Line(line.to_owned())).await.unwrap();
    }

    /// That nothing more is shown until the end.
    async fn ends(mut self) {
        drop(self.keys);
        assert_eq!(self.conversation.await.unwrap().unwrap(), Code::DONE);
        assert_eq!(self.lines.recv().await, None);
    }
}

fn user(name: &str) -> Profile {
    Profile {
        id: Some(name.to_lowercase().into()),
        display_name: Some(name.to_owned()),
        ..Profile::default()
    }
}

fn comes(name: &str) -> UserEvent {
    UserEvent::New {
        channel_id: Some("lobby".into()),
        user: user(name),
    }
}

fn topic(text: &str) -> ChannelEvent {
    ChannelEvent::Topic {
        channel_id: "lobby".into(),
        topic: Some(text.to_owned()),
    }
}

fn says(channel_id: &str, id: &str, text: &str) -> Message {
    let mut message = Message::text(text, chrono::DateTime::UNIX_EPOCH);
    message.id = Some(format_args!("{channel_id}-{id}").into());
    message.sender_id = Some("bob".into());
    message.message_type = MessageType::Normal;
    message.status = MessageStatus::Delivered;
    message
}

#[tokio::test]
async fn people_come_and_leave_ask_and_are_away() {
    let mut talk = Talk::begin(Script::echo()).await;
    talk.shows("* the current channel is Lobby").await;
    let evil = comes("Bob\x1b[2J\nann: hi");
    talk.happens(evil.clone());
    talk.shows("* Bob␛[2J␊ann: hi is in Lobby now").await;
    // An upsert is no news, and what concerns nobody near either.
    talk.happens(evil);
    talk.happens(UserEvent::Presence {
        user_id: Some("stranger".into()),
        presence: Presence::Away,
        text: None,
    });
    talk.happens(comes("Cid"));
    talk.shows("* Cid is in Lobby now").await;
    for (role, rank) in [
        (Role::Member, None),
        (Role::Admin, Some("admin")),
        (Role::Member, Some("member")),
    ] {
        talk.happens(ChannelEvent::Members {
            channel_id: "lobby".into(),
            members: vec![Member {
                user_id: "cid".into(),
                role,
            }],
        });
        if let Some(rank) = rank {
            talk.shows(&format!("* Cid is {rank} of Lobby now")).await;
        }
    }
    talk.happens(UserEvent::Remove {
        channel_id: Some("lobby".into()),
        user_id: "cid".into(),
    });
    talk.shows("* Cid has left Lobby").await;
    talk.happens(UserEvent::New {
        channel_id: None,
        user: user("Dan"),
    });
    let user_id = Id::from("dan");
    talk.happens(UserEvent::Request {
        user_id: user_id.clone(),
        own: false,
        text: Some("tea?".to_owned()),
    });
    talk.shows("* Dan asks for contact: tea?; /accept Dan or /reject Dan")
        .await;
    talk.happens(UserEvent::Respond {
        user_id: user_id.clone(),
        accept: true,
    });
    talk.shows("* Dan is now a contact of yours").await;
    talk.happens(UserEvent::Presence {
        user_id: Some(user_id),
        presence: Presence::Away,
        text: Some("lunch".to_owned()),
    });
    talk.shows("* Dan is away: lunch").await;
    talk.types("/contacts").await;
    talk.shows("* contacts: Dan (away)").await;
    talk.ends().await;
}

#[tokio::test]
async fn channels_are_told_apart() {
    let mut talk = Talk::begin(Script::echo()).await;
    talk.shows("* the current channel is Lobby").await;
    talk.happens(topic("tea\x1b"));
    talk.shows("* the topic of Lobby is: tea␛").await;
    let channel = |name: &str| Channel {
        id: "x".into(),
        name: Some(name.to_owned()),
        ..Channel::default()
    };
    talk.happens(ChannelEvent::New {
        channel: channel("Tea"),
    });
    let channel_id = || Some(Id::from("x"));
    let new = |id: &str, text: &str| ChatEvent::New {
        channel_id: channel_id(),
        message: says("x", id, text),
    };
    talk.happens(new("5", "one"));
    talk.shows("[Tea] bob: one").await;
    talk.peer.say("here");
    talk.shows(" somebody: here").await;
    talk.happens(ChannelEvent::Join {
        channel_id: "x".into(),
    });
    talk.shows("* you are in Tea now").await;
    talk.happens(ChatEvent::History {
        channel_id: "x".into(),
        messages: vec![says("x", "6", "missed")],
        complete: true,
    });
    talk.shows("[Tea] bob: missed").await;
    // Elsewhere what was said before is shown when one goes there.
    talk.happens(ChannelEvent::New {
        channel: Channel {
            id: "y".into(),
            ..channel("Bees")
        },
    });
    let before = |id: &str| ChatEvent::History {
        channel_id: "y".into(),
        messages: vec![says("y", id, "before")],
        complete: true,
    };
    talk.happens(before("1"));
    talk.shows("* from before in Bees: 1, not shown; /switch CHANNEL")
        .await;
    talk.happens(UserEvent::New {
        channel_id: Some("y".into()),
        user: user("Eve"),
    });
    for _ in 0..30 {
        talk.happens(before("1"));
    }
    for _ in 1..20 {
        talk.shows("* from before in Bees: 1, not shown").await;
    }
    talk.shows("* from before in more channels").await;
    talk.happens(ChatEvent::Gap {
        channel_id: "x".into(),
        after: None,
        before: None,
    });
    talk.shows("* messages may be missing in Tea").await;
    talk.happens(ChannelEvent::Switch {
        channel_id: "x".into(),
    });
    talk.shows("* the current channel is Tea").await;
    talk.happens(ChannelEvent::Update {
        channel_id: "x".into(),
        new_channel: channel("Green tea"),
    });
    talk.happens(ChannelEvent::Kick {
        channel_id: channel_id(),
        reason: Some("no\tmilk".to_owned()),
        ban: false,
    });
    talk.shows("* you were removed from Green tea: no milk")
        .await;
    talk.types("/read").await;
    talk.shows("* /read: no channel is current").await;
    talk.ends().await;
}

#[tokio::test]
async fn what_is_told_again_after_a_reconnect_is_no_news() {
    let mut talk = Talk::begin(Script::echo().history(2)).await;
    talk.shows("* the current channel is Lobby").await;
    talk.shows(" somebody: earlier 1").await;
    talk.shows(" somebody: earlier 2").await;
    talk.happens(comes("Bob"));
    talk.shows("* Bob is in Lobby now").await;
    talk.peer.cut();
    talk.shows("* connection lost").await;
    talk.peer.say("meanwhile");
    talk.shows("* connected again").await;
    talk.shows(" somebody: meanwhile").await;
    talk.types("/switch Lobby").await;
    talk.shows("* the current channel is Lobby").await;
    // The network did not tell of Bob again.
    talk.happens(comes("Bob"));
    talk.shows("* Bob is in Lobby now").await;
    talk.types("/history").await;
    talk.shows("* nothing was said in Lobby before this").await;
    talk.ends().await;
}

#[tokio::test]
async fn what_becomes_of_messages_is_told() {
    let mut talk = Talk::begin(Script::echo()).await;
    talk.shows("* the current channel is Lobby").await;
    talk.happens(comes("Bob"));
    talk.shows("* Bob is in Lobby now").await;
    let new = |id: &str, text: &str, more: Vec<MessageFragment>| {
        let mut message = says("lobby", id, text);
        message.content.extend(more);
        ChatEvent::New {
            channel_id: Some("lobby".into()),
            message,
        }
    };
    talk.happens(new("1", "hello\x1b", Vec::new()));
    talk.shows("Bob: hello␛").await;
    let message_id = Id::from("lobby-1");
    talk.happens(new("2", "yes", vec![MessageFragment::Reply { message_id }]));
    talk.shows("Bob: (to Bob: hello␛) yes").await;
    let file = MessageFragment::File {
        url: "https://x/f".to_owned(),
        name: "tea\n.png".to_owned(),
        mime: "image/png".to_owned(),
        size: Some(1500),
    };
    talk.happens(new("3", "look", vec![file]));
    talk.shows("Bob: look\n      tea\n      .png (1.5 kB): https://x/f")
        .await;
    let react = |on| ChatEvent::React {
        channel_id: Some("lobby".into()),
        message_id: "lobby-3".into(),
        user_id: Some("bob".into()),
        emoji: "\x1b👍".to_owned(),
        on,
    };
    talk.happens(react(true));
    talk.shows("* Bob reacted with ␛👍 to: look tea␊.png").await;
    talk.happens(react(false));
    talk.shows("* Bob took back ␛👍 from: look").await;
    let update = |status, content| ChatEvent::Update {
        channel_id: Some("lobby".into()),
        message_id: "lobby-2".into(),
        new_message: Message {
            status,
            content,
            ..says("lobby", "2", "")
        },
    };
    let text = vec![MessageFragment::Text("no".to_owned())];
    talk.happens(update(MessageStatus::Edited, text));
    talk.shows("* Bob has edited: no").await;
    talk.happens(update(MessageStatus::Deleted, Vec::new()));
    talk.shows("* what Bob said at ").await;
    talk.happens(ChannelEvent::Invite {
        channel_id: "den".into(),
        user_id: None,
        code: Some("x-1".to_owned()),
    });
    talk.shows("* you are invited into den; /circle join den x-1")
        .await;
    talk.ends().await;
}

#[tokio::test]
async fn who_types_is_told_behind_the_line() {
    let mut talk = Talk::begin(Script::echo()).await;
    talk.shows("* the current channel is Lobby").await;
    for name in ["Ann", "Bob", "Cid", "Dan", "Eve"] {
        talk.happens(comes(name));
        talk.shows(" is in Lobby now").await;
    }
    let types = |name: &str, typing| ChatEvent::Typing {
        channel_id: Some("lobby".into()),
        user_id: Some(name.into()),
        typing,
    };
    talk.happens(types("ann", true));
    talk.is_going_on("(Ann types…)").await;
    talk.happens(types("bob", true));
    talk.is_going_on("(Ann and Bob type…)").await;
    for (name, typing, left) in [
        ("cid", true, "(Ann, Bob and Cid type…)"),
        ("dan", true, "(Ann, Bob, Cid and 1 more type…)"),
        ("eve", true, "(Ann, Bob, Cid and 2 more type…)"),
        ("ann", false, "(Bob, Cid, Dan and 1 more type…)"),
        ("bob", false, "(Cid, Dan and Eve type…)"),
        ("cid", false, "(Dan and Eve type…)"),
        ("dan", false, "(Eve types…)"),
        ("eve", false, ""),
    ] {
        talk.happens(types(name, typing));
        talk.is_going_on(left).await;
    }
    talk.ends().await;
}

#[tokio::test]
async fn a_file_is_given_up() {
    let mut talk = Talk::begin(Script::echo()).await;
    talk.shows("* the current channel is Lobby").await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tea.txt");
    std::fs::write(&file, "tea").unwrap();
    talk.peer.hold();
    talk.types(&format!("/upload {}", file.display())).await;
    talk.is_going_on("(sending tea.txt: 0 %)").await;
    talk.is_going_on("(sending tea.txt: 100 %)").await;
    // It is there, and not yet acknowledged.
    talk.types("/cancel").await;
    talk.is_going_on("").await;
    talk.shows("* not delivered: tea.txt: ").await;
    talk.types("/cancel").await;
    talk.shows("* /cancel: no file is on its way").await;
    talk.types(&format!("/upload {} look", file.display()))
        .await;
    talk.is_going_on("(sending tea.txt: 0 %)").await;
    talk.is_going_on("(sending tea.txt: 100 %)").await;
    assert!(talk.key.press() && !talk.key.press());
    talk.is_going_on("").await;
    talk.shows("* not delivered: look").await;
    talk.peer.release(kaiwa_protocols::mock::Order::Straight);
    talk.types(&format!("/upload {} look", file.display()))
        .await;
    talk.is_going_on("(sending tea.txt: 0 %)").await;
    talk.is_going_on("(sending tea.txt: 100 %)").await;
    talk.shows("me: look\n      tea.txt (3 bytes): https://mock.invalid/files/")
        .await;
    talk.is_going_on("").await;
    talk.types("/delete -1").await;
    talk.shows("* deleted: look").await;
    talk.ends().await;
}

#[tokio::test]
async fn what_is_not_delivered_yet_is_not_counted_past() {
    let mut talk = Talk::begin(Script::echo()).await;
    talk.shows("* the current channel is Lobby").await;
    talk.types("first").await;
    talk.peer.hold();
    talk.types("helo").await;
    talk.types("/edit -1 hello").await;
    talk.peer.release(kaiwa_protocols::mock::Order::Straight);
    talk.shows("* edited: hello").await;
    talk.types("/history").await;
    talk.shows("nothing was said in Lobby before this").await;
    talk.peer.down(true);
    talk.peer.cut();
    talk.shows("* connection lost").await;
    talk.types("later").await;
    talk.types("/edit -1 latest").await;
    talk.shows("* /edit -1 latest: what you said last is not delivered yet")
        .await;
    talk.peer.down(false);
    talk.shows("* connected again").await;
    talk.types("/members").await;
    talk.shows("* in Lobby: ").await;
    talk.ends().await;
}

#[tokio::test]
async fn a_person_is_not_kept_waiting_by_a_slow_network() {
    let mut talk = Talk::begin(Script::echo()).await;
    talk.shows("* the current channel is Lobby").await;
    talk.peer.hold();
    // Two that take their time, one that is known here, and one that has to wait.
    talk.types("/members").await;
    talk.types("/history 3").await;
    talk.types("/history 3").await;
    talk.shows("* /history 3: older messages are on their way already")
        .await;
    talk.types("/channels").await;
    talk.shows("* channels: *Lobby").await;
    talk.types("/dm somebody hi").await;
    talk.types("said to them alone").await;
    talk.peer.release(kaiwa_protocols::mock::Order::Straight);
    talk.shows("* in Lobby: me, somebody (owner)").await;
    talk.shows("* nothing was said in Lobby before this").await;
    talk.shows("* the current channel is somebody").await;
    talk.types("/switch lobby").await;
    talk.shows("* the current channel is Lobby").await;
    talk.types("/read").await;
    talk.shows("* /read: nothing that was said in Lobby has been shown yet")
        .await;
    talk.ends().await;
}

#[tokio::test]
async fn removed_messages_are_no_place_to_go_on_from() {
    let mut talk = Talk::begin(Script::echo().history(3)).await;
    talk.shows("* the current channel is Lobby").await;
    for number in 1..=3 {
        talk.shows(&format!(" somebody: earlier {number}")).await;
    }
    talk.happens(ChatEvent::Remove {
        channel_id: Some("lobby".into()),
        message_id: "1".into(),
    });
    talk.happens(ChatEvent::Update {
        channel_id: Some("lobby".into()),
        message_id: "3".into(),
        new_message: Message {
            id: Some("3".into()),
            status: MessageStatus::Edited,
            ..says("lobby", "3", "better")
        },
    });
    talk.shows("* bob has edited: better").await;
    // What is known to be there is older than what the network has removed only here.
    talk.types("/history").await;
    talk.shows("* earlier in Lobby:").await;
    talk.shows(" somebody: earlier 1").await;
    talk.shows("* these 1 are the beginning of Lobby").await;
    talk.ends().await;
}
