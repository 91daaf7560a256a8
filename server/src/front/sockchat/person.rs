//! What somebody is shown as.

use std::borrow::Cow;

use kaiwa_protocols::sockchat::wire::{ChannelRight, DisplayName, Permissions, User as Packed};

use super::Sockchat;
use crate::names as accounts;
use crate::store::{User, UserId};

/// Whoever has this rank moderates.
pub(super) const MODERATOR_RANK: i64 = 5;

/// What an operator has.
pub(super) const OPERATOR_RANK: i64 = 10;

/// The id of those who have none: guests of other networks who said no name.
pub(super) const NOBODY: UserId = UserId(0);

/// The colour of those who have none.
const NO_COLOR: &str = "inherit";

/// Somebody as packets have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) id: String,
    /// As it stands in packets, with the tag of who is away.
    pub(super) name: String,
    pub(super) color: String,
    pub(super) permissions: Permissions,
}

impl Shown {
    /// Somebody who is called `name` here ([`plain_name`]; made different from others' by [`super::names`]).
    pub(super) fn of(user: &User, name: &str, permissions: Permissions) -> Self {
        let away = user.away.as_deref().map(|tag| match tag {
            "" => "AFK",
            tag => tag,
        });
        Self {
            id: user.id.0.to_string(),
            name: written(name, away),
            color: color(user.color.as_deref()),
            permissions,
        }
    }

    /// Somebody of whom only the name is known.
    pub(super) fn stranger(id: UserId, name: &str) -> Self {
        Self {
            id: id.0.to_string(),
            name: written(name, None),
            color: NO_COLOR.to_owned(),
            permissions: Permissions::default(),
        }
    }

    pub(super) fn packed(&self) -> Packed<'_> {
        Packed {
            id: &self.id,
            name: &self.name,
            color: &self.color,
            permissions: Some(self.permissions),
        }
    }
}

impl Sockchat {
    /// What somebody may do.
    pub(super) fn permissions(&self, user: &User) -> Permissions {
        if self.operators.contains(&accounts::key(&user.name)) && !user.guest {
            return Permissions {
                rank: OPERATOR_RANK,
                moderate: true,
                read_logs: true,
                rename: true,
                create: ChannelRight::Permanent,
            };
        }
        let moderates = user.rank >= MODERATOR_RANK;
        Permissions {
            rank: user.rank.max(1),
            moderate: moderates,
            read_logs: false,
            rename: true,
            create: if moderates {
                ChannelRight::Permanent
            } else {
                ChannelRight::Temporary
            },
        }
    }
}

/// What somebody is called if nobody else is called so: their nick behind a `~`, or else the name they have everywhere; one
/// word, without characters that nobody sees.
pub(super) fn plain_name(user: &User) -> String {
    match &user.nick {
        Some(nick) => format!("~{}", one_word(nick)),
        None => one_word(&user.display),
    }
}

/// A name of another network as one word.
pub(super) fn one_word(name: &str) -> String {
    let fit = name
        .trim()
        .chars()
        .filter(|c| !accounts::is_unseen(*c))
        .map(|c| if c.is_whitespace() { '_' } else { c });
    let name: String = fit.collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

fn written(name: &str, away: Option<&str>) -> String {
    DisplayName {
        away: away.map(Cow::Borrowed),
        // Whatever stands before a nick is a part of it by now.
        is_nick: false,
        name: Cow::Borrowed(name),
    }
    .written()
}

/// A colour that cannot be taken for anything else.
fn color(color: Option<&str>) -> String {
    let is_safe =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '#' | '(' | ')' | ',' | '.' | '%' | ' ');
    color
        .filter(|color| !color.is_empty() && color.chars().all(is_safe))
        .unwrap_or(NO_COLOR)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_word_that_is_seen() {
        for (name, word) in [
            ("ann", "ann"),
            (" two  words ", "two__words"),
            ("a\u{200b}n\u{202e}n\t\n\u{c}", "ann"),
            ("", "_"),
            (" \u{ad} ", "_"),
            ("会\u{3000}話", "会_話"),
        ] {
            assert_eq!(one_word(name), word);
        }
    }

    #[test]
    fn packets_have_names_and_colours_that_say_nothing_else() {
        assert_eq!(
            written("<b>&'", Some("TEA")),
            "&lt;TEA&gt;_&lt;b&gt;&amp;&#39;"
        );
        for (told, shown) in [
            (Some("#f00"), "#f00"),
            (Some("rgb(1, 2, 3)"), "rgb(1, 2, 3)"),
            (Some("red;x"), NO_COLOR),
            (Some("\"><b>"), NO_COLOR),
            (Some(""), NO_COLOR),
            (None, NO_COLOR),
        ] {
            assert_eq!(color(told), shown);
        }
    }
}
