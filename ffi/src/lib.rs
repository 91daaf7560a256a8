//! The C ABI of kaiwa: what `include/kaiwa.h` declares. The header is made from the comments here and is the manual.
//!
//! What it does: handles for C ([`client`], [`account`], [`draft`]), the pump that runs callbacks on the caller's thread
//! ([`client::kaiwa_client_pump`]), and read-only structs for everything that happens ([`view`]).
//!
//! What it does not do: it has no logic and no error type of its own; both are those of `kaiwa-core`. Pointers of callers
//! become references in `raw` and nowhere else.
//!
//! Start at [`client`], then read [`view::kaiwa_event`].

#![allow(
    unsafe_code,
    reason = "exported names and pointers of C are what this crate is for; pointers are followed in `raw` only"
)]
#![allow(
    clippy::missing_safety_doc,
    reason = "what holds for every pointer is said once, at the head of the header"
)]
#![allow(
    non_camel_case_types,
    reason = "C sees these names; one search finds both sides"
)]

// In the order of the header; blank lines keep it.
pub mod status;
pub mod text;
pub mod version;

pub mod protocols;

pub mod client;

pub mod account;

pub mod send;

pub mod draft;

pub mod event;
pub mod kinds;

pub mod state;

pub mod log;

pub mod callback;
pub mod view;

#[cfg(feature = "test-hooks")]
pub mod hooks;

mod descriptor;
mod intake;
mod login;
mod pump;
mod raw;
mod signal;
mod sync;
mod wakeup;

#[cfg(test)]
mod tests;
