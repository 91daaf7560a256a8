//! Models of what threads hand over to one another: the queues of core, and the pump, the signal and the wakeup handler of
//! ffi. The files are the library's own, compiled here with loom's locks and atomics in place of std's. Loom runs each model
//! in every order of steps that its threads can take, but interrupts a thread no more than [`PREEMPTIONS`] times, and a
//! model fails when all its threads wait for one another: to be woken is a promise that every model holds.
//!
//! [`queue`] and [`pump`] are the models; [`sync`] and [`descriptor`] stand for the system.

#![cfg(test)]

use loom::model::Builder;

mod descriptor;
#[path = "../../ffi/src/intake.rs"]
mod intake;
mod pump;
mod queue;
#[path = "../../ffi/src/signal.rs"]
mod signal;
mod sync;
#[path = "../../ffi/src/wakeup.rs"]
mod wakeup;

/// How often a thread is interrupted where it would not wait, unless `LOOM_MAX_PREEMPTIONS` says otherwise. Nearly all mistakes
/// need one or two; each more takes ten times as long.
const PREEMPTIONS: usize = 2;

/// Runs what `threads` starts in every order.
fn model(threads: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.check(threads);
}
