//! Rules over manifests: which of our crates may use which, and what core may not bring in.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::source::Source;

/// A crate of the workspace, and which of ours it may use.
struct Layer {
    name: &'static str,
    uses: &'static [&'static str],
    /// Further ones, in its tests.
    tests_use: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "kaiwa-core",
        uses: &[],
        // Itself, with its feature `schema`.
        tests_use: &["kaiwa-core"],
    },
    Layer {
        name: "kaiwa-conformance",
        uses: &["kaiwa-core"],
        tests_use: &[],
    },
    Layer {
        name: "kaiwa-protocols",
        uses: &["kaiwa-core"],
        tests_use: &["kaiwa-conformance"],
    },
    Layer {
        name: "kaiwa-server",
        uses: &["kaiwa-core", "kaiwa-protocols"],
        tests_use: &["kaiwa-conformance"],
    },
    Layer {
        name: "kaiwa-ffi",
        uses: &["kaiwa-core", "kaiwa-protocols"],
        // The examples in C talk to the server; of itself they use the hooks.
        tests_use: &["kaiwa-server", "kaiwa-ffi"],
    },
    Layer {
        name: "kaiwa-cli",
        uses: &["kaiwa-core", "kaiwa-protocols", "kaiwa-server"],
        // A network's client meets our own server only here.
        tests_use: &["kaiwa-conformance"],
    },
    Layer {
        name: "kaiwa-examples",
        uses: &["kaiwa-core", "kaiwa-protocols"],
        tests_use: &["kaiwa-server"],
    },
    // A program written for another crate of the same interface.
    Layer {
        name: "oshatori-compat",
        uses: &["kaiwa-protocols"],
        tests_use: &[],
    },
    Layer {
        name: "xtask",
        uses: &[],
        tests_use: &[],
    },
];

/// Crates that open sockets or speak TLS or HTTP: nothing for core.
pub(crate) const NETWORKING: &[&str] = &[
    "async-std",
    "axum",
    "curl",
    "h2",
    "http",
    "hyper",
    "mio",
    "native-tls",
    "openssl",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio-rustls",
    "tokio-socks",
    "tokio-tungstenite",
    "tungstenite",
    "ureq",
    "url",
];

/// Features of tokio that bring the system in.
const SYSTEM_FEATURES: &[&str] = &["fs", "full", "io-std", "net", "process", "signal"];

/// A member of the workspace, as `cargo metadata` describes it.
#[derive(Clone, Copy)]
pub(crate) struct Package<'a>(&'a Value);

impl<'a> Package<'a> {
    fn name(self) -> &'a str {
        text(self.0, "name")
    }

    pub(crate) fn folder(self) -> PathBuf {
        let manifest = Path::new(text(self.0, "manifest_path"));
        manifest.parent().expect("a folder").to_path_buf()
    }

    /// Name, whether it is for tests only, features.
    pub(crate) fn dependencies(self) -> impl Iterator<Item = (&'a str, bool, Vec<&'a str>)> {
        list(self.0, "dependencies").iter().map(|dependency| {
            let features = list(dependency, "features")
                .iter()
                .filter_map(Value::as_str);
            (
                text(dependency, "name"),
                dependency["kind"] == "dev",
                features.collect(),
            )
        })
    }

    /// The first files of its libraries and programs.
    fn roots(self) -> impl Iterator<Item = &'a str> {
        const SHIPPED: [&str; 6] = ["bin", "cdylib", "lib", "proc-macro", "rlib", "staticlib"];
        let targets = list(self.0, "targets").iter();
        let shipped = |kind: &Value| SHIPPED.iter().any(|shipped| kind == shipped);
        targets
            .filter(move |target| list(target, "kind").iter().any(shipped))
            .map(|target| text(target, "src_path"))
    }
}

pub(crate) fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut ask = Command::new(cargo);
    ask.args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(crate::root());
    let output = ask.output().expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

pub(crate) fn packages(metadata: &Value) -> impl Iterator<Item = Package<'_>> {
    list(metadata, "packages").iter().map(Package)
}

