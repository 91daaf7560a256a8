//! One connection at the peer's end: a task that reads, a task that writes, and what waits to be written.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::world::{REORDER_PATIENCE, World};
use crate::mock::script::Dice;
use crate::mock::wire::{Hello, Lines, ServerPacket, decode_client, encode_server};

/// Messages of a flood written at once: enough to fill a client's read.
const FLOOD_CHUNK: u64 = 256;

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;

/// Lines that wait for a client that does not read; then it is cut off.
const MAX_WAITING: usize = 100_000;

/// A world shared by the tasks of its connections and by the one who gives orders.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(super) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves a new connection until it ends.
    pub(super) fn serve(&self, stream: DuplexStream) {
        let (input, output) = tokio::io::split(stream);
        let (reading, may_read) = watch::channel(true);
        let wake = Arc::new(Notify::new());
        let link = Link::new(reading, Arc::clone(&wake));
        let mut world = self.lock();
        let id = world.add_link(link);
        let reader = tokio::spawn(read(self.clone(), id, input, may_read));
        let writer = tokio::spawn(write(self.clone(), id, output, wake));
        if let Some(link) = world.links.get_mut(&id) {
            link.tasks = vec![reader.abort_handle(), writer.abort_handle()];
        }
    }
}

async fn read(
    world: Shared,
    id: u64,
    mut input: ReadHalf<DuplexStream>,
    mut may_read: watch::Receiver<bool>,
) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        // The sender lives in the link, and with the link this task ends.
        if may_read.wait_for(|may| *may).await.is_err() {
            break;
        }
        let read = tokio::select! {
            read = input.read(&mut buffer) => read,
            _ = may_read.wait_for(|may| !may) => continue,
        };
        let bytes = match read {
            Ok(count) if count > 0 => buffer.get(..count).unwrap_or_default(),
            _ => break,
        };
        let cut = lines.push(bytes, |line| {
            if let Some(packet) = decode_client(line) {
                world.lock().handle(id, packet);
            }
        });
        if cut.is_err() {
            break;
        }
    }
    world.lock().remove_link(id);
}

async fn write(world: Shared, id: u64, mut output: WriteHalf<DuplexStream>, wake: Arc<Notify>) {
    loop {
        let step = next_step(&world, id);
        let result = match step {
            Step::Write(bytes) => output.write_all(&bytes).await,
            Step::Sleep(until) => {
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = wake.notified() => {}
                }
                Ok(())
            }
            Step::Idle => {
                wake.notified().await;
                Ok(())
            }
            Step::HalfClose => output.shutdown().await,
            Step::End => {
                let _ = output.shutdown().await;
                break;
            }
        };
        if result.is_err() {
            break;
        }
    }
    world.lock().remove_link(id);
}

fn next_step(world: &Shared, id: u64) -> Step {
    let mut world = world.lock();
    let world = &mut *world;
    match world.links.get_mut(&id) {
        None => Step::End,
        Some(link) => match link.next(&mut world.dice) {
            Ok(step) => step,
            Err(Flood { from, count }) => Step::Write(world.flood_messages(from..from + count)),
        },
    }
}

enum Step {
    Write(Vec<u8>),
    Sleep(Instant),
    Idle,
    HalfClose,
    End,
}

/// Messages of a flood that are to be written now.
struct Flood {
    from: u64,
    count: u64,
}

enum Out {
    Line { due: Option<Instant>, line: Vec<u8> },
    Flood { from: u64, until: u64 },
    HalfClose,
    End,
}

/// A connection as the world sees it.
pub(super) struct Link {
    /// Who it is, once signed in.
    pub(super) hello: Option<Hello>,
    /// Requests that it has brought.
    pub(super) wants: u64,
    pub(super) reading: watch::Sender<bool>,
    tasks: Vec<AbortHandle>,
    out: VecDeque<Out>,
    /// Answers that wait to be shuffled, and since when.
    gathered: Vec<ServerPacket>,
    gathered_at: Option<Instant>,
    silent: bool,
    wake: Arc<Notify>,
}

