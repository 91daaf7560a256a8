//! Facts about chat networks, as functions over an address: the same checks run against the real program and against our
//! own server, so that neither our reading of the real one nor our copy of it can drift.
//!
//! `cargo xtask interop` builds the real programs, starts them in network namespaces of their own and runs the tests here.
//!
//! Start at [`wschat`], what a server does; then [`client`], what our client makes of it; [`oshatori`] is a foreign client on our server.

pub mod client;
pub mod oshatori;
pub mod peer;
pub mod wschat;
