//! What goes wrong is told in one line that says what to do, with a code of its own.

use std::fs;
use std::net::TcpListener;

use crate::kaiwa::{Served, Site, strings};

#[test]
fn command_lines_that_make_no_sense() {
    let site = Site::new();
    let run = |args: &[&str]| site.run(args, "");
    run(&["send", "nope", "x"]).failed(2, &["`nope`", "wschat"]);
    run(&["watch", "nope"]).failed(2, &["`nope`", "wschat"]);
    run(&["chat", "nope"]).failed(2, &["`nope`", "wschat"]);
    run(&["account", "add", "nope"]).failed(2, &["`nope`", "wschat"]);
    for command in [
        &["chat", "wschat"][..],
        &["watch", "wschat"],
        &["send", "wschat", "x"],
        &["account", "add", "wschat"],
    ] {
        let with = |more: &[&str]| run(&[command, more].concat());
        with(&[]).failed(2, &["--set url=VALUE", "--set name=VALUE"]);
        with(&["--set", "url=ws://x"]).failed(2, &["--set name=VALUE", "jwt (password)"]);
        with(&["--set", "ulr=ws://x"]).failed(2, &["`ulr`", "url (required)", "network.proxy"]);
        with(&["--set", "url"]).failed(2, &["FIELD="]);
        let secret = with(&["--set", "jwt=hunter2"]);
        secret.failed(2, &["--set-env jwt=", "--set-command jwt="]);
        assert!(!secret.err[0].contains("hunter2"));
    }
    run(&[
        "send",
        "wschat",
        "",
        "--set",
        "url=ws://x",
        "--set",
        "name=ann",
    ])
    .failed(2, &["empty"]);
    // These are told by the parser, in its own way.
    for args in [
        &["nonsense"][..],
        &["send"],
        &["send", "wschat", "x", "--timeout", "0"],
        &["--nonsense"],
    ] {
        let output = run(args);
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(!output.err.is_empty());
    }
}

#[test]
fn addresses_that_lead_nowhere() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let address = served.address();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = closed.local_addr().unwrap();
    drop(closed);
    for (url, code, words) in [
        ("localhost".to_owned(), 2, &["ws://"][..]),
        ("http://localhost".to_owned(), 2, &["ws://"]),
        ("ws://".to_owned(), 2, &["good one"]),
        ("ws://ann:hunter2@localhost".to_owned(), 2, &["password"]),
        (format!("ws://{refusing}"), 4, &["nobody listens"]),
        (
            "ws://kaiwa.invalid".to_owned(),
            4,
            &["kaiwa.invalid", "spelling"],
        ),
        (format!("wss://{address}/wschat"), 5, &["TLS"]),
        (format!("ws://{address}/elsewhere"), 8, &["404"]),
    ] {
        let url = format!("url={url}");
        let login = ["--set", &url, "--set", "name=ann"];
        for command in [
            &["chat", "wschat"][..],
            &["watch", "wschat"],
            &["send", "wschat", "x"],
        ] {
            let output = site.run(&[command, &login].concat(), "hello\n");
            output.failed(code, words);
            assert!(!output.err[0].contains("hunter2"), "{output:?}");
        }
    }
}

#[test]
fn a_message_that_no_network_takes() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let send = |args: &[&str], input: &[u8]| site.run(&strings(&served.login(args, "ann")), input);
    send(&["send", "wschat", "-"], &[b'x'; 70_000]).failed(2, &["70000 bytes"]);
    send(&["send", "wschat", "-"], &vec![b'x'; 17 * 1024 * 1024]).failed(2, &["1048576"]);
    send(&["send", "wschat", "-"], b"\xff").failed(2, &["UTF-8"]);
    send(&["send", "wschat", "-"], b"\n").failed(2, &["empty"]);
    send(&["send", "wschat", "x", "--channel", "other"], b"").failed(2, &["lobby"]);
    send(
        &["send", "wschat", "-"],
        b"nul\0 is a character like any other",
    )
    .printed(&[]);
}

