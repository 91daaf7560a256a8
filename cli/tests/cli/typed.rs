//! Commands typed in a conversation: what they ask of a network, and what is said of its answers. `--commands` makes a
//! pipe take them, one after the other, so that each course is the same.

use crate::kaiwa::{Output, Served, Site, strings};

/// Types these lines to a mock that plays `script`.
pub(crate) fn typed(script: &str, more: &[&str], lines: &[&str]) -> Output {
    let script = format!("script={script}");
    let args = ["chat", "mock", "--commands", "--set", &script];
    Site::new().run(&[&args, more].concat(), lines.join("\n"))
}

impl Output {
    /// That it printed and said just this; `said` without the name of the program.
    #[track_caller]
    pub(crate) fn was(&self, code: i32, out: &[&str], said: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert_eq!(self.out, out, "{self:#?}");
        let said: Vec<String> = said.iter().map(|line| format!("kaiwa: {line}")).collect();
        assert_eq!(self.err, said, "{self:#?}");
    }
}

#[test]
fn without_the_option_a_pipe_has_no_commands() {
    let lines = "/help\n/nonsense\n//x\n/quit\n/read";
    let output = Site::new().run(&["chat", "mock"], lines);
    output.printed(&[
        "me: /help",
        "me: /nonsense",
        "me: //x",
        "me: /quit",
        "me: /read",
    ]);
}

#[test]
fn with_it_only_commands_are_commands() {
    let lines = ["//x", " /read", "/nonsense", "/Read", "/quit", "never said"];
    let output = typed("echo", &[], &lines);
    assert_eq!(output.code, Some(1));
    assert_eq!(output.out, ["me: /x", "me:  /read"]);
    assert_eq!(output.err.len(), 2, "{output:?}");
    for (line, word) in output.err.iter().zip(["/nonsense", "/Read"]) {
        assert!(line.starts_with(&format!("kaiwa: {word} is no command; there are /help ")));
    }
}

#[test]
fn history_goes_back_to_the_beginning() {
    let lines = ["/history 2", "now", "/history 2", "/history", "/history 1"];
    let output = typed("history:5", &[], &lines);
    let times: Vec<bool> = output
        .err
        .iter()
        .map(|line| line.contains(" somebody: "))
        .collect();
    let said: Vec<String> = output
        .err
        .iter()
        .map(|line| match line.split_once("somebody: ") {
            // The time in front is that of the mock's clock in the zone of this machine.
            Some((_, text)) => text.to_owned(),
            None => line.replace("kaiwa: ", ""),
        })
        .collect();
    assert_eq!(
        said,
        [
            "earlier in Lobby:",
            "earlier 4",
            "earlier 5",
            "these 2 are older; /history shows what was said before",
            "earlier in Lobby:",
            "earlier 2",
            "earlier 3",
            "these 2 are older; /history shows what was said before",
            "earlier in Lobby:",
            "earlier 1",
            "these 1 are the beginning of Lobby",
            "nothing was said in Lobby before this",
        ]
    );
    assert_eq!(times.iter().filter(|time| **time).count(), 5);
    assert_eq!(
        (output.code, &output.out[..]),
        (Some(0), &["me: now".to_owned()][..])
    );
}

#[test]
fn who_asks_is_answered() {
    let lines = [
        "/contacts",
        "/accept SOMEBODY",
        "/contacts",
        "/reject somebody",
        "/contacts",
    ];
    typed("asking", &[], &lines).was(
        0,
        &[],
        &[
            "somebody asks for contact: shall we talk?; /accept somebody or /reject somebody",
            "ask you: somebody; /accept NAME or /reject NAME answers",
            "somebody is now a contact of yours",
            "contacts: somebody",
            "somebody is not a contact of yours",
            "no contacts yet; /add NAME asks somebody",
        ],
    );
}

#[test]
fn people_are_asked_for_contact() {
    let lines = [
        "/add nobody",
        "/add somebody",
        "/contacts",
        "/accept nobody",
        "/add me",
    ];
    typed("echo", &[], &lines).was(
        1,
        &[],
        &[
            "/add nobody: nobody has that id; give the name that the network knows them by, or their id",
            "somebody is now a contact of yours",
            "contacts: somebody",
            "/accept nobody: they have not asked; /contacts shows who asks you",
            "/add me: nobody can be their own contact; /help shows how it is used",
        ],
    );
}

