//! Sizes, offsets and numbers that compiled callers rely on, against a table that is checked in: `abi.txt`, for 64-bit Linux.
//! `KAIWA_BLESS=1` writes it; a change of a line (and not only new ones) is a break of the ABI.

use std::fmt::Write as _;
use std::process::Command;

use crate::build::{here, include, limited, out, succeeds};

#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn callers_need_not_be_compiled_again() {
    let header = std::fs::read_to_string(include().join("kaiwa.h")).unwrap();
    let source = out().join("abi.c");
    std::fs::write(&source, printer(&header)).unwrap();
    let program = out().join("abi");
    let mut cc = Command::new("cc");
    cc.arg("-I")
        .arg(include())
        .arg(&source)
        .arg("-o")
        .arg(&program);
    succeeds(&mut cc);
    let now = String::from_utf8(succeeds(&mut limited(&program)).stdout).unwrap();
    let table = here().join("tests/c/abi.txt");
    if std::env::var_os("KAIWA_BLESS").is_some() {
        std::fs::write(&table, &now).unwrap();
    }
    let then = std::fs::read_to_string(&table).unwrap_or_default();
    let gone: Vec<&str> = then
        .lines()
        .filter(|line| !now.lines().any(|new| new == *line))
        .collect();
    assert!(
        now == then,
        "the ABI is not that of tests/c/abi.txt; gone or changed: {gone:#?}\nIf callers are meant to be compiled again, raise \
         ABI_VERSION; then KAIWA_BLESS=1 cargo test -p kaiwa-ffi --test c abi"
    );
}

/// A program that prints the size of each struct, the offset of each member, and each number of an enum.
fn printer(header: &str) -> String {
    let mut lines = String::new();
    let mut inside = None;
    let comment = |line: &&str| line.starts_with(['*', '/', '#']) || line.is_empty();
    for line in header.lines().map(str::trim).filter(|line| !comment(line)) {
        if let Some(name) = line
            .strip_prefix("struct ")
            .and_then(|rest| rest.strip_suffix(" {"))
        {
            inside = Some(name);
            let print = "printf(\"%s %zu\\n\"";
            let _ = writeln!(lines, "  {print}, \"{name}\", sizeof({name}));");
        } else if line.starts_with('}') {
            inside = None;
        } else if let Some(name) = inside {
            let member = line
                .trim_end_matches(';')
                .rsplit([' ', '*'])
                .next()
                .unwrap();
            let member = member.split('[').next().unwrap();
            let print = "printf(\"%s.%s %zu\\n\"";
            let offset = format!("offsetof({name}, {member})");
            let _ = writeln!(lines, "  {print}, \"{name}\", \"{member}\", {offset});");
        } else if let Some((name, _)) = line.split_once(" = ")
            && name.starts_with("KAIWA_")
        {
            let _ = writeln!(lines, "  printf(\"%s %d\\n\", \"{name}\", (int){name});");
        }
    }
    format!("#include <kaiwa.h>\n#include <stdio.h>\nint main(void) {{\n{lines}  return 0;\n}}\n")
}
