//! What stands behind a slash: one table of commands.
//!
//! * [`talk`]: saying something in another way; [`messages`]: taking it back.
//! * [`channels`]: going to them, making and changing them.
//! * [`people`]: what one is called, who is here.
//! * [`moderation`]: throwing out, keeping out, silencing; [`bans`]: who is kept out, and letting them in again.
//! * [`arguments`]: what stands behind a command; [`named`]: who is meant by a name; [`list`]: names in a notice;
//!   [`refusal`]: why not.
//!
//! Where servers differ they do what SharpChat does; docs/server.md says where not.

mod arguments;
mod bans;
mod channels;
mod list;
mod messages;
mod moderation;
mod named;
mod people;
mod refusal;
mod talk;

pub(super) use refusal::Refusal;

use futures_util::future::BoxFuture;
use kaiwa_protocols::sockchat::wire::{ChannelRight, Command, Permissions};

use self::moderation::Severity;
use super::call::{Asker, Call};
use super::talk::come_back;

/// Carries out a command. The next packet of its session is read when this is done; whoever asked is told the refusal, while
/// what comes of success is told here ([`Call::change`]).
///
/// # Errors
/// Why not.
pub(super) async fn carry_out(call: &Call, command: Command<'_>) -> Result<(), Refusal> {
    let mut asker = call.asker()?;
    if asker.user.away.is_some() {
        come_back(call).await;
        asker = call.asker()?;
    }
    let Command { name, rest } = command;
    let Some(entry) = find(&name) else {
        return Err(Refusal::NoCommand(name));
    };
    if !entry.right.is_held(asker.permissions) {
        return Err(Refusal::NotAllowed(name));
    }
    let ask = Ask {
        call,
        asker,
        name: &name,
        rest,
    };
    (entry.run)(&ask).await
}

/// A command that somebody may use, on its way.
struct Ask<'a> {
    call: &'a Call,
    asker: Asker,
    /// The name by which the command was called.
    name: &'a str,
    /// What stands behind it.
    rest: &'a str,
}

/// What a command comes to.
type Outcome = Result<(), Refusal>;

/// A command.
struct Entry {
    /// Its names.
    names: &'static [&'static str],
    /// What it takes to use it.
    right: Right,
    run: for<'a> fn(&'a Ask<'a>) -> BoxFuture<'a, Outcome>,
}

/// What it takes to use a command.
#[derive(Clone, Copy)]
enum Right {
    /// Nothing.
    None,
    /// Taking another name.
    Rename,
    /// Making channels.
    Create,
    /// Moderating.
    Moderate,
}

impl Right {
    fn is_held(self, permissions: Permissions) -> bool {
        match self {
            Self::None => true,
            Self::Rename => permissions.rename,
            Self::Create => permissions.create != ChannelRight::None,
            Self::Moderate => permissions.moderate,
        }
    }
}

fn find(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.names.contains(&name))
}

const TABLE: &[Entry] = &[
    Entry {
        names: &["me", "action"],
        right: Right::None,
        run: |ask| Box::pin(talk::act(ask)),
    },
    Entry {
        names: &["msg", "whisper"],
        right: Right::None,
        run: |ask| Box::pin(talk::whisper(ask)),
    },
    Entry {
        names: &["say"],
        right: Right::Moderate,
        run: |ask| Box::pin(talk::broadcast(ask)),
    },
    Entry {
        names: &["delete"],
        right: Right::None,
        run: |ask| Box::pin(messages::delete_either(ask)),
    },
    Entry {
        names: &["delmsg"],
        right: Right::None,
        run: |ask| Box::pin(messages::delete(ask)),
    },
    Entry {
        names: &["join"],
        right: Right::None,
        run: |ask| Box::pin(channels::join(ask)),
    },
    Entry {
        names: &["create"],
        right: Right::Create,
        run: |ask| Box::pin(channels::create(ask)),
    },
    Entry {
        names: &["delchan"],
        right: Right::None,
        run: |ask| Box::pin(channels::delete(ask)),
    },
    Entry {
        names: &["password", "pwd"],
        right: Right::Create,
        run: |ask| Box::pin(channels::set_password(ask)),
    },
    Entry {
        names: &["rank", "privilege", "priv", "hierarchy"],
        right: Right::Create,
        run: |ask| Box::pin(channels::set_rank(ask)),
    },
    Entry {
        names: &["nick"],
        right: Right::Rename,
        run: |ask| Box::pin(people::nick(ask)),
    },
    Entry {
        names: &["afk"],
        right: Right::None,
        run: |ask| Box::pin(people::away(ask)),
    },
    Entry {
        names: &["who"],
        right: Right::None,
        run: |ask| Box::pin(people::who(ask)),
    },
    Entry {
        names: &["ip", "whois"],
        right: Right::Moderate,
        run: |ask| Box::pin(people::addresses(ask)),
    },
    Entry {
        names: &["kick"],
        right: Right::Moderate,
        run: |ask| Box::pin(moderation::put_out(ask, Severity::Kick)),
    },
    Entry {
        names: &["ban"],
        right: Right::Moderate,
        run: |ask| Box::pin(moderation::put_out(ask, Severity::Ban)),
    },
    Entry {
        names: &["silence"],
        right: Right::Moderate,
        run: |ask| Box::pin(moderation::silence(ask)),
    },
    Entry {
        names: &["unsilence"],
        right: Right::Moderate,
        run: |ask| Box::pin(moderation::unsilence(ask)),
    },
    Entry {
        names: &["unban", "pardon"],
        right: Right::Moderate,
        run: |ask| Box::pin(bans::lift_of_person(ask)),
    },
    Entry {
        names: &["unbanip", "pardonip"],
        right: Right::Moderate,
        run: |ask| Box::pin(bans::lift_of_address(ask)),
    },
    Entry {
        names: &["bans", "banned"],
        right: Right::Moderate,
        run: |ask| Box::pin(bans::list(ask)),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_in_the_table_once_as_it_is_read() {
        let names = || TABLE.iter().flat_map(|entry| entry.names);
        let all: BTreeSet<_> = names().collect();
        assert_eq!(all.len(), names().count());
        for name in all {
            let text = format!("/{name} x");
            assert_eq!(Command::read(&text).unwrap().name, *name);
        }
        assert!(find("leave").is_none() && find("").is_none());
    }

    #[test]
    fn rights_are_those_of_the_packets() {
        let nobody = Permissions::default();
        for (right, permissions) in [
            (
                Right::Rename,
                Permissions {
                    rename: true,
                    ..nobody
                },
            ),
            (
                Right::Create,
                Permissions {
                    create: ChannelRight::Temporary,
                    ..nobody
                },
            ),
            (
                Right::Moderate,
                Permissions {
                    moderate: true,
                    ..nobody
                },
            ),
        ] {
            assert!(right.is_held(permissions) && !right.is_held(nobody));
        }
        assert!(Right::None.is_held(nobody));
    }
}
