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

pub mod account;
pub mod callback;
pub mod client;
pub mod draft;
pub mod event;
#[cfg(feature = "test-hooks")]
pub mod hooks;
pub mod kinds;
pub mod log;
pub mod protocols;
pub mod send;
pub mod state;
pub mod status;
pub mod text;
pub mod version;
pub mod view;

mod login;
mod pump;
mod raw;
mod signal;
mod wakeup;
