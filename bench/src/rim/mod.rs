//! rim: accounts, groups and messages that are kept. Each measurement has a file: [`ack`] (how many messages a second are
//! acknowledged and relayed), [`history`] (a page of a long history), [`sign_in`] (somebody with a thousand groups), [`memory`]
//! (a thousand users who are just there).
//!
//! [`rest`] and [`people`] are what comes before: requests, accounts, groups, sign-ins. [`talk`] is the load generator, [`flood`]
//! one for a single client.

mod people;
mod rest;
mod talk;

pub(crate) mod ack;
pub(crate) mod flood;
pub(crate) mod history;
pub(crate) mod memory;
pub(crate) mod sign_in;