impl Link {
    fn new(reading: watch::Sender<bool>, wake: Arc<Notify>) -> Self {
        Self {
            hello: None,
            wants: 0,
            reading,
            tasks: Vec::new(),
            out: VecDeque::new(),
            gathered: Vec::new(),
            gathered_at: None,
            silent: false,
            wake,
        }
    }

    /// Queues a packet, to be written after `delay`.
    pub(super) fn push(&mut self, packet: &ServerPacket, delay: Option<Duration>) {
        // A packet too long for the wire cannot be told; the client's limits keep it from coming here.
        let Ok(line) = encode_server(packet) else {
            return;
        };
        let due = delay.map(|delay| Instant::now() + delay);
        self.queue(Out::Line { due, line });
    }

    /// Queues a line as it is.
    pub(super) fn push_line(&mut self, line: Vec<u8>) {
        self.queue(Out::Line { due: None, line });
    }

    /// Queues `count` messages, which are made when there is room to write them.
    pub(super) fn flood(&mut self, count: u64) {
        if count > 0 {
            self.queue(Out::Flood {
                from: 0,
                until: count,
            });
        }
    }

    /// Keeps an answer to be shuffled with others.
    pub(super) fn gather(&mut self, packet: ServerPacket) {
        self.gathered.push(packet);
        self.gathered_at.get_or_insert_with(Instant::now);
        self.wake.notify_one();
    }

    pub(super) fn gathered(&self) -> u64 {
        self.gathered.len() as u64
    }

    /// Queues the gathered answers in another order.
    pub(super) fn spill(&mut self, dice: &mut Dice) {
        self.gathered_at = None;
        for packet in dice.shuffle(std::mem::take(&mut self.gathered)) {
            self.push(&packet, None);
        }
    }

    pub(super) fn bye(&mut self, reason: &str) {
        self.push(
            &ServerPacket::Bye {
                reason: reason.to_owned(),
            },
            None,
        );
        self.end();
    }

    /// Writes what waits, then ends the connection.
    pub(super) fn end(&mut self) {
        self.queue(Out::End);
    }

    /// Writes what waits and then nothing more, but reads on.
    pub(super) fn half_close(&mut self) {
        self.queue(Out::HalfClose);
    }

    /// Says nothing more.
    pub(super) fn silence(&mut self) {
        self.silent = true;
        self.out.clear();
        self.gathered.clear();
        self.gathered_at = None;
    }

    /// Ends the tasks and with them the stream.
    pub(super) fn abort(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }

    fn queue(&mut self, out: Out) {
        if self.silent {
            return;
        }
        if self.out.len() >= MAX_WAITING {
            self.abort();
            return;
        }
        self.out.push_back(out);
        self.wake.notify_one();
    }

    fn next(&mut self, dice: &mut Dice) -> Result<Step, Flood> {
        if self
            .gathered_at
            .is_some_and(|at| at + REORDER_PATIENCE <= Instant::now())
        {
            self.spill(dice);
        }
        match self.out.pop_front() {
            Some(Out::Line {
                due: Some(due),
                line,
            }) if due > Instant::now() => {
                self.out.push_front(Out::Line {
                    due: Some(due),
                    line,
                });
                Ok(Step::Sleep(due))
            }
            Some(Out::Line { line, .. }) => Ok(Step::Write(line)),
            Some(Out::Flood { from, until }) => {
                let count = FLOOD_CHUNK.min(until - from);
                if from + count < until {
                    self.out.push_front(Out::Flood {
                        from: from + count,
                        until,
                    });
                }
                Err(Flood { from, count })
            }
            Some(Out::HalfClose) => {
                self.silent = true;
                self.out.clear();
                Ok(Step::HalfClose)
            }
            Some(Out::End) => Ok(Step::End),
            None => Ok(match self.gathered_at {
                Some(at) => Step::Sleep(at + REORDER_PATIENCE),
                None => Step::Idle,
            }),
        }
    }
}
