//! Rules over sources: what each part may use and name.

use std::collections::BTreeSet;

use crate::source::Source;
use crate::{Networks, manifests, sources};

/// One rule.
struct Rule {
    /// The rule in few words.
    name: &'static str,
    /// Which files it is for.
    applies: fn(&Source, &World) -> bool,
    /// What is against it in such a file: line and offence.
    finds: fn(&Source, &World) -> Vec<(usize, String)>,
    /// What to do instead.
    advice: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        name: "core opens nothing",
        applies: |source, _| source.name.starts_with("core/src/"),
        finds: |source, _| uses(source, opens_something),
        advice: "core opens nothing; sockets, TLS and HTTP belong in protocols/src/transport",
    },
    Rule {
        name: "no network's name",
        applies: |source, world| is_for_every_network(source, world),
        finds: names_a_network,
        advice: "what serves every network names none; a network's own things belong in its folder",
    },
    Rule {
        name: "pure",
        applies: |source, world| pure_module(source, world).is_some(),
        finds: |source, world| uses(source, |path| is_impure(path, world)),
        advice: "wire and session modules do no IO; time and random bytes come in as arguments",
    },
    Rule {
        name: "networks apart",
        applies: |source, world| pure_module(source, world).is_some(),
        finds: uses_another_network,
        advice: "networks know nothing of one another; what two share belongs beside them, without a name",
    },
    Rule {
        name: "wire only",
        applies: |source, _| source.name.starts_with("server/src/"),
        finds: |source, world| uses(source, |path| is_a_clients(path, world)),
        advice: "of protocols the server uses the wire modules only, and what it re-exports of core",
    },
    Rule {
        name: "no unsafe code",
        applies: |source, _| {
            !UNSAFE_ALLOWED
                .iter()
                .any(|allowed| source.name.starts_with(allowed))
        },
        finds: |source, _| {
            source
                .unsafe_lines
                .iter()
                .map(|&line| (line, "unsafe".to_owned()))
                .collect()
        },
        advice: "unsafe code lives where design and UNSAFE_ALLOWED say",
    },
];

/// Where unsafe code may be: the C ABI, and what runs between fork and exec.
const UNSAFE_ALLOWED: &[&str] = &["ffi/", "protocols/src/flubber/spawn.rs"];

/// Dependencies of protocols that a wire or session module may use: they compute, and do nothing else. A new dependency is
/// taken for impure until it stands here.
const PURE: &[&str] = &[
    "aho-corasick",
    "base64",
    "bytes",
    "chrono",
    "color",
    "foldhash",
    "kaiwa-core",
    "memchr",
    "mime_guess",
    "serde",
    "serde_json",
    "tracing",
    "url",
];

/// Parts of the standard library that reach out of the program.
const OUTSIDE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
];

/// Types that are clocks or chance, wherever they come from.
const CLOCKS_AND_CHANCE: &[&str] = &["Instant", "RandomState", "SystemTime"];

/// What the rules must know of the workspace.
struct World {
    networks: Networks,
    /// The dependencies of protocols that are not [`PURE`], as crate names in code.
    impure: BTreeSet<String>,
    /// The public names of core, which protocols re-exports.
    core: BTreeSet<String>,
}

impl World {
    fn find() -> Self {
        let metadata = manifests::metadata();
        let dependencies = manifests::packages(&metadata)
            .filter(|package| package.folder().ends_with("protocols"))
            .flat_map(manifests::Package::dependencies);
        let impure = dependencies
            .map(|(name, ..)| name)
            .filter(|name| !PURE.contains(name))
            .map(|name| name.replace('-', "_"));
        let core =
            std::fs::read_to_string(crate::root().join("core/src/lib.rs")).expect("core's root");
        Self {
            networks: Networks::find(),
            impure: impure.collect(),
            core: public_names(&core),
        }
    }
}

/// The names after `pub mod` and the last ones of `pub use`.
fn public_names(root: &str) -> BTreeSet<String> {
    let paths = Source::read("core/src/lib.rs", root).paths;
    let uses = paths
        .into_iter()
        .filter(|path| path.what.len() > 1)
        .filter_map(|path| path.what.last().cloned());
    let modules = root
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    uses.chain(modules.map(str::to_owned)).collect()
}

fn violations(sources: &[Source], world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    for rule in RULES {
        for source in sources
            .iter()
            .filter(|source| (rule.applies)(source, world))
        {
            for (line, offence) in (rule.finds)(source, world) {
                let (name, advice) = (rule.name, rule.advice);
                wrong.push(format!(
                    "{}:{line}: {offence} ({name}): {advice}",
                    source.name
                ));
            }
        }
    }
    wrong
}

/// The paths in a file against which something speaks.
fn uses(source: &Source, offends: impl Fn(&[String]) -> bool) -> Vec<(usize, String)> {
    let offending = source.paths.iter().filter(|path| offends(&path.what));
    offending
        .map(|path| (path.line, path.what.join("::")))
        .collect()
}

