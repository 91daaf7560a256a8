//! The floor of servers: every text goes to everybody as it came. Nothing is parsed, kept, bounded or timed; a text is one
//! shared buffer, and what waits for a client is written at once.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig};

/// As in kaiwa's server: an idle connection keeps it.
const READ_BUFFER: usize = 4 * 1024;

/// Texts taken from a client's channel at once.
const BATCH: usize = 256;

type Everybody = Arc<Mutex<BTreeMap<u64, UnboundedSender<Utf8Bytes>>>>;

pub(super) async fn run() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    let accepting = async {
        let everybody = Everybody::default();
        for number in 0.. {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(client(stream, number, Arc::clone(&everybody)));
        }
        anyhow::Ok(())
    };
    tokio::select! {
        result = accepting => result,
        () = super::end_of_input() => Ok(()),
    }
}

async fn client(stream: TcpStream, number: u64, everybody: Everybody) -> Result<()> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    let (sender, mut receiver) = unbounded_channel();
    lock(&everybody).insert(number, sender);
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    for sender in lock(&everybody).values() {
                        // One that is just leaving.
                        let _ = sender.send(text.clone());
                    }
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
    lock(&everybody).remove(&number);
    Ok(())
}

fn lock(
    everybody: &Everybody,
) -> std::sync::MutexGuard<'_, BTreeMap<u64, UnboundedSender<Utf8Bytes>>> {
    everybody.lock().unwrap_or_else(PoisonError::into_inner)
}
