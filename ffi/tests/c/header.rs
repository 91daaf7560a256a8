//! The header compiles alone, in every language that it is for.

use std::process::Command;

use crate::build::{STRICT, include, is_there, out, succeeds};

const C: [&str; 3] = ["c99", "c11", "c17"];
const CXX: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

#[test]
fn the_header_compiles_as_c_and_as_cxx() {
    let compilers = [("gcc", "c", &C[..]), ("clang", "c", &C[..])];
    let compilers = compilers
        .into_iter()
        .chain([("g++", "c++", &CXX[..]), ("clang++", "c++", &CXX[..])]);
    let mut compiled = 0;
    for (compiler, language, standards) in compilers {
        if !is_there(compiler) {
            continue;
        }
        for standard in standards {
            let mut cc = Command::new(compiler);
            cc.args(STRICT)
                .args(["-fsyntax-only", "-x", language])
                .arg(format!("-std={standard}"))
                .arg(include().join("kaiwa.h"));
            succeeds(&mut cc);
            compiled += 1;
        }
    }
    assert!(compiled >= C.len(), "no C compiler is installed");
}

/// The macros are for convenience, but they work where they say, in all languages.
#[test]
fn the_macros_make_constants_and_values() {
    let source = out().join("macros.c");
    let code = "#include <kaiwa.h>
static const kaiwa_login_field form[] = {{KAIWA_STR_INIT(\"name\"), KAIWA_STR_INIT(\"ann\")}};
static const kaiwa_client_options options = KAIWA_CLIENT_OPTIONS_INIT;
static size_t length(kaiwa_str text) { return text.len; }
int main(void) {
  return length(KAIWA_STR(\"ann\")) == form[0].value.len && !length(KAIWA_NONE) && options.size ? 0 : 1;
}
";
    std::fs::write(&source, code).unwrap();
    for (compiler, language, standards) in [("gcc", "c", &C[..]), ("g++", "c++", &CXX[..])] {
        for standard in standards {
            let mut cc = Command::new(compiler);
            cc.args(STRICT)
                .args(["-fsyntax-only", "-x", language])
                .arg(format!("-std={standard}"))
                .arg("-I")
                .arg(include())
                .arg(&source);
            succeeds(&mut cc);
        }
    }
}

/// As Swift and Objective-C import it.
#[test]
fn the_module_map_is_a_module() {
    if !is_there("clang") {
        return;
    }
    let source = out().join("import.m");
    let code = "@import Kaiwa;\nint main(void) { return kaiwa_last_error()->status == KAIWA_OK ? 0 : 1; }\n";
    std::fs::write(&source, code).unwrap();
    let mut clang = Command::new("clang");
    clang
        .args(STRICT)
        .args([
            "-fsyntax-only",
            "-fmodules",
            "-fcxx-modules",
            "-x",
            "objective-c",
        ])
        .arg(format!(
            "-fmodules-cache-path={}",
            out().join("modules").display()
        ))
        .arg(format!(
            "-fmodule-map-file={}",
            include().join("module.modulemap").display()
        ))
        .arg(source);
    succeeds(&mut clang);
}

/// What a binding does that reads the header: no includes, then the preprocessor. Nothing but C declarations may be left.
#[test]
fn the_header_without_includes_is_plain_declarations() {
    let header = std::fs::read_to_string(include().join("kaiwa.h")).unwrap();
    let bare: String = header
        .lines()
        .filter(|line| !line.starts_with("#include"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let path = out().join("bare.h");
    std::fs::write(&path, bare).unwrap();
    let output = succeeds(Command::new("cc").args(["-E", "-P", "-x", "c"]).arg(path));
    let plain = String::from_utf8(output.stdout).unwrap();
    for word in ["#", "__attribute__", "__declspec", "extern", "KAIWA_API"] {
        assert!(!plain.contains(word), "{word} is left");
    }
    assert!(plain.contains("kaiwa_client_pump"));
}
