//! What a user can choose about the way to a server, and the login fields for it.

use std::path::PathBuf;
use std::time::Duration;

use kaiwa_core::{AuthField, Error, FieldValue};

use super::CLOSE_TIMEOUT;
use super::proxy::Proxy;

/// How long opening a connection may take, from the name to the last handshake: a person waits for it, and a slow mobile
/// network needs a few round trips of one or two seconds.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach servers; made from a login form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportOptions {
    /// The proxy that all connections of the account go through.
    pub proxy: Option<Proxy>,
    /// A PEM file with root certificates to trust besides those of the platform.
    pub ca_file: Option<PathBuf>,
    /// How long opening a connection may take in all.
    pub connect_timeout: Duration,
    /// How long a peer may take to answer a goodbye.
    pub close_timeout: Duration,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            proxy: None,
            ca_file: None,
            connect_timeout: CONNECT_TIMEOUT,
            close_timeout: CLOSE_TIMEOUT,
        }
    }
}

impl TransportOptions {
    /// The login fields that [`TransportOptions::from_form`] reads, as one group called `network`, to append to a form.
    #[must_use]
    pub fn fields() -> Vec<AuthField> {
        let group = vec![
            AuthField::text("proxy", "Proxy (socks5:// or http://)", None, false),
            AuthField::text("proxy_user", "Proxy user", None, false),
            AuthField::password("proxy_password", "Proxy password", false),
            AuthField::text("ca_file", "Extra root certificates (PEM file)", None, false),
        ];
        vec![AuthField {
            name: "network".to_owned(),
            display: Some("Network".to_owned()),
            value: FieldValue::Group(group),
            required: false,
        }]
    }

    /// Reads the fields of [`TransportOptions::fields`] from a filled login form. Opens no file.
    ///
    /// # Errors
    /// `Invalid` for a proxy that makes no sense, and for a proxy's user or password without a proxy.
    pub fn from_form(form: &[AuthField]) -> Result<Self, Error> {
        Ok(Self {
            proxy: Proxy::from_fields(
                AuthField::find(form, "proxy"),
                AuthField::find(form, "proxy_user"),
                AuthField::find(form, "proxy_password"),
            )?,
            ca_file: AuthField::find(form, "ca_file").map(PathBuf::from),
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiwa_core::ErrorKind;

    fn filled(values: &[(&str, &str)]) -> Vec<AuthField> {
        let mut form = TransportOptions::fields();
        for (name, value) in values {
            let FieldValue::Group(group) = &mut form[0].value else {
                panic!("one group");
            };
            let field = group.iter_mut().find(|field| field.name == *name).unwrap();
            field.set((*value).to_owned());
        }
        form
    }

    #[test]
    fn an_empty_form_is_the_default() {
        let form = TransportOptions::fields();
        assert_eq!(form.len(), 1);
        assert!(!form[0].required);
        let options = TransportOptions::from_form(&form).unwrap();
        assert_eq!(options, TransportOptions::default());
        assert_eq!(
            TransportOptions::from_form(&[]).unwrap(),
            TransportOptions::default()
        );
    }

    #[test]
    fn a_full_form_is_read_and_its_password_is_never_shown() {
        let options = TransportOptions::from_form(&filled(&[
            ("proxy", "socks5://localhost:1080"),
            ("proxy_user", "ann"),
            ("proxy_password", "hunter2"),
            ("ca_file", "root.pem"),
        ]))
        .unwrap();
        assert!(options.proxy.is_some());
        assert_eq!(options.ca_file, Some(PathBuf::from("root.pem")));
        let shown = format!("{options:?} {options:#?}");
        assert!(shown.contains("localhost"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn senseless_proxies_are_refused_without_their_secrets() {
        let long = "x".repeat(256);
        for fields in [
            &[("proxy", "localhost:1080")][..],
            &[("proxy", "ftp://localhost")],
            &[("proxy", "https://localhost")],
            &[("proxy", "socks5://ann:hunter2@localhost:1080")],
            &[("proxy", "socks5://ann@localhost:1080")],
            &[("proxy", "http://localhost:1/path?hunter2")],
            &[("proxy_user", "ann")],
            &[("proxy_password", "hunter2")],
            &[
                ("proxy", "http://localhost:1"),
                ("proxy_password", "hunter2"),
            ],
            &[("proxy", "socks5://localhost:1"), ("proxy_user", "ann")],
            &[
                ("proxy", "socks5://localhost:1"),
                ("proxy_user", &long),
                ("proxy_password", "hunter2"),
            ],
            &[
                ("proxy", "http://localhost:1"),
                ("proxy_user", "a:b"),
                ("proxy_password", "hunter2"),
            ],
        ] {
            let error = TransportOptions::from_form(&filled(fields)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{fields:?}");
            assert!(!error.chain().contains("hunter2"), "{error}");
        }
        let error = TransportOptions::from_form(&filled(&[("proxy", "http://a:b@localhost:1")]))
            .unwrap_err();
        assert!(error.to_string().contains("proxy_password"), "{error}");
    }
}
