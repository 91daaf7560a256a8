//! Which library this is.

use crate::raw;
use crate::text::kaiwa_str;

/// Changes only when callers must be compiled again, and is the SONAME.
const ABI_VERSION: u32 = 0;

/// The version of the library as one number: major × 1,000,000 + minor × 1,000 + patch. `KAIWA_VERSION_NUMBER` is that of the
/// header; a program made with a newer header than the library it runs with must not touch what is newer.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_version_number() -> u32 {
    number()
}

/// The version of the library in words, for example `0.1.0`. Static.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_version() -> kaiwa_str {
    raw::fixed(concat!(env!("CARGO_PKG_VERSION"), "\0"))
}

/// A number that changes only when callers must be compiled again; it is the SONAME's. Before 1.0 it may rise with any minor
/// version, and the changelog says so.
///
/// Any thread. Since 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn kaiwa_abi_version() -> u32 {
    ABI_VERSION
}

/// From the parts that cargo gives.
fn number() -> u32 {
    let part = |text: &str| text.parse().unwrap_or(0_u32);
    part(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
        + part(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
        + part(env!("CARGO_PKG_VERSION_PATCH"))
}
