//! What somebody has chosen to hear, on networks on which to be in a room is not yet to hear it. Other networks do not ask.

use kaiwa_core::Error;

use super::{RoomId, UserId};

/// Rooms to which somebody may be subscribed: each sign-in follows all of them. Those that come with a membership do not count.
pub const MAX_SUBSCRIPTIONS: usize = 5000;

/// A room that somebody wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Which.
    pub room: RoomId,
    /// The first sequence of whose message they are told what becomes of it: in a stream that of all messages, elsewhere of what
    /// was said since they came last.
    pub since: i64,
    /// Everything up to this sequence is read.
    pub read: i64,
}

/// Questions about subscriptions.
pub trait ReadSubscriptions {
    /// What somebody is subscribed to, by room.
    fn subscriptions(&mut self, user: UserId) -> Result<Vec<Subscription>, Error>;
}

/// Changes of subscriptions. Whoever comes into the lobby, a group, a channel or a room of two is subscribed to it by that; leaving
/// a room, or being removed, ends the subscription to it and to the streams in it.
pub trait Subscriptions: ReadSubscriptions {
    /// Subscribes somebody to a room; tells how far they are in it, and whether they were not subscribed before.
    ///
    /// # Errors
    /// `NotFound` for somebody who is not in, `Invalid` for a circle, which has no messages, `Full` for somebody who has
    /// [`MAX_SUBSCRIPTIONS`].
    fn subscribe(&mut self, user: UserId, room: RoomId) -> Result<(Subscription, bool), Error>;

    /// Ends a subscription; tells whether there was one.
    fn unsubscribe(&mut self, user: UserId, room: RoomId) -> Result<bool, Error>;
}