#[test]
fn a_server_that_never_answers() {
    let site = Site::new();
    // Accepts by its queue, says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("url=ws://{}", silent.local_addr().unwrap());
    let args = [
        "send",
        "wschat",
        "x",
        "--timeout",
        "0.2",
        "--set",
        "name=ann",
        "--set",
        &url,
    ];
    site.run(&args, "").failed(4, &["0.2 s", "--timeout"]);
}

#[test]
fn data_directories_that_cannot_be_used() {
    let site = Site::new();
    fs::write(site.data(), "a file").unwrap();
    site.run(&[], "hello\n")
        .failed(7, &["data directory", "KAIWA_DATA_DIR"]);
    let data = site.data();
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ];
    let output = site.run(&serve, "");
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(
        output.err.last().unwrap().contains("cannot be written"),
        "{output:?}"
    );
}

#[test]
fn a_data_directory_that_another_server_uses() {
    let site = Site::new();
    let served = Served::start(&site, &[]);
    let data = site.path("served");
    let mut command = site.command(&[]);
    command.env("KAIWA_DATA_DIR", &data);
    let mut kaiwa = crate::kaiwa::Kaiwa::spawn(command);
    kaiwa.write(b"hello\n".to_vec());
    kaiwa
        .finish()
        .failed(9, &["used by another server", data.to_str().unwrap()]);

    let again = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().unwrap(),
    ];
    let output = site.run(&again, "");
    assert_eq!(output.code, Some(9), "{output:?}");
    assert!(
        output
            .err
            .last()
            .unwrap()
            .contains("used by another server")
    );

    let other = site.path("other");
    let same_port = [
        "serve",
        "--listen",
        served.address(),
        "--data",
        other.to_str().unwrap(),
    ];
    let output = site.run(&same_port, "");
    assert_eq!(output.code, Some(9), "{output:?}");
    assert!(output.err.last().unwrap().contains("port is in use"));
}

#[test]
fn configurations_that_are_wrong() {
    let site = Site::new();
    let file = site.path("kaiwa.toml");
    let serve = |text: &str| {
        fs::write(&file, text).unwrap();
        site.run(&["serve", "--config", file.to_str().unwrap()], "")
    };
    serve("listne = 1").failed(3, &["kaiwa.toml", "line 1", "listne"]);
    serve("listen = \"0.0.0.0:1\"").failed(3, &["behind_proxy"]);
    serve("jwt_secret_env = \"KAIWA_TEST_NEVER_SET\"").failed(3, &["KAIWA_TEST_NEVER_SET"]);
    site.run(&["serve", "--config", "/nonexistent/kaiwa.toml"], "")
        .failed(3, &["cannot be read"]);
}

#[test]
fn accounts_files_that_are_wrong() {
    let site = Site::new();
    for (text, words) in [
        (
            "[[account]\n",
            &["accounts.toml", "line 1", "not changed"][..],
        ),
        ("name = \"a\"\n\nnonsense = 1\n", &["line 3", "nonsense"]),
        ("[[account]]\nlabel = \"a\"\n", &["protocol"]),
    ] {
        let file = site.write_accounts(text);
        for args in [&[][..], &["account", "list"], &["account", "remove", "a"]] {
            site.run(args, "hello\n").failed(3, words);
        }
        let add = [
            "account",
            "add",
            "wschat",
            "--set",
            "url=ws://x",
            "--set",
            "name=a",
        ];
        site.run(&add, "").failed(3, words);
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            text,
            "it is not changed"
        );
    }
    let file = site.write_accounts("");
    fs::write(&file, b"name = \"\xff\"").unwrap();
    site.run(&[], "hello\n").failed(3, &["UTF-8"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        site.run(&[], "hello\n").failed(3, &["chmod 600"]);
    }
    // A directory where the file should be.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    site.run(&[], "hello\n")
        .failed(7, &["accounts.toml", "cannot be read"]);
}

#[test]
fn a_configuration_directory_that_cannot_be_written() {
    let site = Site::new();
    fs::write(site.path("config"), "a file").unwrap();
    let add = [
        "account",
        "add",
        "wschat",
        "--set",
        "url=ws://x",
        "--set",
        "name=a",
    ];
    site.run(&add, "").failed(7, &["KAIWA_CONFIG_DIR"]);
}
