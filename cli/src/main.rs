//! The command `kaiwa`.

fn main() {}
