//! A self-hosted chat server: one world (rooms, messages) behind one front end per network.
//!
//! What it does: [`Server`] listens, lets clients in, keeps every message in a [`store`] before anybody sees it, and hands it
//! to everybody in the room. A front end speaks one network's wire format; today there are `wschat`, `rim`,
//! `oshi` and `sockchat`.
//!
//! What it does not do: it is no command (`kaiwa serve` is), and never dials out.
//!
//! Start at [`Config`] and [`Server::start`]; then `world` (what is said once, and who gets it), `ws` (one client's
//! connection), `front/wschat.rs` (what that client may say). docs/server.md has the promises and limits.

#![forbid(unsafe_code)]

pub mod config;
pub mod store;

mod auth;
mod files;
mod front;
mod jwt;
mod listen;
mod log_dir;
pub mod names;
mod private;
mod server;
mod site;
mod world;
mod ws;

pub use config::Config;
pub use kaiwa_core::{Error, ErrorKind};
pub use server::Server;
pub use world::Counters;
