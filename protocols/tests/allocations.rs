//! What a received message costs in memory, counted: the session that takes the longest way to it, and the way of any event
//! from a transport to a client's subscriber. The bounds are what it costs now; who raises one has a reason.
#![cfg(all(feature = "mock", feature = "sockchat"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::borrow::Cow;
use std::time::Duration;

use allocation_counter::measure;
use chrono::DateTime;
use kaiwa_core::client::{Client, ClientOptions};
use kaiwa_core::session::{Frame, Now, Session as _};
use kaiwa_core::{AuthField, ChatEvent, ConnectionEvent};
use kaiwa_protocols::Registry;
use kaiwa_protocols::sockchat::SockchatSession;
use tokio::time::timeout;

/// Messages before it is counted: memory that is used again is there by then.
const WARM_UP: u64 = 1_000;

/// Messages that are counted.
const COUNTED: u64 = 10_000;

/// Allocations of a Sock Chat message with a pair of tags, an address and two escapes, in its session: its list of
/// fragments, the four texts in it, and the list within the tags.
const SOCKCHAT_MESSAGE: u64 = 6;

/// Allocations of a message of one text from the mock network to a client's subscriber: the list of fragments, and
/// the text in it. What a burst shares does not show beside them.
const CLIENT_MESSAGE: u64 = 2;

/// Far more than anything needs; only a hang reaches it.
const STUCK: Duration = Duration::from_secs(30);

fn form(mut form: Vec<AuthField>, values: &[(&str, &str)]) -> Vec<AuthField> {
    for field in &mut form {
        if let Some((_, value)) = values.iter().find(|(name, _)| *name == field.name) {
            field.set((*value).to_owned());
        }
    }
    form
}

/// A session that is signed in, on a clock that stands still.
fn signed_in(now: Now) -> SockchatSession {
    let mut session = SockchatSession::new();
    let form = form(
        session.protocol_spec().auth.unwrap(),
        &[
            ("sockchat_url", "ws://localhost/"),
            ("uid", "1"),
            ("token", "hunter2"),
        ],
    );
    session.handle_connect(now, &form, [7; 32]).unwrap();
    session.handle_open(now);
    for packet in [
        "1\ty\t1\talice\t#f00\t10\u{c}1\u{c}1\u{c}1\u{c}2\tLobby",
        "7\t0\t1\t2\tbob\tinherit\t1\u{c}0\u{c}0\u{c}0\u{c}0\t1",
        "7\t2\t1\tLobby\t0\t0",
    ] {
        session.handle_frame(now, Frame::Text(Cow::Borrowed(packet)));
    }
    while session.poll_transmit(now).is_some() {}
    while session.poll_event().is_some() {}
    session
}

/// Counts the messages among the events that wait.
fn messages(session: &mut SockchatSession) -> u64 {
    let mut messages = 0;
    while let Some(said) = session.poll_event() {
        let is_message = matches!(
            said.event,
            ConnectionEvent::Chat {
                event: ChatEvent::New { .. }
            }
        );
        messages += u64::from(is_message);
    }
    messages
}

#[test]
fn a_message_of_sock_chat() {
    let now = Now {
        mono: Duration::from_secs(1),
        utc: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    };
    let mut session = signed_in(now);
    let packets: Vec<String> = (0..WARM_UP + COUNTED)
        .map(|number| {
            format!(
                "2\t1700000000\t2\t[b]{number:07}[/b] is &lt;here&gt;: what bob says https://example.org/a/{number:07}\t{}\t10010",
                10_000_000 + number
            )
        })
        .collect();
    let mut hear = |packets: &[String]| {
        let heard = packets.iter().map(|packet| {
            session.handle_frame(now, Frame::Text(Cow::Borrowed(packet)));
            messages(&mut session)
        });
        heard.sum::<u64>()
    };
    let (before, counted) = packets.split_at(usize::try_from(WARM_UP).unwrap());
    assert_eq!(hear(before), WARM_UP);
    let allocations = measure(|| assert_eq!(hear(counted), COUNTED)).count_total;
    assert!(
        allocations <= SOCKCHAT_MESSAGE * COUNTED,
        "{allocations} for {COUNTED} messages"
    );
}

#[test]
fn a_message_on_its_way_to_a_subscriber() {
    // Everything on this thread, which is the one that is counted.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let script = format!("flood:{}", WARM_UP + COUNTED);
    let mut options = ClientOptions::default();
    options.keep_state = false;
    let (client, mut events) = runtime.block_on(async {
        let client = Client::with_options(options);
        let events = client.subscribe();
        let mock = Registry::get("mock").unwrap();
        let form = form((mock.protocol)().auth.unwrap(), &[("script", &script)]);
        let account = client.add((mock.connect)()).unwrap();
        client.connect(account, form).unwrap();
        (client, events)
    });
    let mut take = |count: u64| {
        runtime.block_on(async {
            let mut messages = 0;
            while messages < count {
                let event = timeout(STUCK, events.recv()).await.unwrap().unwrap().event;
                let is_message = matches!(
                    event,
                    ConnectionEvent::Chat {
                        event: ChatEvent::New { .. }
                    }
                );
                messages += u64::from(is_message);
            }
        });
    };
    take(WARM_UP);
    let allocations = measure(|| take(COUNTED)).count_total;
    drop(client);
    assert!(
        allocations <= CLIENT_MESSAGE * COUNTED,
        "{allocations} for {COUNTED} messages"
    );
}
