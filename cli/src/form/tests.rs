use super::*;

fn protocol() -> Protocol {
    Protocol {
        name: "net".to_owned(),
        auth: Some(vec![
            AuthField::text("url", "Server", None, true),
            AuthField::password("token", "Token", true),
            AuthField::text("room", "Room", Some("lobby"), true),
            AuthField {
                name: "network".to_owned(),
                display: None,
                value: FieldValue::Group(vec![
                    AuthField::text("proxy", "Proxy", None, false),
                    AuthField::password("proxy_password", "Proxy password", false),
                ]),
                required: false,
            },
        ]),
    }
}

fn args(set: &[&str], env: &[&str], command: &[&str]) -> Fields {
    let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Fields {
        set: own(set),
        set_env: own(env),
        set_command: own(command),
        ask: Vec::new(),
    }
}

fn filled(args: &Fields) -> Result<Vec<AuthField>, Error> {
    fill(&protocol(), &given(&protocol(), args)?)
}

fn refused(args: &Fields) -> String {
    let error = filled(args).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let line = error.chain();
    assert!(!line.contains('\n') && !line.contains("hunter2"), "{line}");
    line
}

#[test]
fn forms_are_filled_at_any_depth() {
    let form = filled(&args(
        &["url=ws://x/?a=b", "proxy=socks5://p"],
        &["token=CARGO_PKG_NAME"],
        &[r#"network.proxy_password=printf "%s\n%s" "a b" second"#],
    ))
    .unwrap();
    assert_eq!(AuthField::find(&form, "url"), Some("ws://x/?a=b"));
    assert_eq!(AuthField::find(&form, "proxy"), Some("socks5://p"));
    assert_eq!(AuthField::find(&form, "token"), Some("kaiwa-cli"));
    assert_eq!(AuthField::find(&form, "proxy_password"), Some("a b"));
    assert_eq!(AuthField::find(&form, "room"), Some("lobby"), "the default");
}

#[test]
fn passwords_are_not_taken_from_the_command_line() {
    for field in ["token", "proxy_password", "network.proxy_password"] {
        let line = refused(&args(&[&format!("{field}=hunter2")], &[], &[]));
        assert!(
            line.contains("--set-env") && line.contains("--set-command"),
            "{line}"
        );
    }
}

#[test]
fn mistakes_name_the_form() {
    let unknown = refused(&args(&["ulr=hunter2"], &[], &[]));
    assert!(
        unknown.contains("`ulr`") && unknown.contains("url (required)"),
        "{unknown}"
    );
    assert!(unknown.contains("token (required, password)") && unknown.contains("network.proxy"));
    // A group is no field.
    refused(&args(&["network=hunter2"], &[], &[]));
    let missing = refused(&args(&[], &[], &[]));
    assert!(
        missing.contains("--set url=VALUE and --set-env token=VARIABLE"),
        "{missing}"
    );
    let empty = refused(&args(&["url=x", "room="], &["token=CARGO_PKG_NAME"], &[]));
    assert!(empty.contains("--set room=VALUE"), "{empty}");
    assert!(refused(&args(&["hunter2"], &[], &[])).contains("FIELD="));
    assert!(refused(&args(&["url=hunter2", "url=b"], &[], &[])).contains("twice"));
}

#[test]
fn sources_that_give_nothing_are_told() {
    let with = |env: &[&str], command: &[&str]| refused(&args(&["url=x"], env, command));
    assert!(with(&["token=KAIWA_TEST_NEVER_SET"], &[]).contains("KAIWA_TEST_NEVER_SET"));
    for (command, says) in [
        ("token=", "empty"),
        ("token=\"a", "quote"),
        ("token=/nonexistent/kaiwa", "cannot be run"),
        ("token=false", "ended with"),
        ("token=true", "printed"),
        ("token=printf '\\377\\n'", "UTF-8"),
    ] {
        let line = with(&[], &[command]);
        assert!(line.contains(says) && line.contains("`token`"), "{line}");
    }
}

#[test]
fn sources_survive_the_accounts_file() {
    let sources = given(
        &protocol(),
        &args(&["url=x"], &["token=T"], &["proxy_password=pass show x"]),
    )
    .unwrap();
    let text = toml::to_string(&sources).unwrap();
    assert!(
        toml::from_str::<Sources>(&text).unwrap() == sources,
        "{text}"
    );
    assert!(toml::from_str::<Sources>("a = { env = \"x\", command = \"y\" }").is_err());
    for wrong in [
        "a = 5",
        "a = [\"x\"]",
        "a = {}",
        "a = { env = 5 }",
        "a = { enw = \"x\" }",
    ] {
        assert!(toml::from_str::<Sources>(wrong).is_err(), "{wrong}");
    }
}