fn violations(metadata: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let ours: Vec<&str> = packages(metadata).map(|package| package.name()).collect();
    for package in packages(metadata) {
        let name = package.name();
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == name) else {
            wrong.push(format!(
                "{name} has no layer: give it a row in LAYERS and in docs/architecture.md"
            ));
            continue;
        };
        for (used, in_tests, features) in package.dependencies() {
            let allowed =
                layer.uses.contains(&used) || (in_tests && layer.tests_use.contains(&used));
            if ours.contains(&used) && !allowed {
                wrong.push(format!(
                    "{name} depends on {used}; of ours it may use {:?}",
                    layer.uses
                ));
            }
            if name != "kaiwa-core" {
                continue;
            }
            if NETWORKING.contains(&used) {
                wrong.push(format!(
                    "{name} depends on {used}; sockets, TLS and HTTP belong in kaiwa-protocols"
                ));
            }
            for feature in features
                .iter()
                .filter(|feature| used == "tokio" && SYSTEM_FEATURES.contains(feature))
            {
                wrong.push(format!("{name} takes tokio's feature {feature:?}; the system belongs in kaiwa-protocols"));
            }
        }
    }
    wrong
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn crates_depend_only_downwards() {
    assert_eq!(violations(&metadata()), Vec::<String>::new());
}

#[test]
fn members_take_the_lints_of_the_workspace() {
    for package in packages(&metadata()) {
        let path = package.folder().join("Cargo.toml");
        let text = std::fs::read_to_string(&path).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("TOML");
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        assert_eq!(
            inherits.and_then(toml::Value::as_bool),
            Some(true),
            "{}",
            path.display()
        );
    }
}

/// The lint of the workspace can be silenced below; `forbid` cannot, and it shows a reader where no unsafe code is. Examples
/// are spared: they show what their reader needs, and the rule on sources sees them too.
#[test]
fn crate_roots_refuse_unsafe_code() {
    let metadata = metadata();
    for package in packages(&metadata)
        .filter(|package| !["kaiwa-examples", "kaiwa-ffi"].contains(&package.name()))
    {
        for root in package.roots() {
            let text = std::fs::read_to_string(root).expect("a source file");
            let refuses = Source::read(root, &text).refuses_unsafe;
            assert!(
                refuses,
                "{root}: begin with #![forbid(unsafe_code)], or deny where a listed file needs it"
            );
        }
    }
}

#[test]
fn a_dependency_upwards_is_seen() {
    let wrong = |user: &str, used: &str, kind: Value| {
        let package = |name: &str, dependencies: Value| serde_json::json!({ "name": name, "dependencies": dependencies, "targets": [] });
        let dependency = serde_json::json!([{ "name": used, "kind": kind, "features": [] }]);
        let others = LAYERS.iter().filter(|layer| layer.name != user);
        let mut all: Vec<Value> = others
            .map(|layer| package(layer.name, Value::Null))
            .collect();
        all.push(package(user, dependency));
        violations(&serde_json::json!({ "packages": all })).len()
    };
    assert_eq!(wrong("kaiwa-protocols", "kaiwa-core", Value::Null), 0);
    assert_eq!(wrong("kaiwa-core", "kaiwa-protocols", Value::Null), 1);
    assert_eq!(
        wrong("kaiwa-conformance", "kaiwa-protocols", "dev".into()),
        1
    );
    assert_eq!(
        wrong("kaiwa-protocols", "kaiwa-conformance", "dev".into()),
        0
    );
    assert_eq!(
        wrong("kaiwa-protocols", "kaiwa-conformance", Value::Null),
        1
    );
    assert_eq!(wrong("kaiwa-server", "kaiwa-cli", Value::Null), 1);
    assert_eq!(wrong("kaiwa-server", "kaiwa-ffi", Value::Null), 1);
    assert_eq!(wrong("kaiwa-cli", "kaiwa-ffi", "build".into()), 1);
    assert_eq!(
        wrong("kaiwa-new", "anyhow", Value::Null),
        1,
        "a crate without a layer"
    );
    assert_eq!(wrong("kaiwa-core", "reqwest", Value::Null), 1);
    assert_eq!(wrong("kaiwa-protocols", "reqwest", Value::Null), 0);
}

#[test]
fn the_system_in_core_is_seen() {
    let core = |features: &[&str]| {
        let tokio = serde_json::json!([{ "name": "tokio", "kind": null, "features": features }]);
        violations(
            &serde_json::json!({ "packages": [{ "name": "kaiwa-core", "dependencies": tokio }] }),
        )
    };
    assert_eq!(core(&["sync", "time"]), Vec::<String>::new());
    assert_eq!(core(&["sync", "net"]).len(), 1);
}
