//! `cargo xtask`: the same words at home and in CI.

fn main() {}
