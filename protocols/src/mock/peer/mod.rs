//! The other end of the mock network, in the hands of a test.

mod doors;
mod files;
mod kept;
mod past;
mod people;
mod pipe;
mod places;
mod serve;
mod talk;
mod wants;
mod world;

use async_trait::async_trait;
use kaiwa_core::session::{HttpRequest, HttpResponse, Target};
use kaiwa_core::{AuthField, ConnectionEvent, Error, ErrorKind};

use self::pipe::pipe;
use self::serve::{Link, Shared};
use self::world::World;
use super::script::Script;
use super::{MockConnection, MockSession};
use crate::driver::Driver;
use crate::transport::{Connector, HttpProgress, Transport};

pub use self::world::{REORDER_PATIENCE, SILENCE};

/// The server of one mock network in memory. It answers by its [`Script`] and does at once what its methods say, to all
/// its connections.
#[derive(Clone)]
pub struct MockPeer {
    world: Shared,
}

/// In which order confirmations are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    Straight,
    /// The last one first.
    Reversed,
    /// As they came, each twice.
    Twice,
}

impl MockPeer {
    /// A peer with one channel and nobody there.
    #[must_use]
    pub fn new(script: Script) -> Self {
        Self {
            world: Shared::new(World::new(script)),
        }
    }

    /// A connection to this peer, not yet connected.
    #[must_use]
    pub fn connection(&self) -> MockConnection {
        let world = self.world.clone();
        MockConnection::over(Driver::new(MockSession::new, move |auth| {
            if let Some(words) = AuthField::find(auth, "script") {
                let seed = match AuthField::find(auth, "seed") {
                    Some(seed) => seed.parse().map_err(|_| {
                        Error::new(ErrorKind::Invalid, "login field `seed` must be a number")
                    })?,
                    None => 0,
                };
                world.lock().play(Script::echo().seed(seed).parse(words)?);
            }
            Ok(Box::new(Memory {
                world: world.clone(),
            }))
        }))
    }

    /// Somebody says `text` in the lobby.
    pub fn say(&self, text: &str) {
        self.world.lock().say(text);
    }

    /// Tells everybody that `event` has happened.
    pub fn announce(&self, event: &ConnectionEvent) {
        self.world.lock().broadcast(event);
    }

    /// The text of every message that has arrived, again for one that came twice.
    #[must_use]
    pub fn received(&self) -> Vec<String> {
        self.world.lock().received.iter().cloned().collect()
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.world.lock().links.len()
    }

    /// Waits until something has arrived or a connection has come or gone since the last call.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing. Only one may wait at a time.
    pub async fn changed(&self) {
        let changed = self.world.lock().changed.clone();
        changed.notified().await;
    }

    /// Says `count` messages, `flood 0` and so on, to everybody, as fast as each reads.
    pub fn flood(&self, count: u64) {
        self.each(|link| link.flood(count));
    }

    /// Sends lines of noise.
    pub fn garbage(&self, lines: u64) {
        let mut world = self.world.lock();
        for _ in 0..lines {
            let line = world.dice.noise();
            for link in world.links.values_mut() {
                link.push_line(line.clone());
            }
        }
    }

    /// Sends these bytes as they are.
    pub fn raw(&self, bytes: &[u8]) {
        self.each(|link| link.push_line(bytes.to_vec()));
    }

    /// Breaks every connection without a goodbye, whatever is still to be written.
    pub fn cut(&self) {
        let mut world = self.world.lock();
        let ids: Vec<u64> = world.links.keys().copied().collect();
        for id in ids {
            world.remove_link(id);
        }
    }

    /// Says goodbye and ends every connection.
    pub fn bye(&self, reason: &str) {
        self.each(|link| link.bye(reason));
    }

    /// Ends the peer's half of every connection; it reads on.
    pub fn half_close(&self) {
        self.each(Link::half_close);
    }

    /// Keeps every connection open and says nothing more on it, not even to a ping.
    pub fn fall_silent(&self) {
        self.each(Link::silence);
    }

    /// Reads no more, or again.
    pub fn read(&self, reading: bool) {
        self.each(|link| {
            link.reading.send_replace(reading);
        });
    }

    /// Keeps confirmations back, also those of files, until [`MockPeer::release`].
    pub fn hold(&self) {
        self.world.lock().held.get_or_insert_default();
    }

    /// Sends the confirmations kept back, to whoever is connected now, and holds no more.
    pub fn release(&self, order: Order) {
        let mut world = self.world.lock();
        let mut held = world.held.take().unwrap_or_default();
        world.released.notify_waiters();
        if order == Order::Reversed {
            held.reverse();
        }
        for (session, packet) in held {
            let owner = |link: &&mut Link| {
                link.hello
                    .as_ref()
                    .is_some_and(|hello| hello.session == session)
            };
            if let Some(link) = world.links.values_mut().find(owner) {
                link.push(&packet, None);
                if order == Order::Twice {
                    link.push(&packet, None);
                }
            }
        }
    }

    /// Refuses the next `count` sign-ins.
    pub fn refuse_sign_ins(&self, count: u64) {
        self.world.lock().refusals = count;
    }

    /// Lets nobody in, or lets them in again; open connections stay.
    pub fn down(&self, down: bool) {
        self.world.lock().down = down;
    }

    /// Says nothing on connections made from now on, or speaks again.
    pub fn stall(&self, stall: bool) {
        self.world.lock().stall = stall;
    }

    /// Another script from now on.
    pub fn play(&self, script: Script) {
        self.world.lock().play(script);
    }

    fn each(&self, mut what: impl FnMut(&mut Link)) {
        for link in self.world.lock().links.values_mut() {
            what(link);
        }
    }
}

impl std::fmt::Debug for MockPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockPeer").finish_non_exhaustive()
    }
}

/// Opens pipes to one peer.
struct Memory {
    world: Shared,
}

#[async_trait]
impl Connector for Memory {
    async fn open(&self, _target: &Target) -> Result<Box<dyn Transport>, Error> {
        if self.world.lock().down {
            return Err(Error::new(ErrorKind::Refused, "nobody is there"));
        }
        let (near, far) = pipe();
        self.world.serve(far);
        Ok(Box::new(near))
    }

    async fn http(
        &self,
        request: HttpRequest,
        progress: &HttpProgress,
    ) -> Result<HttpResponse, Error> {
        self.world.take_file(request, progress).await
    }
}
