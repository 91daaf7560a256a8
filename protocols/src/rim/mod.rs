//! rim, an instant messenger: accounts, contacts, groups and history over REST, live messages over a WebSocket.
//!
//! Both ends of its format are in [`wire`]. What kaiwa's own server adds to the original are additional fields, one
//! additional endpoint and the frame `Notify`, sent only to clients that asked for it; the original ignores them all.

pub mod wire;
