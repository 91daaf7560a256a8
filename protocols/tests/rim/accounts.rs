//! Registering, signing in, tokens that end.

use kaiwa_protocols::rim::wire::Endpoint;
use kaiwa_protocols::{Connection, ErrorKind, UserEvent};

use super::stage::{ANN, BOB, BOTH, PASSWORD, Stage, history, page, request_history, settle, told};
use crate::support::rim_server::fault::RestFault;

#[tokio::test(start_paused = true)]
async fn registration_makes_the_account_once() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let mut joe = stage.person("joe");
        for (field, value) in [
            ("register", "yes"),
            ("name", "Joe"),
            ("email", "joe@example.org"),
            ("avatar", "https://example.org/joe.png"),
        ] {
            joe.set(field, value);
        }
        joe.connect().await.unwrap();
        {
            let state = stage.lock();
            let user = state.world.user_by_account("joe").unwrap();
            assert_eq!(
                (user.name.as_str(), user.email.as_str()),
                ("Joe", "joe@example.org")
            );
            assert_eq!(user.avatar, "https://example.org/joe.png");
            assert_eq!(user.password, PASSWORD);
            assert_eq!(state.journal.calls_of(Endpoint::UserCreate), 1);
        }
        // The same form leads to the same account.
        joe.connection.disconnect().await.unwrap();
        joe.connect().await.unwrap();
        joe.leave(&stage).await;
        let mut again = stage.person("joe");
        again.set("register", "yes");
        again.connect().await.unwrap();
        again.leave(&stage).await;
        let mut bare = stage.person("bare");
        bare.set("register", "yes");
        bare.connect().await.unwrap();
        bare.leave(&stage).await;
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_as_what_they_are() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        for (account, password, register, kind) in [
            ("ann", "hunter2", "no", ErrorKind::Auth),
            ("nobody", PASSWORD, "no", ErrorKind::Auth),
            ("ANN", "hunter2", "yes", ErrorKind::Conflict),
        ] {
            let mut person = stage.person(account);
            person.set("password", password);
            person.set("register", register);
            let error = person.connect().await.unwrap_err();
            assert_eq!(error.kind(), kind, "{account}: {}", error.chain());
            assert!(!error.chain().contains(password), "{}", error.chain());
            assert_eq!(person.lost().await, kind);
        }
        let mut quoted = stage.person("o'hara");
        let error = quoted.connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let calls = stage.lock().journal.calls_of(Endpoint::UserLogin);
        assert!(calls <= 4, "{calls} sign-ins");
        stage.is_well();
    }
}

/// Names and passwords may hold whatever addresses and JSON are made of.
#[tokio::test(start_paused = true)]
async fn names_and_passwords_hold_anything_but_apostrophes() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let account = "a&b=c d+e%41/?#é\"\\";
        let password = "p'\"\\ &=+%é\u{0}";
        let mut odd = stage.person(account);
        for (field, value) in [
            ("password", password),
            ("register", "yes"),
            ("name", "it's <b>me</b>"),
        ] {
            odd.set(field, value);
        }
        odd.connect().await.unwrap();
        {
            let state = stage.lock();
            let user = state.world.user_by_account(account).unwrap();
            assert_eq!(
                (user.name.as_str(), user.password.as_str()),
                ("it's <b>me</b>", password)
            );
        }
        let mut ann = stage.online("ann").await;
        ann.does(UserEvent::Request {
            user_id: account.into(),
            own: true,
            text: None,
        })
        .await;
        assert_eq!(stage.lock().world.friends(ANN).len(), 1);
        odd.leave(&stage).await;
        ann.leave(&stage).await;
    }
}

/// A token that the server gives and that would break it is not used.
#[tokio::test(start_paused = true)]
async fn a_token_with_an_apostrophe_goes_nowhere() {
    for token in ["o'hara", "two words", ""] {
        let stage = Stage::new(BOTH[0]);
        let body = format!(r#"{{"ok":true,"code":200,"msg":null,"data":"{token}"}}"#);
        stage
            .lock()
            .faults
            .rest(Some(Endpoint::UserLogin), RestFault::Body(body));
        let error = stage.person("ann").connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(stage.lock().journal.calls.len(), 1);
        stage.is_well();
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_is_replaced_in_the_middle() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        let group = stage.group("Friends", &[ANN, BOB]);
        let mut ann = stage.online("ann").await;
        for number in 0..3 {
            stage.say(BOB, group, &format!("message {number}"));
        }
        settle().await;
        stage.lock().world.expire_tokens();
        let events = ann.does(request_history(group, None, 10)).await;
        assert_eq!(page(&events).0.len(), 3);
        assert_eq!(stage.lock().journal.calls_of(Endpoint::UserLogin), 2);
        stage.say(BOB, group, "still here");
        ann.watch.until_said("still here").await;
        // And between two connections.
        ann.cut(&stage).await;
        stage.lock().world.expire_tokens();
        stage.say(BOB, group, "missed");
        let events = ann.reconnect().await;
        assert_eq!(told(&events, group), [history("missed")]);
        ann.leave(&stage).await;
    }
}

/// Many requests meet the end of the token at once; it is asked for once.
#[tokio::test(start_paused = true)]
async fn one_token_is_asked_for_however_many_need_it() {
    for flavour in BOTH {
        let stage = Stage::new(flavour);
        for number in 0..30 {
            let group = stage.group(&format!("Group {number}"), &[ANN, BOB]);
            stage.say(BOB, group, "hello");
        }
        let mut ann = stage.person("ann");
        ann.connect().await.unwrap();
        // In the middle of what follows the sign-in.
        stage.lock().world.expire_tokens();
        settle().await;
        let logins = stage.lock().journal.calls_of(Endpoint::UserLogin);
        assert_eq!(logins, 2);
        let events = ann.take();
        assert_eq!(super::stage::channels(&events).len(), 30);
        ann.leave(&stage).await;
    }
}
