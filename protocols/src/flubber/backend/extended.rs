//! Serving with the extension: every event passes both ways, and the host does what a client does.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::host::{Asked, Host, Turn};
use super::{failure, refusal};
use crate::flubber::wire::kaiwa::HELLO_VERSION;
use crate::flubber::wire::{AnswerBody, Hello, KaiwaUpdate, RequestBody, Update};
use crate::{
    AuthField, Connection, ConnectionEvent, Error, ErrorKind, EventReceiver, RequestId, StatusEvent,
};

/// How long signing out may take; see [`super::host`].
const GOODBYE_LIMIT: Duration = Duration::from_secs(3);

/// How many requests wait for the sign-in, and how many bytes they have: as many messages as a client keeps, and two large files.
const EARLY_REQUESTS: usize = 1_000;
const EARLY_BYTES: usize = 32 * 1024 * 1024;

/// Serves until the host leaves or the connection is over.
///
/// # Errors
/// What the host does wrong, and why the connection is over by itself.
pub(super) async fn serve<R, W>(
    mut connection: Box<dyn Connection>,
    auth: Vec<AuthField>,
    host: &mut Host<'_, R, W>,
) -> Result<(), Error>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let events = connection.subscribe();
    host.update(Update::Kaiwa(Box::new(KaiwaUpdate::Hello(Hello {
        capabilities: connection.capabilities(),
        hello: HELLO_VERSION,
        protocol: connection.protocol_spec(),
    }))));
    let mut passing = Passing {
        events,
        host,
        numbers: BTreeMap::new(),
        lost: None,
    };
    let served = passing.run(&mut *connection, auth).await;
    // What is lost from here on is of no matter: the end is wanted.
    let lost = passing.lost.take();
    passing.leave(&mut *connection).await;
    match (served, lost) {
        (Ok(()), Some(lost)) => Err(lost),
        (served, _) => served,
    }
}

/// Passes events on, both ways.
struct Passing<'h, 's, R, W> {
    events: EventReceiver,
    host: &'h mut Host<'s, R, W>,
    /// The host's numbers of what is open.
    numbers: BTreeMap<RequestId, u32>,
    /// Why the connection is over.
    lost: Option<Error>,
}

/// What a connection does by itself.
enum Happened {
    Event(Option<(Option<RequestId>, ConnectionEvent)>),
    Connected(Result<(), Error>),
}

impl<R, W> Passing<'_, '_, R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    /// Runs until the host leaves or the connection is over.
    async fn run(
        &mut self,
        connection: &mut dyn Connection,
        auth: Vec<AuthField>,
    ) -> Result<(), Error> {
        let Some(early) = self.sign_in(connection, auth).await? else {
            return Ok(());
        };
        for asked in early {
            self.take(connection, asked).await;
        }
        loop {
            match self.host.turn(self.events.recv_tagged()).await? {
                Turn::Asked(asked) => self.take(connection, asked).await,
                Turn::Ready(Some((request, event))) => {
                    if self.pass(request, event) {
                        return Ok(());
                    }
                }
                Turn::Ready(None) | Turn::Leave => return Ok(()),
            }
        }
    }

    /// Signs in; gives what was asked meanwhile, or nothing if it is over already.
    async fn sign_in(
        &mut self,
        connection: &mut dyn Connection,
        auth: Vec<AuthField>,
    ) -> Result<Option<VecDeque<Asked>>, Error> {
        let mut early = VecDeque::new();
        let mut bytes = 0;
        let connecting = connection.connect(auth);
        tokio::pin!(connecting);
        loop {
            let happens = async {
                tokio::select! {
                    biased;
                    event = self.events.recv_tagged() => Happened::Event(event),
                    connected = &mut connecting => Happened::Connected(connected),
                }
            };
            match self.host.turn(happens).await? {
                Turn::Asked(asked)
                    if early.len() < EARLY_REQUESTS && bytes + asked.bytes <= EARLY_BYTES =>
                {
                    bytes += asked.bytes;
                    early.push_back(asked);
                }
                Turn::Asked(asked) => {
                    let full = refusal(ErrorKind::Full, "too many requests wait for the sign-in");
                    self.host.answer(asked.request.sequence_number, full);
                }
                Turn::Ready(Happened::Event(Some((request, event)))) => {
                    self.pass(request, event);
                }
                Turn::Ready(Happened::Connected(Ok(()))) => return Ok(Some(early)),
                Turn::Ready(Happened::Connected(Err(error))) => {
                    for asked in early {
                        self.host
                            .answer(asked.request.sequence_number, failure(error.info()));
                    }
                    return Err(error);
                }
                Turn::Ready(Happened::Event(None)) | Turn::Leave => return Ok(None),
            }
        }
    }

    /// Hands over what the host wants; that answers at once.
    async fn take(&mut self, connection: &mut dyn Connection, asked: Asked) {
        let number = asked.request.sequence_number;
        let RequestBody::Kaiwa(event) = asked.request.body else {
            let why = format!(
                "with {}=1 in the environment every request is of the type Kaiwa",
                super::ENV
            );
            return self
                .host
                .answer(number, refusal(ErrorKind::Unsupported, why));
        };
        let request = RequestId::fresh();
        let body = match connection.submit(request, *event).await {
            Ok(()) => {
                self.numbers.insert(request, number);
                AnswerBody::Success
            }
            Err(error) => failure(error.info()),
        };
        self.host.answer(number, body);
    }

    /// Tells an event; says whether the connection is over.
    fn pass(&mut self, request: Option<RequestId>, event: ConnectionEvent) -> bool {
        let mut is_over = false;
        let mut ended = None;
        if let ConnectionEvent::Status { event } = &event {
            match event {
                StatusEvent::Done { request } | StatusEvent::Failed { request, .. } => {
                    ended = Some(*request);
                }
                StatusEvent::Lost { error, .. } => self.lost = Some(error.clone().into()),
                StatusEvent::Disconnected { .. } | StatusEvent::Overrun => is_over = true,
                _ => {}
            }
        }
        let number = request
            .or(ended)
            .and_then(|id| self.numbers.get(&id).copied());
        if let Some(ended) = ended {
            self.numbers.remove(&ended);
        }
        let update = KaiwaUpdate::Event {
            event,
            request: number,
        };
        self.host.update(Update::Kaiwa(Box::new(update)));
        is_over
    }

    /// Signs out where that is still to be done, and tells what is left to tell.
    async fn leave(&mut self, connection: &mut dyn Connection) {
        let goodbye = async {
            // Not connected any more is as good.
            let _ = connection.disconnect().await;
        };
        let _ = timeout(GOODBYE_LIMIT, goodbye).await;
        if self.host.is_deaf() {
            return;
        }
        while let Some(Some((request, event))) = self.events.recv_tagged().now_or_never() {
            self.pass(request, event);
        }
    }
}
