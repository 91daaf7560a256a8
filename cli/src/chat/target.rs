//! Which message is meant by a command.

use kaiwa_protocols::client::ConnectionState;
use kaiwa_protocols::{Error, ErrorKind, Id, Message, MessageStatus, MessageType};

use super::show;
use super::shown::Shown;

/// The furthest that can be counted back: as many messages as the state keeps of a channel.
const FURTHEST: usize = 1000;

/// How a person names a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// So many back from the last one shown, which is 1.
    Back(usize),
    /// The network's id.
    Id(Id),
}

/// Which messages are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Anybodys,
    /// Only the user's own: what changes a message must not hit what somebody else says at the same moment.
    Own,
}

impl Target {
    /// Reads `-1`, `-2` …; anything else is an id.
    ///
    /// # Errors
    /// What is wrong with the number.
    pub(crate) fn read(typed: &str) -> Result<Self, String> {
        let digits = typed.strip_prefix('-').filter(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        let Some(digits) = digits else {
            return Ok(Self::Id(typed.into()));
        };
        match digits.parse() {
            Ok(back) if (1..=FURTHEST).contains(&back) => Ok(Self::Back(back)),
            _ => Err(format!(
                "messages are counted back from -1, the last one, to -{FURTHEST}"
            )),
        }
    }

    /// The id of the message in this channel; that of an unknown one is for the network to judge.
    ///
    /// # Errors
    /// `NotFound` if so many messages are not known.
    pub(crate) fn find(
        &self,
        state: &ConnectionState,
        shown: &Shown,
        channel_id: &str,
        whose: Whose,
    ) -> Result<Id, Error> {
        let back = match self {
            Self::Id(id) => return Ok(id.clone()),
            Self::Back(back) => *back,
        };
        let messages = state.channels.get(channel_id).map(|known| &known.messages);
        let known: Vec<&Message> = messages
            .into_iter()
            .flat_map(|known| known.iter())
            .collect();
        // What has come and is not shown yet is not what somebody who reads the screen counts.
        let newest = shown.newest(channel_id);
        let end = known
            .iter()
            .rposition(|message| newest.is_some() && message.id.as_deref() == newest)
            .map_or(known.len(), |at| at + 1);
        known
            .into_iter()
            .take(end)
            .rev()
            .filter(|message| counts(message, whose))
            .filter_map(|message| message.id.clone())
            .nth(back - 1)
            .ok_or_else(|| too_few(state, channel_id, whose))
    }
}

fn counts(message: &Message, whose: Whose) -> bool {
    let own = message.message_type == MessageType::CurrentUser;
    let there = matches!(
        message.status,
        MessageStatus::Delivered | MessageStatus::Edited
    );
    there && (own || whose == Whose::Anybodys)
}

fn too_few(state: &ConnectionState, channel_id: &str, whose: Whose) -> Error {
    let name = show::channel_name(state, channel_id);
    let text = match whose {
        Whose::Anybodys => {
            format!("so many messages of {name} are not known here; give the message's id")
        }
        Whose::Own => {
            format!("so many messages of your own are not known in {name}; give the message's id")
        }
    };
    Error::new(ErrorKind::NotFound, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use kaiwa_protocols::ChatEvent;

    fn state(messages: &[(&str, bool, MessageStatus)]) -> ConnectionState {
        let mut state = ConnectionState::new("1".to_owned(), "net".to_owned());
        for (id, own, status) in messages {
            let mut message = Message::text("x", DateTime::UNIX_EPOCH);
            message.id = Some((*id).into());
            message.status = *status;
            if !own {
                message.message_type = MessageType::Normal;
            }
            let channel_id = Some(Id::from("c"));
            state.apply(
                &ChatEvent::New {
                    channel_id,
                    message,
                }
                .into(),
            );
        }
        state
    }

    fn found(target: &str, state: &ConnectionState, shown: &Shown, whose: Whose) -> Option<Id> {
        let target = Target::read(target).unwrap();
        target.find(state, shown, "c", whose).ok()
    }

    #[test]
    fn what_is_shown_is_counted_from_its_end() {
        use MessageStatus::{Deleted, Delivered, Edited, Failed, Sent};
        let state = state(&[
            ("1", true, Delivered),
            ("2", false, Edited),
            ("3", false, Deleted),
            ("local:4", true, Failed),
            ("5", false, Delivered),
            ("local:6", true, Sent),
        ]);
        let shown = Shown::default();
        let anybodys = |target: &str| found(target, &state, &shown, Whose::Anybodys);
        for (target, id) in [
            ("-1", "5"),
            ("-2", "2"),
            ("-3", "1"),
            ("-x", "-x"),
            ("7", "7"),
        ] {
            assert_eq!(anybodys(target).as_deref(), Some(id), "{target}");
        }
        assert_eq!(anybodys("-4"), None);
        let own = |target: &str| found(target, &state, &shown, Whose::Own);
        assert_eq!(own("-1").as_deref(), Some("1"));
        assert_eq!(own("-2"), None);
        assert_eq!(own("5").as_deref(), Some("5"), "for the network to judge");
    }

    #[test]
    fn what_is_not_shown_yet_is_not_counted() {
        let mut state = state(&[
            ("1", true, MessageStatus::Delivered),
            ("2", false, MessageStatus::Delivered),
        ]);
        let mut shown = Shown::default();
        let first = state.channels.get("c").unwrap().messages.first().cloned();
        shown.newer("c", &first.unwrap());
        assert_eq!(
            found("-1", &state, &shown, Whose::Anybodys).as_deref(),
            Some("1")
        );
        let gone = ChatEvent::Remove {
            channel_id: Some("c".into()),
            message_id: "1".into(),
        };
        state.apply(&gone.into());
        assert_eq!(
            found("-1", &state, &shown, Whose::Anybodys).as_deref(),
            Some("2")
        );
    }

    #[test]
    fn numbers_have_bounds() {
        for wrong in ["-0", "-1001", "-99999999999999999999999"] {
            assert!(Target::read(wrong).is_err(), "{wrong}");
        }
        for id in ["-", "--1", "-1x", "1", "m1", "-½"] {
            assert_eq!(Target::read(id), Ok(Target::Id(id.into())));
        }
    }
}