#[test]
fn channels_are_made_joined_and_switched_to() {
    let lines = [
        "/channels",
        "/read",
        "/switch ROOM 1",
        "in the room",
        "/read",
        "/join \"room 2\"",
        "/members",
        "/create \"Tea room\" somebody",
        "tea?",
        "/who",
        "/channels",
        "/join nowhere",
        "still here",
        "/create x nobody",
    ];
    typed("rooms:2", &[], &lines).was(
        1,
        &["me: in the room", "me: tea?", "me: still here"],
        &[
            "no channel is current; /channels shows them, /switch CHANNEL makes one so",
            "channels: Lobby, Room 1, Room 2",
            "/read: no channel is current; /switch CHANNEL makes one so",
            "the current channel is Room 1",
            "Room 1 is marked as read",
            "the current channel is Room 2",
            "in Room 2: me",
            "the current channel is Tea room",
            "put into Tea room: somebody",
            "in Tea room: me (owner), somebody",
            "channels: Lobby, Room 1, Room 2, *Tea room",
            "/join nowhere: no such channel; /channels shows those that are known",
            "the current channel is x",
            "/create x nobody: nobody has that id; look at the names of the people",
        ],
    );
}

#[test]
fn two_talk_alone() {
    let lines = [
        "/dm nobody hello?",
        "/dm somebody hi  there",
        "and more",
        "/read",
        "/members",
        "/switch Lobby",
        "out again",
        "/dm Somebody",
        "back",
    ];
    typed("echo", &[], &lines).was(
        1,
        &["me: hi  there", "me: and more", "me: out again", "me: back"],
        &[
            "/dm nobody hello?: nobody has that id; give the name that the network knows them by, or their id",
            "the current channel is somebody",
            "somebody is marked as read",
            "in somebody: me, somebody",
            "the current channel is Lobby",
            "the current channel is somebody",
        ],
    );
}

#[test]
fn what_a_network_cannot_do_is_said() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let commands = [
        "/join x",
        "/create x",
        "/dm x",
        "/history",
        "/read",
        "/contacts",
        "/add x",
        "/accept x",
        "/reject x",
    ];
    let args = served.login(&["chat", "wschat", "--commands"], "ann");
    let input = [
        &commands[..],
        &["/members", "/channels", "/switch lobby", "hello"],
    ]
    .concat();
    let output = site.run(&strings(&args), input.join("\n"));
    let no = commands.map(|line| format!("{line}: not on this network; /help shows what is"));
    let known = [
        "in lobby: ann",
        "channels: *lobby",
        "the current channel is lobby",
    ];
    let said: Vec<&str> = no.iter().map(String::as_str).chain(known).collect();
    output.was(1, &["ann: hello"], &said);
}

#[test]
fn what_is_refused_or_lost_is_told_and_the_rest_goes_on() {
    let lines = ["/join Lobby", "/history", "/dm somebody hi", "hello"];
    let output = typed("fail", &[], &lines);
    let why = "this peer refuses everything; /help shows how it is used";
    output.was(
        1,
        &[],
        &[
            &format!("/join Lobby: {why}"),
            &format!("/history: {why}"),
            &format!("/dm somebody hi: {why}"),
            "not delivered: hello: this peer refuses everything",
        ],
    );
    // Each request but the first breaks the connection: every command is told to be done or to be lost, once.
    let output = typed(
        "bye:2",
        &[],
        &["/join Lobby", "/members", "/history 1", "/contacts"],
    );
    for (name, done) in [
        ("/join Lobby", "the current channel is Lobby"),
        ("/members", "in Lobby: me, somebody (owner)"),
        ("/history 1", "nothing was said in Lobby before this"),
        ("/contacts", "no contacts yet; /add NAME asks somebody"),
    ] {
        let told = output
            .err
            .iter()
            .filter(|line| line.starts_with(&format!("kaiwa: {name}: ")) || line.ends_with(done));
        assert_eq!(told.count(), 1, "{name}: {output:#?}");
    }
}

#[test]
fn what_other_channels_say_has_their_name() {
    let output = typed("rooms:1,flood:3", &["--channel", "room 1"], &["in here"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    let (own, flood): (Vec<_>, Vec<_>) = output.out.iter().partition(|line| *line == "me: in here");
    assert_eq!(own.len(), 1);
    for (number, line) in flood.iter().enumerate() {
        assert_eq!(**line, format!("[Lobby] somebody: flood {number}"));
    }
    assert_eq!(output.err, [""; 0]);
}

#[test]
fn names_that_several_have_are_told_with_their_ids() {
    let lines = [
        "/create \"Room 1\"",
        "/switch room 1",
        "/switch room-1",
        "/switch Room 1",
        "/channels",
    ];
    typed("rooms:1", &["--channel", "lobby"], &lines).was(
        1,
        &[],
        &[
            "the current channel is Room 1",
            "/switch room 1: several channels are called `room 1`; give one of the ids: Room 1 (Room 1), room-1 (Room 1)",
            "the current channel is Room 1",
            "the current channel is Room 1",
            "channels: Lobby, *Room 1 (id Room 1), Room 1 (id room-1)",
        ],
    );
}
