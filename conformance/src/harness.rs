//! What the author of a network brings: a peer in this process, and how to make it misbehave.

use std::future::Future;

use kaiwa_core::{AuthField, Connection, Id};

/// How to test one network.
///
/// Everything runs on one thread, so that nothing here needs to be `Send`.
pub trait Harness: 'static {
    /// The other end.
    type Peer: Peer;

    /// What the network or its peer cannot do. Leave it empty unless there is a reason, and write the reason down.
    const LACKS: &'static [Need];

    /// Whether the peer is in memory, so that time may be paused: then a minute of waiting takes no time. Over real sockets
    /// it must be `false`.
    const PAUSED: bool;

    /// Starts a fresh peer, with nobody connected.
    fn start() -> impl Future<Output = Self::Peer>;
}

/// The other end of a network: a server in this process, stopped when dropped.
pub trait Peer: 'static {
    /// A connection that has never been connected.
    fn connection(&self) -> Box<dyn Connection>;

    /// A filled login form that leads to this peer, different for each `who`. Its secrets hold [`SECRET`](crate::samples::SECRET).
    fn auth(&self, who: usize) -> Vec<AuthField>;

    /// The channel in which [`Peer::say`] speaks and in which the suite does.
    fn channel(&self) -> Id;

    /// Somebody else says `text` in the channel, to all who are connected.
    fn say(&mut self, text: &str) -> impl Future<Output = ()>;

    /// The texts of all messages that have arrived, oldest first; one that came twice is there twice.
    fn accepted(&self) -> Vec<String>;

    /// How many transports are open.
    fn open(&self) -> usize;

    /// Waits until something has changed in what [`Peer::accepted`] and [`Peer::open`] say since the last look, or may have.
    fn changed(&mut self) -> impl Future<Output = ()>;

    /// Does `fault`. Called only for what [`Harness::LACKS`] does not exclude.
    fn fault(&mut self, fault: Fault) -> impl Future<Output = ()>;
}

/// What a peer is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Break every open transport without a goodbye.
    Cut,
    /// End every connection in the network's orderly way.
    Goodbye,
    /// End only the peer's half of every transport; read on.
    HalfClose,
    /// Read nothing more from open transports, or read again.
    Reading(bool),
    /// Say nothing more on open transports, not even an answer.
    Silence,
    /// Accept transports, but never answer on them: no handshake, no sign-in.
    Stall,
    /// Accept no transports, or accept them again.
    Down(bool),
    /// Refuse the next sign-in.
    RefuseSignIn,
    /// Refuse every message from now on.
    RefuseMessages,
    /// Take messages, but keep their confirmations back.
    Hold,
    /// Send the confirmations that were kept back, to whoever is connected now, and keep none back from now on.
    Release(Order),
    /// Send something that is not of this network, chosen by the number.
    Garbage(u64),
    /// Somebody says `flood 0`, `flood 1` … up to this count, as fast as it goes. Return at once.
    Flood(u64),
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

/// What a case needs and not every network or peer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// The network checks who signs in.
    SignIn,
    /// The network notices a silent peer.
    Liveness,
    /// After a reconnect the network tells what was said meanwhile.
    History,
    /// Confirmations name their message, so that they may come in any order.
    Disorder,
    /// Confirmations name their message, so that they may come twice.
    Duplicates,
    /// The network can refuse a single message.
    Refusal,
    /// A confirmation may come on a later connection.
    Late,
    /// A message of the user's that comes on a later connection is known as theirs.
    Own,
    /// Others are told how far somebody has read.
    Receipts,
    /// Somebody is told who asks them for contact, and what became of it.
    Contacts,
    /// Who has made a channel may put others into it, without asking them.
    Adding,
    /// A channel can lie in another one.
    Nesting,
    /// The accounts of the suite may set the topic of its channel.
    Topics,
    /// The first account of the suite may remove and ban others from its channel.
    Moderation,
    /// Who is away can be back without saying something.
    Returning,
    /// A message can say which one it answers.
    Replies,
    /// Files go along with messages; known from the capabilities, never listed in [`Harness::LACKS`].
    Files,
    /// [`Fault::Hold`] and [`Fault::Release`].
    Hold,
    /// [`Fault::Stall`].
    Stall,
    /// [`Fault::Silence`].
    Silence,
    /// [`Fault::Garbage`].
    Garbage,
    /// [`Fault::HalfClose`].
    HalfClose,
    /// [`Fault::Goodbye`].
    Goodbye,
    /// [`Fault::Reading`].
    StopReading,
    /// [`Harness::PAUSED`]; never listed in [`Harness::LACKS`].
    PausedTime,
}
