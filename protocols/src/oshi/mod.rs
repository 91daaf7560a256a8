//! Oshi JSON 1, the library's own richest network: circles, streams, and all that is said in them, over one WebSocket.
//!
//! Both ends of its format are in [`wire`].

pub mod wire;
