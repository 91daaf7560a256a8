//! What it costs the server in memory to hand one message to many, counted. The bound is what it costs now; who raises it has a
//! reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::net::{SocketAddr, TcpStream};
use std::thread;

use allocation_counter::measure;
use common::{STUCK, Site, bounded};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// Who listens.
const CLIENTS: u64 = 50;

/// Messages before it is counted: memory that is used again is there by then.
const WARM_UP: u64 = 100;

/// Messages that are counted.
const COUNTED: u64 = 200;

/// Allocations of one message on the server's thread: twenty for reading it, keeping it and making the frame that all share, and
/// one for whatever the server does beside. Handing it to each of the fifty costs none.
const PER_MESSAGE: u64 = 21;

/// Says messages and takes each of them as often as there are clients; tells when each part is done, and begins the next
/// when it is told.
fn talk(address: SocketAddr, done: &mpsc::Sender<()>, go: &mut mpsc::Receiver<()>) {
    let mut clients: Vec<WebSocket<TcpStream>> = (0..CLIENTS)
        .map(|_| {
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(STUCK)).unwrap();
            client(format!("ws://{address}/wschat"), stream).unwrap().0
        })
        .collect();
    for count in [WARM_UP, COUNTED] {
        for number in 0..count {
            let text = format!("{{\"usr\":\"ann\",\"msg\":\"{number:0>100}\"}}");
            let speaker = clients.first_mut().unwrap();
            speaker.send(Message::text(text)).unwrap();
            for client in &mut clients {
                while !client.read().unwrap().is_text() {}
            }
        }
        done.blocking_send(()).unwrap();
        if go.blocking_recv().is_none() {
            return;
        }
    }
}

#[test]
fn a_message_to_many() {
    // The whole server but its store on this thread, which is the one that is counted; the clients on another.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let site = runtime.block_on(Site::start());
    let address = site.addr();
    let (done, mut is_done) = mpsc::channel(1);
    let (go, mut goes) = mpsc::channel(1);
    let talking = thread::spawn(move || talk(address, &done, &mut goes));
    runtime.block_on(bounded(is_done.recv())).unwrap();
    let allocations = measure(|| {
        runtime.block_on(async {
            go.send(()).await.unwrap();
            bounded(is_done.recv()).await.unwrap();
        });
    });
    drop(go);
    talking.join().unwrap();
    runtime.block_on(site.shutdown());
    let allocations = allocations.count_total;
    assert!(
        allocations <= PER_MESSAGE * COUNTED,
        "{allocations} for {COUNTED} messages to {CLIENTS}"
    );
}
