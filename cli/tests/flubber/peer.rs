//! Connections that start `kaiwa backend wschat`, and the server that they all lead to.

use async_trait::async_trait;
use kaiwa_conformance::{Fault, Harness, Need, Peer};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::flubber;
use kaiwa_protocols::wschat::{self, WschatSession};
use kaiwa_protocols::{
    AuthField, Capabilities, Connection, ConnectionEvent, Error, EventKind, EventReceiver, Id,
    Protocol, RequestId,
};

use crate::support::wschat_peer::{Sockets, WschatPeer};

/// With the extension, over real pipes and real sockets.
pub(crate) struct Extended;

impl Harness for Extended {
    type Peer = ChildPeer;
    const LACKS: &'static [Need] = Sockets::LACKS;
    const PAUSED: bool = false;

    async fn start() -> ChildPeer {
        ChildPeer {
            server: Sockets::start().await,
            extended: true,
        }
    }
}

/// Without it.
pub(crate) struct Plain;

/// What wschat has and a plain host of it has not. The suite leaves out the cases that need it, and says so; that there are no
/// more is checked by its running all others.
const PLAIN_LACKS: &[Need] = &[
    // As wschat itself.
    Need::SignIn,
    Need::History,
    Need::Duplicates,
    Need::Replies,
    // A message is known by its id, and who the user is by the sender of one that was sent: a backend that was started again
    // cannot tell that what it hears was cut off with the one before it.
    Need::Late,
    Need::Own,
    // Why a backend has ended is an exit code: nobody can tell whose fault it was.
    Need::Garbage,
];

impl Harness for Plain {
    type Peer = ChildPeer;
    const LACKS: &'static [Need] = PLAIN_LACKS;
    const PAUSED: bool = false;

    async fn start() -> ChildPeer {
        ChildPeer {
            server: Sockets::start().await,
            extended: false,
        }
    }
}

/// What a host of this backend can do.
pub(crate) fn capabilities(extended: bool) -> Capabilities {
    let mut capabilities = WschatSession::capabilities();
    if !extended {
        // Joining a room that is there is answered, though wschat knows no joining.
        capabilities.sends = [EventKind::ChatNew, EventKind::ChannelJoin].into();
    }
    capabilities
}

/// The server; whoever connects to it has a child in between.
pub(crate) struct ChildPeer {
    server: WschatPeer,
    extended: bool,
}

impl Peer for ChildPeer {
    fn connection(&self) -> Box<dyn Connection> {
        Box::new(Known {
            inner: flubber::connection(),
            capabilities: capabilities(self.extended),
        })
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let inner = self.server.auth(who);
        let value = |name| AuthField::find(&inner, name).unwrap();
        let kaiwa = env!("CARGO_BIN_EXE_kaiwa");
        let args = format!(
            "backend wschat --set url={} --set name={} --set-env jwt=TOKEN",
            value("url"),
            value("name")
        );
        let (command, args) = if self.extended {
            (kaiwa.to_owned(), args)
        } else {
            let args = format!("-u KAIWA_BACKEND {kaiwa} {args}");
            ("env".to_owned(), args)
        };
        let env = format!("TOKEN={}", value("jwt"));
        let mut form = flubber::protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "command" => field.set(command.clone()),
                "args" => field.set(args.clone()),
                "env" => field.set(env.clone()),
                "rooms" => field.set(wschat::LOBBY.to_owned()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> Id {
        let channel = self.server.channel();
        if self.extended {
            channel
        } else {
            format_args!("!{channel}").into()
        }
    }

    async fn say(&mut self, text: &str) {
        self.server.say(text).await;
    }

    fn accepted(&self) -> Vec<String> {
        self.server.accepted()
    }

    fn open(&self) -> usize {
        self.server.open()
    }

    async fn changed(&mut self) {
        self.server.changed().await;
    }

    async fn fault(&mut self, fault: Fault) {
        self.server.fault(fault).await;
    }
}

/// A connection whose backend is known to be wschat. The suite asks a new one what the network can do, which else is known when the
/// backend has said so, or never.
struct Known {
    inner: Driver,
    capabilities: Capabilities,
}

#[async_trait]
impl Connection for Known {
    async fn connect(&mut self, auth: Vec<AuthField>) -> Result<(), Error> {
        self.inner.connect(auth).await
    }

    async fn disconnect(&mut self) -> Result<(), Error> {
        self.inner.disconnect().await
    }

    async fn submit(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        self.capabilities.check(&event)?;
        self.inner.submit(request, event).await
    }

    fn subscribe(&self) -> EventReceiver {
        self.inner.subscribe()
    }

    fn protocol_spec(&self) -> Protocol {
        self.inner.protocol_spec()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }
}
