//! Third-party crates: each version is named once, and what is linked keeps to deny.toml.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its input has failed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

#[test]
fn versions_stand_only_in_the_root_manifest() {
    for member in strings(&table("Cargo.toml"), &["workspace", "members"]) {
        let manifest = table(&format!("{member}/Cargo.toml"));
        assert_eq!(
            own_versions(&manifest),
            BTreeSet::<String>::new(),
            "{member}/Cargo.toml"
        );
    }
}

#[test]
fn only_allowed_licences_are_linked() {
    let deny = table("deny.toml");
    let allowed = strings(&deny, &["licenses", "allow"]);
    let for_tests = exceptions(&deny);
    let shipped = tree("no-dev");
    let linked = linked();
    assert!(
        linked.len() > 50,
        "only {} crates were listed",
        linked.len()
    );
    for (name, crates) in linked {
        if let Some(also) = for_tests.get(&name) {
            assert!(!shipped.contains_key(&name), "{name} is for tests only");
            for Linked { licence, .. } in crates {
                assert!(is_allowed(&licence, also), "{name} is under {licence:?}");
            }
            continue;
        }
        for Linked { version, licence } in crates {
            assert!(
                is_allowed(&licence, &allowed),
                "{name} {version} is under {licence:?}; see [licenses] in deny.toml"
            );
        }
    }
}

#[test]
fn a_second_version_of_a_crate_is_listed_with_a_reason() {
    let listed = specs(&table("deny.toml"), "skip");
    let versions = linked()
        .into_iter()
        .map(|(name, crates)| (name, crates.into_iter().map(|one| one.version).collect()));
    assert_eq!(
        duplicates(&versions.collect(), &listed),
        Vec::<String>::new()
    );
}

#[test]
fn banned_crates_are_not_even_locked() {
    let locked = locked(&table("Cargo.lock"));
    for banned in specs(&table("deny.toml"), "deny") {
        assert!(
            !locked.contains_key(&banned),
            "{banned} is in Cargo.lock; deny.toml says why not"
        );
    }
}

#[test]
fn one_tokio_tungstenite_is_locked() {
    // axum and the transports must share it.
    let locked = locked(&table("Cargo.lock"));
    assert_eq!(locked.get("tokio-tungstenite").map(BTreeSet::len), Some(1));
}

#[test]
fn everything_comes_from_the_registry() {
    let lock = table("Cargo.lock");
    for package in lock["package"].as_array().expect("packages") {
        let source = package
            .get("source")
            .map(|source| source.as_str().expect("a string"));
        let is_registry = source.is_none_or(|source| source.starts_with("registry+"));
        assert!(is_registry, "{} comes from {source:?}", package["name"]);
    }
}

#[test]
fn a_version_of_its_own_is_seen() {
    let manifest = "[dependencies]\na = \"1\"\nb.workspace = true\n[target.'cfg(unix)'.dev-dependencies]\n\
        c = { version = \"1\" }\nd = { workspace = true, features = [\"x\"] }\n[build-dependencies]\ne = { git = \"x\" }\n";
    let found = own_versions(&manifest.parse().expect("a manifest"));
    assert_eq!(found, BTreeSet::from(["a", "c", "e"].map(str::to_owned)));
}

#[test]
fn an_unlisted_or_outdated_duplicate_is_seen() {
    let versions = BTreeMap::from([
        ("once".to_owned(), BTreeSet::from(["1.0.0".to_owned()])),
        (
            "twice".to_owned(),
            BTreeSet::from(["0.9.1".to_owned(), "0.10.0".to_owned()]),
        ),
    ]);
    let check = |listed: &[&str]| {
        duplicates(
            &versions,
            &listed.iter().map(|&s| s.to_owned()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(check(&["twice@0.9"]), Vec::<String>::new());
    assert_eq!(check(&[]).len(), 1, "not listed");
    assert_eq!(check(&["twice@0.1"]).len(), 2, "0.1 is not 0.10");
    assert_eq!(
        check(&["twice@0.9", "twice@0.10"]).len(),
        1,
        "the last one needs no entry"
    );
    assert_eq!(
        check(&["twice@0.9", "once@1"]).len(),
        1,
        "there is one only"
    );
}

#[test]
fn licences_are_read_as_expressions() {
    let allowed = ["MIT", "ISC"].map(str::to_owned);
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/Apache-2.0",
        "MIT AND (ISC OR X)",
        "(X AND MIT) OR ISC",
    ] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in [
        "",
        "X",
        "MIT AND X",
        "X OR MIT AND Y",
        "(MIT OR ISC) AND X",
        "MIT WITH exception",
        "MIT ISC",
        "(MIT",
    ] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}

/// A crate that is linked somewhere in the workspace, on this system.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Linked {
    version: String,
    licence: String,
}

fn linked() -> BTreeMap<String, BTreeSet<Linked>> {
    tree("normal,build,dev")
}

/// The crates that are reached by such dependencies.
fn tree(edges: &str) -> BTreeMap<String, BTreeSet<Linked>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words =
        "tree --workspace --all-features --locked --prefix none --no-dedupe --format {p}|{l}";
    let mut tree = Command::new(cargo);
    let output = tree
        .args(words.split(' '))
        .args(["--edges", edges])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {complaint}");
    let mut linked = BTreeMap::<String, BTreeSet<Linked>>::new();
    // Ours are shown with their folders, and between the members' trees are empty lines.
    let text = String::from_utf8(output.stdout).expect("text");
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.contains(" (/"))
    {
        let (package, licence) = line.split_once('|').expect("a licence behind each");
        let (name, version) = package.split_once(" v").expect("a version behind each");
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        let one = Linked {
            version,
            licence: licence.to_owned(),
        };
        linked.entry(name.to_owned()).or_default().insert(one);
    }
    linked
}

