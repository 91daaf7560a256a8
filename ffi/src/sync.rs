//! What threads meet at in the pump. `loom/` compiles [`crate::intake`], [`crate::signal`] and [`crate::wakeup`] with loom's in
//! its place.

pub(crate) use std::sync::atomic::AtomicBool;
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
