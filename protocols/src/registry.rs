//! Which networks there are: one table that drives help texts, login forms, documentation and tests.

#[cfg(feature = "mock")]
use crate::mock::{MockConnection, Script};
use kaiwa_core::{Capabilities, Connection, Error, ErrorKind, Protocol};

/// One network.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// [`Protocol::name`].
    pub name: &'static str,
    /// A few words for a person.
    pub about: &'static str,
    /// Makes a connection.
    pub connect: fn() -> Box<dyn Connection>,
    /// The login form.
    pub protocol: fn() -> Protocol,
    /// What it can do, as far as is known before a sign-in.
    pub capabilities: fn() -> Capabilities,
}

/// The networks compiled in.
#[derive(Debug)]
pub struct Registry;

impl Registry {
    /// Every network, by name.
    #[must_use]
    pub fn all() -> &'static [Entry] {
        NETWORKS
    }

    /// The network of that name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], naming those that there are.
    pub fn get(name: &str) -> Result<&'static Entry, Error> {
        NETWORKS
            .iter()
            .find(|entry| entry.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = NETWORKS.iter().map(|entry| entry.name).collect();
                Error::new(
                    ErrorKind::NotFound,
                    format!(
                        "no network is called `{name}`; there are: {}",
                        names.join(", ")
                    ),
                )
            })
    }
}

const NETWORKS: &[Entry] = &[
    #[cfg(all(feature = "flubber", unix))]
    Entry {
        name: "flubber",
        about: "a backend in any language: a program that speaks JSON over its pipes",
        connect: || Box::new(crate::flubber::connection()),
        protocol: crate::flubber::protocol,
        capabilities: crate::flubber::FlubberSession::capabilities,
    },
    #[cfg(feature = "mock")]
    Entry {
        name: "mock",
        about: "a network in memory, for tests and demonstrations",
        connect: || Box::new(MockConnection::scripted(Script::echo())),
        protocol: crate::mock::protocol,
        capabilities: crate::mock::capabilities,
    },
    #[cfg(feature = "oshi")]
    Entry {
        name: "oshi",
        about: "kaiwa's own: circles, streams, files, reactions, and everything is kept",
        connect: || Box::new(crate::oshi::connection()),
        protocol: crate::oshi::protocol,
        capabilities: crate::oshi::OshiSession::capabilities,
    },
    #[cfg(feature = "rim")]
    Entry {
        name: "rim",
        about: "an instant messenger with accounts, contacts, groups and history",
        connect: || Box::new(crate::rim::connection()),
        protocol: crate::rim::protocol,
        capabilities: crate::rim::RimSession::capabilities,
    },
    #[cfg(feature = "sockchat")]
    Entry {
        name: "sockchat",
        about: "channels one at a time, commands, BBCode and emotes; four dialects of servers",
        connect: || Box::new(crate::sockchat::connection()),
        protocol: crate::sockchat::protocol,
        capabilities: crate::sockchat::SockchatSession::capabilities,
    },
    #[cfg(feature = "wschat")]
    Entry {
        name: "wschat",
        about: "one room, everybody hears everything, nothing is kept",
        connect: || Box::new(crate::wschat::connection()),
        protocol: crate::wschat::protocol,
        capabilities: crate::wschat::WschatSession::capabilities,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_true() {
        assert!(NETWORKS.is_sorted_by(|a, b| a.name < b.name));
        for entry in Registry::all() {
            let connection = (entry.connect)();
            assert_eq!(connection.protocol_spec(), (entry.protocol)());
            assert_eq!(connection.capabilities(), (entry.capabilities)());
            assert_eq!(connection.protocol_spec().name, entry.name);
            assert_eq!(Registry::get(entry.name).unwrap().name, entry.name);
        }
        let missing = Registry::get("nonsense").unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        for entry in Registry::all() {
            assert!(missing.message().contains(entry.name));
        }
    }
}
