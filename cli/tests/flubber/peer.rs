//! Connections that start `kaiwa backend wschat`, and the server that they all lead to.

use async_trait::async_trait;
use kaiwa_conformance::{Fault, Harness, Need, Peer};
use kaiwa_protocols::driver::Driver;
use kaiwa_protocols::flubber::{self, FlubberSession};
use kaiwa_protocols::wschat::WschatSession;
use kaiwa_protocols::{
    AuthField, Capabilities, Connection, ConnectionEvent, Error, EventReceiver, Protocol, RequestId,
};

use crate::support::wschat_peer::{Sockets, WschatPeer};

/// With the extension, over real pipes and real sockets.
pub(crate) struct Extended;

impl Harness for Extended {
    type Peer = ChildPeer;
    const LACKS: &'static [Need] = Sockets::LACKS;
    const PAUSED: bool = false;

    async fn start() -> ChildPeer {
        ChildPeer(Sockets::start().await)
    }
}

/// The server; whoever connects to it has a child in between.
pub(crate) struct ChildPeer(WschatPeer);

impl Peer for ChildPeer {
    fn connection(&self) -> Box<dyn Connection> {
        Box::new(Known(flubber::connection()))
    }

    fn auth(&self, who: usize) -> Vec<AuthField> {
        let inner = self.0.auth(who);
        let value = |name| AuthField::find(&inner, name).unwrap();
        let args = format!(
            "backend wschat --set url={} --set name={} --set-env jwt=TOKEN",
            value("url"),
            value("name")
        );
        let env = format!("TOKEN={}", value("jwt"));
        let mut form = flubber::protocol().auth.unwrap();
        for field in &mut form {
            match field.name.as_str() {
                "command" => field.set(env!("CARGO_BIN_EXE_kaiwa").to_owned()),
                "args" => field.set(args.clone()),
                "env" => field.set(env.clone()),
                _ => {}
            }
        }
        form
    }

    fn channel(&self) -> String {
        self.0.channel()
    }

    async fn say(&mut self, text: &str) {
        self.0.say(text).await;
    }

    fn accepted(&self) -> Vec<String> {
        self.0.accepted()
    }

    fn open(&self) -> usize {
        self.0.open()
    }

    async fn changed(&mut self) {
        self.0.changed().await;
    }

    async fn fault(&mut self, fault: Fault) {
        self.0.fault(fault).await;
    }
}

/// A connection whose backend is known to be wschat: the suite asks a new one what the network can do, which else is known when
/// the backend has said so.
struct Known(Driver<FlubberSession>);

#[async_trait]
impl Connection for Known {
    async fn connect(&mut self, auth: Vec<AuthField>) -> Result<(), Error> {
        self.0.connect(auth).await?;
        assert_eq!(self.0.capabilities(), WschatSession::capabilities());
        Ok(())
    }

    async fn disconnect(&mut self) -> Result<(), Error> {
        self.0.disconnect().await
    }

    async fn submit(&mut self, request: RequestId, event: ConnectionEvent) -> Result<(), Error> {
        self.0.submit(request, event).await
    }

    fn subscribe(&self) -> EventReceiver {
        self.0.subscribe()
    }

    fn protocol_spec(&self) -> Protocol {
        self.0.protocol_spec()
    }

    fn capabilities(&self) -> Capabilities {
        WschatSession::capabilities()
    }
}