fn opens_something(path: &[String]) -> bool {
    const SYSTEM: [&str; 6] = [
        "std::fs",
        "std::net",
        "std::os",
        "std::process",
        "tokio::net",
        "tokio::process",
    ];
    let is_networking = |root: &String| {
        manifests::NETWORKING
            .iter()
            .any(|name| name.replace('-', "_") == *root)
    };
    is_below(path, &SYSTEM) || (path.len() > 1 && path.first().is_some_and(is_networking))
}

/// Core, the conformance suite, and all of protocols but the networks' folders and the two files that list them.
fn is_for_every_network(source: &Source, world: &World) -> bool {
    if let Some(inside) = source.name.strip_prefix("protocols/src/") {
        let first = inside
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs");
        return !["lib", "registry"].contains(&first) && !world.networks.0.contains(first);
    }
    source.name.starts_with("core/src/") || source.name.starts_with("conformance/src/")
}

fn names_a_network(source: &Source, world: &World) -> Vec<(usize, String)> {
    let words = source
        .words
        .iter()
        .map(|word| (word.line, word.what.as_str()));
    let own_name = source.name.split(['/', '.']).map(|part| (1, part));
    words
        .chain(own_name)
        .filter_map(|(line, word)| {
            Some((
                line,
                format!("{word:?} names {}", world.networks.named_by(word)?),
            ))
        })
        .collect()
}

/// The network whose `wire` or `session` module this is.
fn pure_module<'a>(source: &'a Source, world: &World) -> Option<&'a str> {
    let (network, module) = source
        .name
        .strip_prefix("protocols/src/")?
        .split_once('/')?;
    let module = module.split('/').next()?.trim_end_matches(".rs");
    (world.networks.0.contains(network) && ["wire", "session"].contains(&module)).then_some(network)
}

fn is_impure(path: &[String], world: &World) -> bool {
    let is_driver = |part: &String| part == "driver" || part == "transport";
    let root = path.first().map_or("", String::as_str);
    // `Utc::now()`, `Instant::now()`: whatever the type, it reads a clock.
    let reads_a_clock = path.len() > 1 && path.last().is_some_and(|last| last == "now");
    reads_a_clock
        || path
            .iter()
            .any(|part| CLOCKS_AND_CHANCE.contains(&part.as_str()))
        || is_below(path, OUTSIDE)
        || (path.len() > 1 && world.impure.contains(root))
        || (["crate", "super"].contains(&root) && path.iter().any(is_driver))
}

fn uses_another_network(source: &Source, world: &World) -> Vec<(usize, String)> {
    let own = pure_module(source, world);
    let is_other = |part: &String| world.networks.0.contains(part) && own != Some(part);
    uses(source, |path| path.len() > 1 && path.iter().any(is_other))
}

/// `kaiwa_protocols::…`, but neither a network's wire module nor core's.
fn is_a_clients(path: &[String], world: &World) -> bool {
    let [root, rest @ ..] = path else {
        return false;
    };
    if root != "kaiwa_protocols" {
        return false;
    }
    match rest {
        [network, module, ..] if world.networks.0.contains(network) => module != "wire",
        // Markup is the same at both ends.
        [text, ..] if text == "text" => false,
        [first, ..] => !world.core.contains(first),
        [] => true,
    }
}

/// Whether a path is one of these or goes through one.
fn is_below(path: &[String], prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| {
        let prefix: Vec<&str> = prefix.split("::").collect();
        path.len() >= prefix.len()
            && path
                .iter()
                .zip(&prefix)
                .all(|(part, wanted)| part == wanted)
    })
}

