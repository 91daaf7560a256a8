//! Sock Chat: what an event costs a flooded client, beside a real client library and beside no library at all.

pub(crate) mod emotes;
pub(crate) mod flood;
pub(crate) mod receive;
