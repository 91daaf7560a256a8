//! The server of one's own: started by the first, joined by others, ended by itself, survived by what was acknowledged.

use std::fs::{self, File, TryLockError};
use std::net::TcpListener;
use std::thread;

use kaiwa_server::store::{LOBBY, SqliteStore, read_log};

use crate::kaiwa::{Kaiwa, Served, Site, signal, wait_until};

/// What the database holds; nobody may be using it.
fn kept(site: &Site) -> Vec<String> {
    let _alone = SqliteStore::open(&site.data()).unwrap();
    let messages = read_log(&site.data(), LOBBY, 100).unwrap();
    messages
        .into_iter()
        .filter_map(|stored| stored.text)
        .collect()
}

#[test]
fn the_second_joins_the_first_leaves_and_the_server_ends_after_the_last() {
    let site = Site::new();
    let mut ann = site.start(&["--name", "ann"]);
    ann.say("one");
    assert_eq!(ann.line(), "ann: one");
    let pid = site.server_pid();

    let mut bob = site.start(&["--name", "bob"]);
    bob.say("two");
    assert_eq!(bob.line(), "bob: two");
    assert_eq!(ann.line(), "bob: two");
    assert_eq!(site.server_pid(), pid);

    ann.finish().printed(&[]);
    bob.say("three");
    assert_eq!(bob.line(), "bob: three");
    let mut cid = site.start(&["--name", "cid"]);
    cid.say("four");
    assert_eq!(cid.line(), "cid: four");
    assert_eq!(bob.line(), "cid: four");
    assert_eq!(site.server_pid(), pid);
    bob.finish().printed(&[]);
    cid.finish().printed(&[]);

    site.wait_for_end_of_server();
    assert!(!site.data().join("server.json").exists());
    assert_eq!(kept(&site), ["one", "two", "three", "four"]);
    // There is no backlog.
    site.run(&[], "five\n").printed(&["ann: five"]);
}

#[test]
fn many_started_at_once_meet_on_one_server() {
    const MANY: usize = 8;
    let site = Site::new();
    let mut all: Vec<_> = (0..MANY)
        .map(|number| site.start(&["--name", &format!("n{number}")]))
        .collect();
    for kaiwa in &mut all {
        kaiwa.say("here");
    }
    // Everybody has come when they have seen themselves; then a message of each is seen by each.
    for (number, kaiwa) in all.iter_mut().enumerate() {
        while kaiwa.line() != format!("n{number}: here") {}
    }
    for kaiwa in &mut all {
        kaiwa.say("last");
    }
    for kaiwa in &mut all {
        let mut missing = MANY;
        while missing > 0 {
            missing -= usize::from(kaiwa.line().ends_with(": last"));
        }
    }
    for kaiwa in all {
        let output = kaiwa.finish();
        assert_eq!(output.code, Some(0), "{output:?}");
    }
}

#[test]
fn a_newcomer_does_not_meet_a_server_that_is_ending() {
    let site = Site::new();
    // Each comes when the one before has just left, at no particular moment of the server's end.
    for round in 0..5 {
        let text = format!("{round}");
        site.run(&[], &text).printed(&[&format!("ann: {text}")]);
        if round % 2 == 0 {
            site.wait_for_end_of_server();
        }
    }
}

#[test]
fn twenty_at_once_deliver_two_lines_each() {
    let site = Site::new();
    let all: Vec<Kaiwa> = (0..20)
        .map(|number| {
            let mut kaiwa = site.start(&["--name", &format!("n{number}")]);
            kaiwa.write(b"hello\nworld\n".to_vec());
            kaiwa
        })
        .collect();
    for (number, kaiwa) in all.into_iter().enumerate() {
        let output = kaiwa.finish_open();
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.err.is_empty(), "{output:?}");
        let name = format!("n{number}: ");
        let own = output
            .out
            .iter()
            .filter_map(|line| line.strip_prefix(&name));
        assert_eq!(own.collect::<Vec<_>>(), ["hello", "world"], "{output:?}");
    }
    site.wait_for_end_of_server();
    let kept = kept(&site);
    for text in ["hello", "world"] {
        assert_eq!(kept.iter().filter(|kept| *kept == text).count(), 20);
    }
}

#[test]
fn newcomers_outwait_a_server_that_a_signal_ends() {
    let site = Site::new();
    let mut ann = site.start(&["--no-reconnect"]);
    ann.say("here");
    assert_eq!(ann.line(), "ann: here");
    // A guest that does not answer holds up the server's end.
    ann.signal("STOP");
    let pid = site.server_pid();
    signal(pid, "TERM");
    let address = site.data().join("server.json");
    wait_until(|| !address.exists());
    let newcomers: Vec<Kaiwa> = ["bob", "cid"]
        .map(|name| {
            let mut kaiwa = site.start(&["--name", name]);
            kaiwa.write(b"hello\n".to_vec());
            kaiwa
        })
        .into();
    for kaiwa in newcomers {
        let output = kaiwa.finish_open();
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.err.is_empty(), "{output:?}");
    }
    ann.signal("CONT");
    assert_eq!(ann.finish_open().code, Some(4));
}

