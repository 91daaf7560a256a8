//! What may happen to a session.

use arbitrary::Arbitrary;

use crate::Wanted;

/// One thing that may happen. What makes no sense just then (a frame without a connection) does not happen.
#[derive(Debug, Arbitrary)]
pub enum Action<'a> {
    /// The user connects.
    Connect,
    /// The transport stands.
    Open,
    /// The peer sends text.
    Text(&'a str),
    /// The peer sends bytes.
    Binary(&'a [u8]),
    /// The peer answers a ping that was written, counted from the last, or gives a sign of life unasked.
    Pong(u8),
    /// The peer asks for one.
    Ping,
    /// The server answers a text frame that was written, counted from the last.
    Answer(u8),
    /// The user says something, in a channel or without one.
    Say(Option<&'a str>, &'a str),
    /// The user asks for a sign of life.
    Ask,
    /// The user wants something else, if the network does it.
    Want(Wanted<'a>),
    /// The server answers an HTTP request, counted from the oldest.
    Http(u8),
    /// The server answers it with this status and body.
    HttpOdd(u8, u16, &'a [u8]),
    /// It comes to nothing.
    HttpLost(u8),
    /// So many milliseconds pass.
    Wait(u32),
    /// Time passes until the session wants to be called.
    Deadline,
    /// Reading stops.
    Pause,
    /// Reading goes on.
    Resume,
    /// The transport takes nothing for now.
    Block,
    /// The transport takes again.
    Unblock,
    /// The user leaves.
    Disconnect,
    /// The connection breaks.
    Break,
}
