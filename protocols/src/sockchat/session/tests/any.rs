//! Whatever is said and done, each request ends once.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Hear(String),
    Say(String),
    Go(String),
    Ping,
    Pass(u64),
    Write,
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    let field = prop_oneof![
        "[0-9]{1,2}",
        "[yn]",
        "[12]",
        "[a-zA-Z<>&;_~ ^]{0,6}",
        Just("Lobby".to_owned())
    ];
    let packet = proptest::collection::vec(field, 0..9).prop_map(|fields| fields.join("|"));
    prop_oneof![
        8 => ("[0-9]{1,2}", packet).prop_map(|(id, rest)| Step::Hear(format!("{id}|{rest}"))),
        2 => "[a-c]{1}".prop_map(|text| Step::Hear(format!("2|1|1|{text}|8|10010"))),
        4 => "[a-c]{1}".prop_map(Step::Say),
        1 => "[A-C]{1}".prop_map(Step::Go),
        1 => Just(Step::Ping),
        2 => (0..30_u64).prop_map(Step::Pass),
        4 => Just(Step::Write),
        1 => Just(Step::Reconnect),
    ]
}

proptest! {
    #[test]
    fn every_request_ends_once(steps in proptest::collection::vec(step(), 0..60)) {
        let mut rig = Rig::signed_in();
        let mut open = std::collections::BTreeMap::new();
        for step in steps {
            let request = match step {
                Step::Hear(text) => { rig.hear(&text); None }
                Step::Say(text) => rig.say(None, &text).ok(),
                Step::Go(channel) => rig.send(join(&channel)).ok(),
                Step::Ping => rig.send(StatusEvent::Ping { artifact: None }).ok(),
                Step::Pass(seconds) => { rig.pass(seconds); None }
                Step::Write => { rig.written(); None }
                Step::Reconnect => {
                    rig.close(false);
                    rig.session.transmits.clear();
                    rig.connect();
                    rig.hear("1|y|1|alice|#f00|10^1^1^1^2|Lobby");
                    None
                }
            };
            if let Some(request) = request {
                open.insert(request, 0);
            }
        }
        rig.close(true);
        let ended = std::iter::from_fn(|| rig.session.poll_event()).filter_map(|event| match event.event {
            ConnectionEvent::Status {
                event: StatusEvent::Done { request } | StatusEvent::Failed { request, .. },
            } => Some(request),
            _ => None,
        });
        for request in ended {
            let count = open.get_mut(&request);
            prop_assert!(count.is_some(), "{request} was never accepted");
            *count.unwrap() += 1;
        }
        prop_assert!(open.values().all(|count| *count == 1), "{open:?}");
    }
}
