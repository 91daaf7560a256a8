//! Child processes of C programs.

use crate::build;

#[test]
fn a_write_to_a_backend_that_reads_no_more_is_no_signal() {
    let source = build::here().join("tests/c/backend.c");
    let program = build::program(&source, "backend");
    let output = build::succeeds(&mut build::limited(&program));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
