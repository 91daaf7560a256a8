//! The program does what it did there.

use std::process::Command;

#[test]
fn it_builds_and_runs() {
    let output = Command::new(env!("CARGO_BIN_EXE_oshatori-compat"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let expected = "\
network: mock
garden <me> good morning
here <me> look: [image/png: https://example.org/rose.png] [video/webm: https://example.org/rose.webm] \
[audio/ogg: https://example.org/rose.ogg] https://example.org/ <rose>
garden <me> a mistake
up: true
in: Some(\"garden\"), as Some(\"me\")
channels: [\"garden\"]
people: 1 here, 1 anywhere
first: [Text(\"good evening\")]
cat: Some(\"CAT\")
messages: 2, assets: 3 here, 4 everywhere
then: Disconnected
tracked: 0
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