/// What is wrong: of the versions of a crate all but one must be listed (`name@version`, the version as short as one likes),
/// and nothing else.
fn duplicates(versions: &BTreeMap<String, BTreeSet<String>>, listed: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let matches = |spec: &str, name: &str, version: &str| {
        let (crate_name, short) = spec.split_once('@').unwrap_or((spec, ""));
        let rest = version.strip_prefix(short);
        crate_name == name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for spec in listed {
        let used = versions.iter().any(|(name, all)| {
            all.len() > 1 && all.iter().any(|version| matches(spec, name, version))
        });
        if !used {
            wrong.push(format!(
                "{spec} is listed in deny.toml, but is no second version"
            ));
        }
    }
    for (name, all) in versions {
        let open = all
            .iter()
            .filter(|version| !listed.iter().any(|spec| matches(spec, name, version)));
        match open.count() {
            1 => {}
            0 if all.len() == 1 => {}
            0 => wrong.push(format!(
                "{name}: all of {all:?} are listed in deny.toml; one needs no entry"
            )),
            _ => wrong.push(format!(
                "{name} is linked as {all:?}; list all but one in deny.toml"
            )),
        }
    }
    wrong
}

/// Whether an SPDX expression can be met with the allowed licences. What is no expression is not.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) == Some(true) && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut met = both(rest, allowed)?;
    while let ["OR", after @ ..] = *rest {
        *rest = after;
        met |= both(rest, allowed)?;
    }
    Some(met)
}

fn both(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut met = one(rest, allowed)?;
    while let ["AND", after @ ..] = *rest {
        *rest = after;
        met &= one(rest, allowed)?;
    }
    Some(met)
}

fn one(rest: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    if *first == "(" {
        let met = either(rest, allowed)?;
        let (last, after) = rest.split_first()?;
        *rest = after;
        return (*last == ")").then_some(met);
    }
    if let ["WITH", exception, after @ ..] = *rest {
        *rest = after;
        return Some(allowed.contains(&format!("{first} WITH {exception}")));
    }
    Some(allowed.iter().any(|licence| licence == first))
}

/// Dependencies of a member that do not take their version from the workspace.
fn own_versions(manifest: &Table) -> BTreeSet<String> {
    let systems = manifest.get("target").and_then(Value::as_table);
    let tables = systems
        .into_iter()
        .flat_map(|all| all.values().filter_map(Value::as_table));
    let mut own = BTreeSet::new();
    for table in tables.chain([manifest]) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, named) in table
                .get(kind)
                .and_then(Value::as_table)
                .into_iter()
                .flatten()
            {
                let is_shared = named.get("workspace").and_then(Value::as_bool) == Some(true);
                // A path alone brings no version: a crate that is its own dependency in tests, or that is renamed.
                let is_path = named.get("path").is_some() && named.get("version").is_none();
                if !is_shared && !is_path {
                    own.insert(name.clone());
                }
            }
        }
    }
    own
}

/// The crates of one list under `[bans]`.
fn specs(deny: &Table, list: &str) -> Vec<String> {
    let entries = deny["bans"][list].as_array().expect("a list");
    let text = |entry: &Value, key: &str| entry[key].as_str().expect("a string").to_owned();
    entries
        .iter()
        .map(|entry| {
            assert!(!text(entry, "reason").is_empty());
            text(entry, "crate")
        })
        .collect()
}

/// Crates with licences of their own, which only tests may use.
fn exceptions(deny: &Table) -> BTreeMap<String, Vec<String>> {
    let entries = deny["licenses"]["exceptions"].as_array().expect("a list");
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|one| one.as_str().expect("a string").to_owned())
            .collect()
    };
    entries
        .iter()
        .map(|entry| {
            let name = entry["crate"].as_str().expect("a string").to_owned();
            (name, texts(&entry["allow"]))
        })
        .collect()
}

fn locked(lock: &Table) -> BTreeMap<String, BTreeSet<String>> {
    let mut locked = BTreeMap::<String, BTreeSet<String>>::new();
    for package in lock["package"].as_array().expect("packages") {
        let text = |key: &str| package[key].as_str().expect("a string").to_owned();
        locked
            .entry(text("name"))
            .or_default()
            .insert(text("version"));
    }
    locked
}

fn strings(table: &Table, path: &[&str]) -> Vec<String> {
    let (first, rest) = path.split_first().expect("a path");
    let value = rest.iter().fold(&table[*first], |value, key| &value[*key]);
    let list = value.as_array().expect("a list");
    list.iter()
        .map(|one| one.as_str().expect("a string").to_owned())
        .collect()
}

fn table(path: &str) -> Table {
    let text = std::fs::read_to_string(root().join(path)).expect(path);
    text.parse().expect(path)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