#[test]
fn parts_use_and_name_what_they_may() {
    let sources = sources();
    assert!(
        sources.len() > 30,
        "only {} files were found",
        sources.len()
    );
    let wrong = violations(&sources, &World::find());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Rule, file, and code that breaks it.
#[rustfmt::skip]
const CAUGHT: &[(&str, &str, &str)] = &[
    ("core opens nothing", "core/src/a.rs", "use std::{fmt, net::IpAddr};"),
    ("core opens nothing", "core/src/a.rs", "fn f() { tokio::net::TcpStream::connect(x) }"),
    ("core opens nothing", "core/src/a.rs", "use rustls::ClientConfig;"),
    ("no network's name", "core/src/a.rs", "const NAME: &str = \"a wschat\";"),
    ("no network's name", "core/src/wschat.rs", ""),
    ("no network's name", "conformance/src/a.rs", "fn check_wschat() {}"),
    ("no network's name", "conformance/src/a.rs", "struct WschatPeer;"),
    ("no network's name", "protocols/src/driver/task.rs", "use crate::wschat::wire;"),
    ("no network's name", "protocols/src/transport/tls.rs", "fn f(n: &str) -> bool { n == \"other\" }"),
    ("pure", "protocols/src/wschat/wire.rs", "use tokio::sync::mpsc;"),
    ("pure", "protocols/src/wschat/wire/text.rs", "fn f() { getrandom::fill(x) }"),
    ("pure", "protocols/src/wschat/session.rs", "use std::time::{Duration, Instant};"),
    ("pure", "protocols/src/wschat/session.rs", "use std::time::SystemTime as Clock;"),
    ("pure", "protocols/src/wschat/session.rs", "use std::time; fn f(at: time::Instant) {}"),
    ("pure", "protocols/src/wschat/session.rs", "use tokio as t;"),
    ("pure", "protocols/src/wschat/session.rs", "fn f() { let t = chrono::Utc::now(); }"),
    ("pure", "protocols/src/wschat/session.rs", "use chrono::Utc; fn f() { let t = Utc::now(); }"),
    ("pure", "protocols/src/wschat/session.rs", "fn f() { std::thread::spawn(g); }"),
    ("pure", "protocols/src/wschat/session.rs", "use crate::transport::Transport;"),
    ("networks apart", "protocols/src/wschat/session.rs", "use crate::{Error, other::wire::Packet};"),
    ("networks apart", "protocols/src/wschat/session.rs", "use super::super::mock::Peer;"),
    ("wire only", "server/src/a.rs", "use kaiwa_protocols::wschat::session::Session;"),
    ("wire only", "server/src/a.rs", "use kaiwa_protocols::wschat::WschatConnection;"),
    ("wire only", "server/src/a.rs", "use kaiwa_protocols::{Error, driver::Driver};"),
    ("wire only", "server/src/a.rs", "use kaiwa_protocols as everything;"),
    ("wire only", "server/src/a.rs", "use kaiwa_protocols::*;"),
    ("no unsafe code", "server/src/a.rs", "#[cfg(test)] mod tests { fn f() { unsafe { g() } } }"),
    ("no unsafe code", "cli/tests/a.rs", "#[allow(unsafe_code)] fn f() {}"),
];

/// File, and code that is fine there.
#[rustfmt::skip]
const FINE: &[(&str, &str)] = &[
    ("core/src/a.rs", "use tokio::sync::Notify; fn f(url: Url) { url.host() }"),
    ("core/src/a.rs", "#[cfg(test)] mod tests { use std::net::IpAddr; }"),
    ("core/src/a.rs", "/// For example wschat.\nfn f() {}"),
    ("conformance/src/a.rs", "fn check(network: &str) {}"),
    ("protocols/src/registry.rs", "use crate::wschat::wire;"),
    ("protocols/src/lib.rs", "pub mod wschat;"),
    ("protocols/src/wschat/mod.rs", "use tokio::net::TcpStream;"),
    ("protocols/src/wschat/session.rs", "use std::time::Duration; use chrono::Utc; fn f(now: Now) { g(now.utc) }"),
    ("protocols/src/wschat/session.rs", "use super::wire::Packet; use kaiwa_core::session::Now;"),
    ("protocols/src/wschat/session.rs", "use crate::wschat::wire::Packet;"),
    ("protocols/src/wschat/session/tests.rs", "use tokio::time;"),
    ("server/src/a.rs", "use kaiwa_protocols::wschat::wire::Message;"),
    ("server/src/a.rs", "use kaiwa_protocols::{Error, wschat::wire};"),
    ("server/src/a.rs", "use kaiwa_protocols::text::bbcode;"),
    ("server/src/a.rs", "use tokio::net::TcpListener;"),
    ("cli/src/a.rs", "#![forbid(unsafe_code)]"),
    ("ffi/src/raw.rs", "fn f() { unsafe { g() } }"),
    ("protocols/src/flubber/spawn.rs", "fn f() { unsafe { g() } }"),
];

#[test]
fn each_rule_catches_what_it_is_for() {
    let world = World {
        networks: Networks(["mock", "other", "wschat"].map(str::to_owned).into()),
        impure: ["getrandom", "tokio"].map(str::to_owned).into(),
        core: ["Error", "session"].map(str::to_owned).into(),
    };
    let found = |name: &str, code: &str| violations(&[Source::read(name, code)], &world);
    for rule in RULES {
        let caught: Vec<_> = CAUGHT
            .iter()
            .filter(|(name, ..)| *name == rule.name)
            .collect();
        assert!(
            !caught.is_empty(),
            "nothing shows that {:?} works",
            rule.name
        );
        for (_, name, code) in caught {
            let found = found(name, code);
            let by_it = found
                .iter()
                .filter(|one| one.contains(&format!("({})", rule.name)));
            assert!(
                by_it.count() > 0,
                "{}: {name}: {code}: {found:?}",
                rule.name
            );
        }
    }
    for (name, code) in FINE {
        assert_eq!(found(name, code), Vec::<String>::new(), "{name}: {code}");
    }
}

#[test]
fn public_names_are_read_from_the_root() {
    let names = public_names("pub mod event;\nmod hidden;\npub use error::{Error, ErrorKind};\n");
    assert_eq!(
        names,
        ["Error", "ErrorKind", "event"].map(str::to_owned).into()
    );
}
