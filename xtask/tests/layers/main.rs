//! The layers of docs/architecture.md, drawn from the workspace itself: who depends on whom from the manifests
//! ([`manifests`]), what is used for what from the sources ([`imports`]). Each rule is a row of a table there, and beside it
//! stands a test that shows a violation being caught.
//!
//! [`source`] reads a source file; [`Networks`] knows the networks by their folders.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its input has failed"
)]

mod imports;
mod manifests;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::Source;

/// The names of the networks: the folders of `protocols/src` with a `wire` or `session` module, and `mock`, which has none.
struct Networks(BTreeSet<String>);

impl Networks {
    fn find() -> Self {
        let mut names = BTreeSet::from(["mock".to_owned()]);
        let folder = root().join("protocols/src");
        for entry in fs::read_dir(folder)
            .expect("protocols/src")
            .map(|entry| entry.expect("an entry"))
        {
            let has = |module: &str| entry.path().join(module).exists();
            if ["wire.rs", "wire", "session.rs", "session"]
                .into_iter()
                .any(has)
            {
                names.insert(entry.file_name().into_string().expect("a name in UTF-8"));
            }
        }
        Self(names)
    }

    /// The network named by a word, an identifier in either case included: `wschat_wire`, `WschatSession`, `MOCK`.
    fn named_by(&self, word: &str) -> Option<&str> {
        let parts = source::parts(word);
        // `SockChat` names sockchat: neighbouring parts count together too.
        let pairs = parts
            .iter()
            .zip(parts.iter().skip(1))
            .map(|(one, next)| format!("{one}{next}"));
        let found = parts
            .iter()
            .cloned()
            .chain(pairs)
            .find(|part| self.0.contains(part))?;
        self.0.get(&found).map(String::as_str)
    }
}

/// Every source file of the workspace.
fn sources() -> Vec<Source> {
    let metadata = manifests::metadata();
    let mut sources = Vec::new();
    for package in manifests::packages(&metadata) {
        let folder = package.folder();
        read_folder(&folder, &mut sources);
    }
    sources
}

fn read_folder(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
    {
        let path = entry.path();
        if path.is_dir() {
            read_folder(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let root = root();
            let name = path
                .strip_prefix(&root)
                .expect("below the root")
                .to_string_lossy();
            sources.push(Source::read(&name, &text));
        }
    }
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace").to_path_buf()
}

#[test]
fn names_of_networks_are_recognised() {
    let networks = Networks(["mock", "rim", "sockchat"].map(str::to_owned).into());
    for word in [
        "mock",
        "MockConnection",
        "MOCK_LIMIT",
        "SockChat",
        "sockchat_session",
        "sock_chat",
    ] {
        assert!(networks.named_by(word).is_some(), "{word}");
    }
    for word in ["trim", "primary", "mocking", "sock", "chat", "smock"] {
        assert_eq!(networks.named_by(word), None, "{word}");
    }
}

#[test]
fn the_networks_are_found() {
    let Networks(names) = Networks::find();
    assert!(
        names.contains("wschat") && names.contains("mock"),
        "{names:?}"
    );
    assert!(
        !names.contains("driver") && !names.contains("transport"),
        "{names:?}"
    );
}
