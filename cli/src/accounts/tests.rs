use super::*;
use crate::source::Source;

fn account(label: &str) -> Account {
    Account {
        label: label.to_owned(),
        protocol: "net".to_owned(),
        autoconnect: label == "b",
        fields: [
            ("url".to_owned(), Source::Value("ws://x".to_owned())),
            ("network.token".to_owned(), Source::Env("T".to_owned())),
        ]
        .into(),
    }
}

#[test]
fn what_is_written_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut accounts = Accounts::load_from(dir.path()).unwrap();
    assert!(accounts.all().is_empty() && accounts.first_autoconnect().is_none());
    assert!(
        accounts
            .get("a")
            .unwrap_err()
            .message()
            .contains("account add")
    );
    accounts.add(Some("a".to_owned()), account("")).unwrap();
    accounts.add(None, account("b")).unwrap();
    accounts.add(None, account("")).unwrap();
    assert!(accounts.add(Some("a".to_owned()), account("")).is_err());
    assert!(accounts.add(Some(" ".to_owned()), account("")).is_err());
    accounts.content.name = Some("ann".to_owned());
    accounts.save().unwrap();

    let mut read = Accounts::load_from(dir.path()).unwrap();
    let labels: Vec<&str> = read
        .all()
        .iter()
        .map(|account| account.label.as_str())
        .collect();
    assert_eq!(labels, ["a", "net", "net-2"]);
    assert_eq!(read.name(), Some("ann"));
    assert_eq!(read.first_autoconnect().unwrap().label, "net");
    assert!(read.get("a").unwrap().fields == account("").fields);
    assert!(
        read.remove("x")
            .unwrap_err()
            .message()
            .contains("a, net, net-2")
    );
    read.remove("net").unwrap();
    read.save().unwrap();
    assert!(
        Accounts::load_from(dir.path())
            .unwrap()
            .first_autoconnect()
            .is_none()
    );
}

#[test]
fn the_readme_format_is_read() {
    let text = "
        name = \"ann\"
        [[account]]
        label = \"work\"
        protocol = \"wschat\"
        autoconnect = true
        fields = { url = \"wss://x\", jwt = { command = \"pass show x\" }, \"network.proxy\" = \"socks5://p\" }
        [[account]]
        label = \"home\"
        protocol = \"wschat\"
        [account.fields]
        url = \"ws://y\"
        jwt.env = \"TOKEN\"
    ";
    let content = parse(Path::new("x"), text).unwrap();
    assert_eq!(content.accounts.len(), 2);
    assert_eq!(content.accounts[0].fields.len(), 3);
    assert!(content.accounts[1].fields["jwt"] == Source::Env("TOKEN".to_owned()));
}

#[test]
fn corrupt_files_are_told_with_their_place() {
    let error = |text: &str| {
        let error = parse(Path::new("/x/accounts.toml"), text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            !error.message().contains('\n') && error.message().starts_with("/x/accounts.toml: ")
        );
        error.message().to_owned()
    };
    assert!(error("name = \"a\"\n[[account]\n").contains("line 2"));
    assert!(error("\n\nnmae = \"a\"").contains("line 3"));
    assert!(error("[[account]]\nlabel = \"a\"").contains("protocol"));
    let twice = "[[account]]\nlabel = \"a\"\nprotocol = \"p\"\n";
    assert!(error(&format!("{twice}{twice}")).contains("two accounts"));
    let secret =
        error("[[account]]\nlabel = \"a\"\nprotocol = \"p\"\nfields = { jwt = [\"hunter2\"] }");
    assert!(!secret.contains("hunter2"), "{secret}");
}

#[cfg(unix)]
#[test]
fn only_this_user_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    Accounts::load_from(dir.path()).unwrap().save().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    for bad in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bad)).unwrap();
        let error = Accounts::load_from(dir.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("chmod 600"));
    }
}
