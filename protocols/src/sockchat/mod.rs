//! Sock Chat: chat over WebSocket in packets of fields joined by TAB, with one channel at a time, commands within messages, and
//! BBCode as everybody's markup.
//!
//! Four dialects are spoken, which [`wire`] reads all; it writes the one that every known client understands.

pub mod wire;
