//! What servers may do: all of it is survived, and nobody is told anything wrong.

use kaiwa_conformance::Outcome;
use kaiwa_protocols::{
    ChatEvent, ConnectionEvent, ErrorKind, Message, MessageFragment, MessageStatus, RequestId,
};

use super::stage::{ANN, BOB, Person, Stage, Told, history, news, settle, told};
use crate::support::oshi_server::fault::{CallFault, UploadFault};
use crate::support::oshi_server::world::{GENERAL, LOBBY};

#[tokio::test(start_paused = true)]
async fn a_state_in_pieces_is_the_same_state() {
    let mut shown = Vec::new();
    for crumble in [false, true] {
        let stage = Stage::new();
        {
            let mut state = stage.lock();
            state.faults.crumble = crumble;
            for number in 0..20 {
                state.add_stream(LOBBY, &format!("stream {number}"));
            }
            state.world.talk(ANN, BOB);
        }
        let ann = stage.online("ann").await;
        let channels = ann.state.channels.iter();
        let channels: Vec<_> = channels
            .map(|(id, channel)| (id.clone(), channel.channel.clone(), channel.parent.clone()))
            .collect();
        assert_eq!(channels.len(), 23);
        shown.push(channels);
        ann.leave().await;
    }
    assert_eq!(shown[0], shown[1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_before_the_page_comes_is_news_after_it() {
    let stage = Stage::new();
    for text in ["one", "two"] {
        stage.say(BOB, text);
    }
    stage.lock().faults.slow_history = Some(Vec::new());
    let mut ann = stage.person("ann");
    ann.connect().await.unwrap();
    stage.until_asked("history", 1).await;
    stage.say(BOB, "three");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(told(&ann.take(), GENERAL), []);
    stage.lock().release_history();
    settle().await;
    let expected = [history("one"), history("two"), news("three")];
    assert_eq!(told(&ann.take(), GENERAL), expected);
    ann.leave().await;
}

/// Somebody talks between the answer to `sub` and the page.
#[tokio::test(start_paused = true)]
async fn a_crowd_before_the_page_is_told_once() {
    let stage = Stage::new();
    stage.say(BOB, "before");
    let crowd = CallFault::Crowd {
        user: BOB,
        count: 60,
    };
    stage.lock().faults.call("history", crowd);
    let mut ann = stage.person("ann");
    ann.connect().await.unwrap();
    settle().await;
    let mut expected = vec![history("before")];
    expected.extend((0..60).map(|n| news(&format!("crowd {n}"))));
    assert_eq!(told(&ann.take(), GENERAL), expected);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_is_a_loss_and_the_token_signs_in_again() {
    for code in [1001, 1011, 1013] {
        let stage = Stage::new();
        let mut ann = stage.online("ann").await;
        stage.lock().close_all(code, "goodbye");
        ann.lost().await;
        let told: Vec<Told> = told(&ann.reconnect().await, GENERAL);
        assert_eq!(told, []);
        {
            let state = stage.lock();
            let auths = state.journal.requests("auth");
            assert!(auths[0].get("password").is_some() && auths[1].get("token").is_some());
        }
        // A token that is worth nothing any more is not the end.
        ann.cut(&stage).await;
        stage.lock().world.tokens.clear();
        if ann.connect().await.is_err() {
            ann.connect().await.unwrap();
        }
        ann.leave().await;
    }
}

#[tokio::test(start_paused = true)]
async fn too_much_waits_as_long_as_it_is_told_to() {
    let stage = Stage::new();
    stage.lock().faults.rate = Some((5, 10_000));
    let mut ann = stage.online("ann").await;
    let begin = tokio::time::Instant::now();
    let mut requests = Vec::new();
    for number in 0..12 {
        requests.push(ann.say(&number.to_string()).await);
    }
    for request in requests {
        assert_eq!(ann.outcome(request).await, Outcome::Done);
    }
    assert!(begin.elapsed() >= std::time::Duration::from_secs(20));
    let expected: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    assert_eq!(stage.kept(), expected);
    {
        let mut state = stage.lock();
        state.faults.rate = None;
        (state.faults.too_fast, state.faults.retry_ms) = (3, 700);
    }
    let request = ann.say("patience").await;
    assert_eq!(ann.outcome(request).await, Outcome::Done);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_nothing_is_left() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    stage.lock().faults.hang = true;
    let request = ann.say("is anybody there?").await;
    assert_eq!(ann.lost().await, ErrorKind::TimedOut);
    stage.lock().faults.hang = false;
    ann.connect().await.unwrap();
    assert_eq!(ann.outcome(request).await, Outcome::Done);
    assert_eq!(stage.kept(), ["is anybody there?"]);
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_user_does_elsewhere_is_shown_here() {
    let stage = Stage::new();
    let mut ann = stage.online("ann").await;
    let mut other = stage.raw("ann").await;
    let said = serde_json::json!({"op": "pub", "stream": "s1", "text": "from elsewhere", "nonce": "not ours"});
    other.done(said).await;
    settle().await;
    assert_eq!(told(&ann.take(), GENERAL), [news("from elsewhere")]);
    let message = ann.state.channels["s1"].messages.last().unwrap();
    assert_eq!(message.sender_id.as_deref(), Some("u2"));
    ann.leave().await;
}

#[tokio::test(start_paused = true)]
async fn a_file_arrives_once_or_its_message_fails() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"some bytes").unwrap();
    for fault in [
        None,
        Some(UploadFault::Status(413)),
        Some(UploadFault::Status(401)),
        Some(UploadFault::Status(500)),
        Some(UploadFault::Drop),
        Some(UploadFault::DropAfter),
        Some(UploadFault::Nonsense),
    ] {
        let stage = Stage::new();
        let mut ann = stage.online("ann").await;
        stage.lock().faults.uploads.extend(fault);
        let request = upload(&mut ann, file.path()).await;
        let outcome = ann.outcome(request).await;
        let kept = stage.lock();
        let messages = kept.world.streams[&GENERAL].log.messages();
        let files: usize = messages.map(|message| message.files.len()).sum();
        assert_eq!(files, usize::from(outcome == Outcome::Done), "{fault:?}");
        assert!(fault.is_some() || outcome == Outcome::Done);
        let shown = ann.state.channels["s1"].messages.last().unwrap();
        let is_file = matches!(&shown.content[..], [.., MessageFragment::File { name, .. }] if name == "a b.txt");
        match outcome {
            Outcome::Done => assert!(is_file, "{shown:?}"),
            Outcome::Failed(_) => assert_eq!(shown.status, MessageStatus::Failed),
        }
    }
}

async fn upload(person: &mut Person, path: &std::path::Path) -> RequestId {
    let mut message = Message::text("a file", chrono::Utc::now());
    message.content.push(MessageFragment::Upload {
        path: path.to_str().unwrap().to_owned(),
        name: Some("a b.txt".to_owned()),
        mime: Some("text/plain".to_owned()),
    });
    let event: ConnectionEvent = ChatEvent::New {
        channel_id: Some(GENERAL.into()),
        message,
    }
    .into();
    person.send(event).await.unwrap()
}
