//! Files on networks that know none: each is a line of its own behind the text, with the address at which it lies.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use super::oshi::files;
use crate::config::Config;
use crate::store::{File, StoredMessage};

/// Where this server is for others.
#[derive(Clone, Debug)]
pub(crate) struct Links(Arc<str>);

impl Links {
    /// As configured, or else the address of the main listener.
    pub(crate) fn new(config: &Config, main: SocketAddr) -> Self {
        let scheme = match config.tls_cert {
            Some(_) => "https",
            None => "http",
        };
        Self(match &config.public_url {
            Some(url) => url.trim_end_matches('/').into(),
            None => format!("{scheme}://{main}").into(),
        })
    }

    /// A message's text, with a line for each of its files.
    pub(super) fn text<'t>(&self, text: Option<&'t str>, files: &[File]) -> Option<Cow<'t, str>> {
        if files.is_empty() {
            return text.map(Cow::Borrowed);
        }
        let Self(base) = self;
        let said = text.filter(|text| !text.is_empty()).map(str::to_owned);
        let links = files
            .iter()
            .map(|file| format!("{}: {base}{}", file.name, files::address(file)));
        let lines: Vec<String> = said.into_iter().chain(links).collect();
        Some(Cow::Owned(lines.join("\n")))
    }

    /// Puts that into a kept message.
    pub(crate) fn put_into(&self, message: &mut StoredMessage) {
        if let Some(Cow::Owned(text)) = self.text(message.text.as_deref(), &message.files) {
            message.text = Some(text);
        }
    }
}
