use super::*;
use crate::chat::jobs::Job;
use kaiwa_protocols::RequestId;

/// Somebody who is in `a`, and where `a` and `b` are known.
struct World {
    state: ConnectionState,
    capabilities: Capabilities,
    shown: Shown,
    jobs: Jobs,
}

impl World {
    fn new() -> Self {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for (id, name) in [("a", "Tea"), ("b", "Bees")] {
            let channel = Channel {
                id: id.into(),
                name: Some(name.to_owned()),
                ..Channel::default()
            };
            state.apply(&ChannelEvent::New { channel }.into());
        }
        Self {
            state,
            capabilities: Capabilities::new().sends(EventKind::ALL),
            shown: Shown::default(),
            jobs: Jobs::default(),
        }
    }

    fn plan(&self, here: Option<&str>, order: Order) -> Result<Plan, Error> {
        let situation = Situation {
            state: &self.state,
            capabilities: &self.capabilities,
            shown: &self.shown,
            jobs: &self.jobs,
            here,
            directory: &[],
        };
        situation.plan(order)
    }

    fn refusal(&self, here: Option<&str>, order: Order) -> (ErrorKind, String) {
        let error = self.plan(here, order).unwrap_err();
        (error.kind(), error.message().to_owned())
    }
}

#[test]
fn switching_is_asked_for_where_the_network_knows_it() {
    let mut world = World::new();
    let switch = |name: &str| Order::Switch(name.to_owned());
    let plan = world.plan(None, switch("bees")).unwrap();
    assert!(matches!(plan, Plan::Ask(What::Switch { channel_id }, _) if channel_id == "b"));
    let plan = world.plan(None, switch("new")).unwrap();
    assert!(matches!(plan, Plan::Ask(What::Switch { channel_id }, _) if channel_id == "new"));
    world.capabilities = Capabilities::new();
    assert_eq!(
        world.plan(None, switch("bees")).unwrap(),
        Plan::Enter("b".into())
    );
    assert_eq!(world.refusal(None, switch("new")).0, ErrorKind::NotFound);
}

#[test]
fn what_needs_a_channel_says_so() {
    let world = World::new();
    for order in [Order::Members, Order::History(1), Order::Read] {
        let (kind, text) = world.refusal(None, order);
        assert_eq!(kind, ErrorKind::State);
        assert!(text.contains("/switch"), "{text}");
    }
    let (kind, text) = world.refusal(Some("a"), Order::Read);
    assert_eq!(kind, ErrorKind::State);
    assert!(text.contains("in Tea"), "{text}");
}

#[test]
fn history_is_asked_for_before_the_oldest_shown_and_once() {
    let mut world = World::new();
    let asked = |world: &World| match world.plan(Some("a"), Order::History(7)) {
        Ok(Plan::Ask(
            _,
            ConnectionEvent::Chat {
                event:
                    ChatEvent::RequestHistory {
                        before, limit: 7, ..
                    },
            },
        )) => before,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(&world), None);
    let mut message = kaiwa_protocols::Message::text("x", chrono::DateTime::UNIX_EPOCH);
    message.id = Some("m".into());
    world.shown.newer("a", &message);
    world.shown.newer("b", &message);
    assert_eq!(asked(&world).as_deref(), Some("m"));
    let job = |channel: &str| Job {
        name: String::new(),
        what: What::history(channel.into()),
    };
    let request = RequestId::fresh();
    world.jobs.begin(RequestId::fresh(), job("b"));
    world.jobs.begin(request, job("a"));
    assert_eq!(
        world.refusal(Some("a"), Order::History(7)).0,
        ErrorKind::State
    );
    world.jobs.end(request);
    assert_eq!(asked(&world).as_deref(), Some("m"));
}

#[test]
fn people_are_looked_up_before_anything_is_made() {
    let mut world = World::new();
    for id in ["1", "2"] {
        let user = Profile {
            id: Some(id.into()),
            username: Some("ann".to_owned()),
            ..Profile::default()
        };
        let channel_id = None;
        world
            .state
            .apply(&UserEvent::New { channel_id, user }.into());
    }
    let create = |people: &[&str]| Order::Create {
        name: "Tea".to_owned(),
        people: people.iter().map(|person| (*person).to_owned()).collect(),
    };
    let (kind, text) = world.refusal(None, create(&["1", "Ann"]));
    assert_eq!(kind, ErrorKind::Invalid);
    assert!(text.contains("1 (ann), 2 (ann)"), "{text}");
    let Ok(Plan::Ask(What::Create { people, .. }, _)) = world.plan(None, create(&["1", "x"]))
    else {
        panic!("it is asked for");
    };
    assert_eq!(people, ["1", "x"]);
    world.capabilities = Capabilities::new().sends(&[EventKind::ChannelNew]);
    assert_eq!(
        world.refusal(None, create(&["1"])).0,
        ErrorKind::Unsupported
    );
    assert!(world.plan(None, create(&[])).is_ok());
    let plan = world.plan(Some("a"), Order::Members).unwrap();
    assert_eq!(
        plan,
        Plan::Show(vec!["in Tea: none that is known".to_owned()])
    );
}
