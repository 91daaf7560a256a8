//! For the tests of this library only: not in the header.

use crate::status::{guard, kaiwa_status};

/// Panics.
///
/// # Panics
/// Always, behind the guard.
#[allow(clippy::panic, reason = "what it is for")]
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_test_panic() -> kaiwa_status {
    guard(|| panic!("asked for by a test"))
}
