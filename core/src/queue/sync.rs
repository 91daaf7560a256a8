//! What the threads at a queue's ends meet at. `loom/` compiles the files beside this one with loom's in its place.

pub(super) use std::sync::atomic::AtomicUsize;
pub(super) use std::sync::{Mutex, MutexGuard};
