//! Serving as the format has it: eight requests, four updates, and a [`Client`] between them and the connection, which echoes
//! and keeps the outbox.
//!
//! [`Desk`] decides, this file waits. What a host asks waits there until the network has told all of before.

mod desk;
mod lookup;
mod said;
mod told;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};

use super::failure;
use super::files::Stored;
use super::host::{Asked, Host, Turn};
use crate::client::{AccountId, ClientOptions};
use crate::flubber::wire::{InitInfo, RequestBody};
use crate::{AuthField, Client, Connection, Error};
use desk::{Desk, Wish};

/// How long the sign-in is waited for before the init info is said: hosts wait for that for 10 s.
const GREETING_LIMIT: Duration = Duration::from_secs(5);

/// A deadline that is none.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long a host that has left is still given answers, and how long signing out may take then: hosts end a backend by force 5 s
/// after they have closed its input.
const LAST_ANSWERS_LIMIT: Duration = Duration::from_secs(2);
const GOODBYE_LIMIT: Duration = Duration::from_millis(1500);

/// Serves until the host leaves or the connection is over.
///
/// # Errors
/// What the host does wrong, and why the connection is over by itself.
pub(super) async fn serve<R, W>(
    connection: Box<dyn Connection>,
    auth: Vec<AuthField>,
    host: &mut Host<'_, R, W>,
    info: &InitInfo,
) -> Result<(), Error>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let mut options = ClientOptions::default();
    // The desk keeps a state of its own, which is no further than the events that it has seen.
    options.keep_state = false;
    let client = Client::with_options(options);
    let mut events = client.subscribe();
    let protocol = connection.protocol_spec().name;
    let desk = Desk::new(&protocol, connection.capabilities());
    let account = client.add(connection)?;
    client.connect(account, auth)?;
    let mut counter = Counter {
        client: &client,
        account,
        host,
        desk,
    };
    let mut deadline = Instant::now() + GREETING_LIMIT;
    let served = loop {
        let (is_leaving, is_greeting) = (counter.host.is_gone(), counter.host.is_to_greet());
        let turn = counter.host.turn(events.recv());
        let turn = match timeout_at(deadline, turn).await {
            Ok(turn) => turn,
            Err(_) if is_leaving => break Ok(()),
            Err(_) => {
                counter.host.greet(info);
                deadline += FAR;
                continue;
            }
        };
        match turn {
            Ok(Turn::Asked(asked)) => counter.take(asked).await,
            Ok(Turn::Ready(Some(event))) => counter.desk.note(event),
            Ok(Turn::Ready(None)) => break Ok(()),
            Ok(Turn::Leave) => deadline = Instant::now() + LAST_ANSWERS_LIMIT,
            Err(error) => break Err(error),
        }
        counter.carry_out();
        if is_greeting && counter.desk.has_signed_in() {
            counter.host.greet(info);
        }
        if let Some(error) = counter.desk.take_end() {
            break Err(error);
        }
        if counter.host.is_gone() && (counter.desk.is_idle() || counter.host.is_deaf()) {
            break Ok(());
        }
    };
    if served.is_ok() {
        counter.host.greet(info);
    }
    let _ = timeout(GOODBYE_LIMIT, client.shutdown()).await;
    served
}

/// Where the host is served.
struct Counter<'a, 's, R, W> {
    client: &'a Client,
    account: AccountId,
    host: &'a mut Host<'s, R, W>,
    desk: Desk,
}

impl<R, W> Counter<'_, '_, R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    /// Takes a request to the desk; its attachments become files first.
    async fn take(&mut self, mut asked: Asked) {
        let number = asked.request.sequence_number;
        let mut files = Vec::new();
        if let RequestBody::MessageSend(new) = &mut asked.request.body
            && !new.attachments.is_empty()
        {
            if !self.desk.takes_files() {
                return self.host.answer(number, desk::no_files());
            }
            for attachment in std::mem::take(&mut new.attachments) {
                match Stored::write(&attachment).await {
                    Ok(stored) => files.push(stored),
                    Err(error) => return self.host.answer(number, failure(error.info())),
                }
            }
        }
        self.desk.take(asked, files);
    }

    /// Does what the desk wishes.
    fn carry_out(&mut self) {
        while let Some(wish) = self.desk.wish() {
            match wish {
                Wish::Update(update) => self.host.update(update),
                Wish::Answer(number, body) => self.host.answer(number, body),
                Wish::Send(order, event) => match self.client.send(self.account, *event) {
                    Ok(request) => self.desk.accepted(request, order),
                    Err(error) => self.desk.refused(&order, error.info()),
                },
            }
        }
    }
}
