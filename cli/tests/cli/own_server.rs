//! The server of one's own: started by the first, joined by others, ended by itself, survived by what was acknowledged.

use std::fs;

use kaiwa_server::store::{LOBBY, SqliteStore, Store as _};

use crate::kaiwa::{Site, signal};

/// What the database holds; nobody may be using it.
fn kept(site: &Site) -> Vec<String> {
    let mut store = SqliteStore::open(&site.data()).unwrap();
    let messages = store.recent(LOBBY, 100).unwrap();
    messages
        .into_iter()
        .filter_map(|stored| stored.message.text)
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
    let mut nobody = crate::kaiwa::Kaiwa::spawn(command);
    nobody.write(b"x".to_vec());
    nobody.finish().printed(&["guest: x"]);
}
