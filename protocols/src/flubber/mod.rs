//! Backends in any language: a child program that speaks one network, in JSON over its pipes. The protocol is that of
//! the crate flubber-backend-proto 0.1.0-alpha, with an extension of kaiwa's for what it lacks.
//!
//! [`wire`] is the codec, both directions and both roles; [`backend`] offers any connection as a backend.

#[cfg(feature = "flubber-backend")]
pub mod backend;
pub mod wire;
