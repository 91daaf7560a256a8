//! The floor of rim's servers: a message is acknowledged to its sender and goes to the others of its group, as it came and with
//! a number. Nothing is kept, checked, bounded or timed, and nothing is parsed: what is needed is found by its name. Members of
//! a group are those whose `Login` names it, as the load generator's do.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig};

/// As in kaiwa's server.
const READ_BUFFER: usize = 4 * 1024;

/// Texts taken from a client's channel at once.
const BATCH: usize = 256;

/// By the group's id: the numbers of its members' connections, and what waits for them.
type Members = BTreeMap<u64, Vec<(u64, UnboundedSender<Utf8Bytes>)>>;

#[derive(Debug, Default)]
struct Groups {
    members: Mutex<Members>,
    messages: AtomicU64,
}

pub(super) async fn run() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let accepting = async {
        let groups = Arc::<Groups>::default();
        for number in 0.. {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(client(stream, number, Arc::clone(&groups)));
        }
        anyhow::Ok(())
    };
    tokio::select! {
        result = accepting => result,
        () = super::end_of_input() => Ok(()),
    }
}

async fn client(stream: TcpStream, number: u64, groups: Arc<Groups>) -> Result<()> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    let (sender, mut receiver) = unbounded_channel();
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let ack = groups.take(number, &text, &sender)?;
                    socket.send(Message::Text(ack.into())).await?;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            _ = receiver.recv_many(&mut batch, BATCH) => {
                for text in batch.drain(..) {
                    socket.feed(Message::Text(text)).await?;
                }
                socket.flush().await?;
            }
        }
    }
    for members in groups.lock().values_mut() {
        members.retain(|(member, _)| *member != number);
    }
    Ok(())
}

impl Groups {
    /// Does what a client says; tells the acknowledgement.
    fn take(&self, from: u64, text: &str, sender: &UnboundedSender<Utf8Bytes>) -> Result<String> {
        let gid = after(text, "\"gid\":").context("no group")?;
        let gid = gid.split(|c: char| !c.is_ascii_digit()).next();
        let gid = gid.unwrap_or_default().parse()?;
        let client_id = after(text, "\"clientMsgId\":\"").context("no id")?;
        let (client_id, _) = client_id.split_once('"').context("an id without end")?;
        let mut members = self.lock();
        let members = members.entry(gid).or_default();
        let mut number = None;
        if text.starts_with("{\"event\":\"Login\"") {
            members.push((from, sender.clone()));
        } else {
            let next = self.messages.fetch_add(1, Ordering::Relaxed) + 1;
            number = Some(next);
            let body = text
                .strip_suffix("}}")
                .context("not the end of a message")?;
            let relayed = Utf8Bytes::from(format!("{body},\"msgId\":{next}}}}}"));
            for (_, other) in members.iter().filter(|(member, _)| *member != from) {
                // One that is just leaving.
                let _ = other.send(relayed.clone());
            }
        }
        let number = number.map_or("null".to_owned(), |number| number.to_string());
        Ok(format!(
            "{{\"clientMsgId\":\"{client_id}\",\"serverMsgId\":{number},\"kind\":\"Ack\",\"content\":\"Ok\"}}"
        ))
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What follows a name, wherever that is.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split_once(name).map(|(_, rest)| rest)
}
