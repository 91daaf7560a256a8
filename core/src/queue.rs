//! Bounded event queues between a driver and its subscribers.

/// A subscriber's end of a connection's events.
#[derive(Debug)]
pub struct EventReceiver {}
