//! `include/kaiwa.h` is what cbindgen makes of the sources. `KAIWA_BLESS=1 cargo test -p kaiwa-ffi --test header` writes it.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot read its input has failed"
)]

use std::fs;
use std::path::Path;

use cbindgen::{Builder, Config, DocumentationLength, DocumentationStyle, Language, Style};

/// What stands above the declarations: the part of the manual that is about all of them.
const MANUAL: &str = include_str!("header/manual.txt");

/// Where the structs are declared.
const STRUCTS: &str = "/* All that is shown and taken; each is described below. */";

/// Macros for convenience; everything can be done without them.
const MACROS: &str = include_str!("header/macros.txt");

#[test]
fn the_header_is_made_from_the_sources() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = crate_folder.join("../include/kaiwa.h");
    let mut made = Vec::new();
    Builder::new()
        .with_crate(crate_folder)
        .with_config(config())
        .generate()
        .expect("cbindgen reads the sources")
        .write(&mut made);
    let made = named(&String::from_utf8(made).expect("a header in UTF-8"));
    if std::env::var_os("KAIWA_BLESS").is_some() {
        fs::write(&path, &made).expect("the header can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = made.lines().zip(kept.lines()).position(|(a, b)| a != b);
    assert!(
        made == kept,
        "include/kaiwa.h is not what the sources say (first in line {:?}); look at what changed for callers, then run \
         KAIWA_BLESS=1 cargo test -p kaiwa-ffi --test header",
        differs.map(|line| line + 1)
    );
}

/// Names the structs, which cbindgen leaves without a tag, and declares all of them first: one may hold pointers to its own kind,
/// and a caller may declare one without this header.
fn named(header: &str) -> String {
    const BEGIN: &str = "typedef struct {";
    let mut names = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let mut begun = None;
    for line in header.lines() {
        let end = line
            .strip_prefix("} ")
            .and_then(|end| end.strip_suffix(';'));
        match (line, begun, end) {
            (BEGIN, ..) => {
                begun = Some(lines.len());
                lines.push(String::new());
            }
            (_, Some(at), Some(name)) => {
                if let Some(first) = lines.get_mut(at) {
                    *first = format!("struct {name} {{");
                }
                names.push(format!("typedef struct {name} {name};"));
                lines.push("};".to_owned());
                begun = None;
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let made = lines.join("\n") + "\n";
    made.replace(STRUCTS, &format!("{STRUCTS}\n{}", names.join("\n")))
}

fn config() -> Config {
    let mut config = Config {
        language: Language::C,
        style: Style::Type,
        cpp_compat: true,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Doxy,
        documentation_length: DocumentationLength::Full,
        include_guard: Some("KAIWA_H".to_owned()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"]
            .map(str::to_owned)
            .into(),
        header: Some(MANUAL.trim_end().to_owned()),
        after_includes: Some(after_includes()),
        line_length: 100,
        ..Config::default()
    };
    config.function.prefix = Some("KAIWA_API".to_owned());
    // Taken as an integer only.
    config.export.include = vec!["kaiwa_log_level".to_owned()];
    // For the tests only.
    config.export.exclude = ["kaiwa_test_panic", "dlsym"].map(str::to_owned).into();
    config
}

/// The version of the header, which cbindgen does not know, and the macros.
fn after_includes() -> String {
    let part = |text: &str| text.parse::<u32>().expect("a number");
    let major = part(env!("CARGO_PKG_VERSION_MAJOR"));
    let minor = part(env!("CARGO_PKG_VERSION_MINOR"));
    let patch = part(env!("CARGO_PKG_VERSION_PATCH"));
    let number = major * 1_000_000 + minor * 1_000 + patch;
    format!(
        "\n/* The version of this header; kaiwa_version_number() is that of the library. */\n\
         #define KAIWA_VERSION_MAJOR {major}\n\
         #define KAIWA_VERSION_MINOR {minor}\n\
         #define KAIWA_VERSION_PATCH {patch}\n\
         #define KAIWA_VERSION_NUMBER {number}\n\n{}",
        MACROS.trim_end()
    )
}