#[test]
fn a_newcomer_waits_for_a_server_that_has_no_address() {
    let site = Site::new();
    fs::create_dir_all(site.data()).unwrap();
    let [alive, entrance] = ["embedded.lock", "start.lock"].map(|name| {
        let lock = File::create(site.data().join(name)).unwrap();
        lock.lock().unwrap();
        lock
    });
    let start = |name| {
        let mut kaiwa = site.start(&["--name", name]);
        kaiwa.write(b"hello\n".to_vec());
        kaiwa
    };
    let enters = || {
        wait_until(|| match entrance.try_lock() {
            Ok(()) => entrance.unlock().is_err(),
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(error)) => panic!("{error}"),
        });
    };
    // It says where it listens at last.
    entrance.unlock().unwrap();
    let served = Served::start(&site, &[]);
    let ann = start("ann");
    enters();
    let url = format!("ws://{}/oshi", served.address());
    let address = format!(r#"{{"url":"{url}","port":1,"pid":1}}"#);
    let new = site.path("new");
    fs::write(&new, address).unwrap();
    fs::rename(new, site.data().join("server.json")).unwrap();
    ann.finish_open().printed(&["ann: hello"]);

    // It ends.
    fs::remove_file(site.data().join("server.json")).unwrap();
    let bob = start("bob");
    enters();
    drop(alive);
    bob.finish_open().printed(&["bob: hello"]);
}

#[test]
fn a_server_that_starts_forgets_where_the_last_one_was() {
    let site = Site::new();
    let _other = Served::start(&site, &[]);
    let data = site.path("served");
    let address = data.join("server.json");
    fs::write(
        &address,
        r#"{"url":"ws://127.0.0.1:1/wschat","port":1,"pid":1}"#,
    )
    .unwrap();
    // It cannot start, and has forgotten it before it tries.
    let args = ["serve", "--embedded", "--data", data.to_str().unwrap()];
    assert_eq!(site.run(&args, "").code, Some(9));
    assert!(!address.exists());
}

#[test]
fn what_was_typed_meanwhile_goes_to_the_next_server_on_another_port() {
    let site = Site::new();
    let mut ann = site.start(&[]);
    ann.say("one");
    assert_eq!(ann.line(), "ann: one");
    // Nobody starts the next server yet, and its port is taken by somebody who speaks to no one.
    let entrance = File::open(site.data().join("start.lock")).unwrap();
    entrance.lock().unwrap();
    let port = site.server_port();
    signal(site.server_pid(), "KILL");
    let mut listener = None;
    wait_until(|| {
        listener = TcpListener::bind(("127.0.0.1", port)).ok();
        listener.is_some()
    });
    let listener = listener.unwrap();
    thread::spawn(move || listener.incoming().for_each(drop));
    ann.wait_for_err("connection lost");
    ann.say("two");
    // It has tried the old address by then.
    ann.wait_for_err("connection lost");
    entrance.unlock().unwrap();
    ann.wait_for_err("connected again");
    assert_eq!(ann.line(), "ann: two");
    assert_ne!(site.server_port(), port);
    let output = ann.finish();
    assert_eq!(output.code, Some(0), "{output:?}");
    site.wait_for_end_of_server();
    assert_eq!(kept(&site), ["one", "two"]);
}

#[test]
fn what_was_acknowledged_survives_the_death_of_the_server() {
    let site = Site::new();
    let mut kaiwa = site.start(&[]);
    kaiwa.say("precious");
    assert_eq!(kaiwa.line(), "ann: precious");
    let pid = site.server_pid();
    signal(pid, "KILL");
    // Whoever is there starts the next one, and goes on.
    kaiwa.wait_for_err("connection lost");
    kaiwa.wait_for_err("connected again");
    assert_ne!(site.server_pid(), pid);
    kaiwa.say("more");
    assert_eq!(kaiwa.line(), "ann: more");
    let output = kaiwa.finish();
    assert_eq!(output.code, Some(0), "{output:?}");
    site.wait_for_end_of_server();
    assert_eq!(kept(&site), ["precious", "more"]);
}

#[test]
fn what_dead_processes_leave_behind_is_no_obstacle() {
    let site = Site::new();
    let mut kaiwa = site.start(&[]);
    kaiwa.say("precious");
    assert_eq!(kaiwa.line(), "ann: precious");
    // First the client, which would start another server.
    kaiwa.signal("KILL");
    signal(site.server_pid(), "KILL");
    assert_eq!(kaiwa.finish().code, None);
    site.wait_for_end_of_server();
    for file in ["server.json", "embedded.lock", "start.lock", "server.lock"] {
        assert!(site.data().join(file).exists(), "{file}");
    }
    site.run(&[], "next\n").printed(&["ann: next"]);
    site.wait_for_end_of_server();
    assert_eq!(kept(&site), ["precious", "next"]);
}

#[test]
fn rubbish_in_the_address_file_is_no_obstacle() {
    for rubbish in [
        "",
        "{",
        "{\"url\":\"ws://127.0.0.1:1/wschat\",\"port\":1,\"pid\":1}",
    ] {
        let site = Site::new();
        fs::create_dir_all(site.data()).unwrap();
        fs::write(site.data().join("server.json"), rubbish).unwrap();
        site.run(&[], "hello\n").printed(&["ann: hello"]);
    }
}

#[cfg(unix)]
#[test]
fn others_on_the_machine_cannot_read_along() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    site.run(&[], "hello\n").printed(&["ann: hello"]);
    let mode = fs::metadata(site.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn the_name_is_taken_from_where_it_is_given() {
    let site = Site::new();
    site.run(&["--name", "bob"], "x").printed(&["bob: x"]);
    site.write_accounts("name = \"from file\"\n");
    site.run(&[], "x").printed(&["from file: x"]);
    site.run(&["--name", "bob"], "x").printed(&["bob: x"]);
    site.write_accounts("");
    let mut command = site.command(&[]);
    command
        .env_remove("USER")
        .env_remove("LOGNAME")
        .env_remove("USERNAME");
    let mut nobody = Kaiwa::spawn(command);
    nobody.write(b"x".to_vec());
    nobody.finish().printed(&["guest: x"]);
}
