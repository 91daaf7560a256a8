//! Orders about one message: answers, reactions, edits, deletions; and files.

use std::path::{Path, PathBuf};

use chrono::Utc;
use kaiwa_protocols::{ChatEvent, Error, ErrorKind, Message, MessageFragment};

use super::{Plan, Situation};
use crate::chat::commands::Order;
use crate::chat::jobs::What;
use crate::chat::show;
use crate::chat::target::{Target, Whose};

impl Situation<'_> {
    /// # Errors
    /// `State` without a current channel, `NotFound` for a message or a file that is not there.
    pub(super) fn message(self, order: Order) -> Result<Plan, Error> {
        let channel_id = self.here()?;
        let find = |target: &Target, whose| target.find(self.state, self.shown, &channel_id, whose);
        Ok(match order {
            Order::Reply { message, text } => {
                let message_id = find(&message, Whose::Anybodys)?;
                // What is shown stands in front of what is said about it.
                Plan::Say(vec![
                    MessageFragment::Text(text),
                    MessageFragment::Reply { message_id },
                ])
            }
            Order::React { message, emoji, on } => {
                let message_id = find(&message, Whose::Anybodys)?;
                let on = on.unwrap_or_else(|| !self.has_reacted(&channel_id, &message_id, &emoji));
                let react = ChatEvent::React {
                    channel_id: Some(channel_id.clone()),
                    message_id: message_id.clone(),
                    user_id: None,
                    emoji: emoji.clone(),
                    on,
                };
                let what = What::React {
                    channel_id,
                    message_id,
                    emoji,
                    on,
                };
                Plan::Ask(what, react.into())
            }
            Order::Edit { message, text } => {
                let message_id = find(&message, Whose::Own)?;
                let update = ChatEvent::Update {
                    channel_id: Some(channel_id),
                    message_id: message_id.clone(),
                    new_message: Message {
                        id: Some(message_id),
                        ..Message::text(text.clone(), Utc::now())
                    },
                };
                Plan::Ask(What::Edit { text }, update.into())
            }
            Order::Delete(message) => {
                let message_id = find(&message, Whose::Own)?;
                let text = self.text(&channel_id, &message_id);
                let remove = ChatEvent::Remove {
                    channel_id: Some(channel_id),
                    message_id,
                };
                Plan::Ask(What::Delete { text }, remove.into())
            }
            Order::Upload { file, text } => Plan::Say(upload(&file, text)?),
            _ => return Err(ErrorKind::Internal.into()),
        })
    }

    /// What was said in a message, as far as that is known here.
    fn text(&self, channel_id: &str, message_id: &str) -> Option<String> {
        show::message(self.state, channel_id, message_id).map(show::words)
    }

    fn has_reacted(&self, channel_id: &str, message_id: &str, wanted: &str) -> bool {
        let Some(own) = &self.state.current_user_id else {
            return false;
        };
        let message = show::message(self.state, channel_id, message_id);
        let mut content = message.into_iter().flat_map(|message| &message.content);
        content.any(|fragment| match fragment {
            MessageFragment::Reaction { emoji, user_ids } => {
                emoji == wanted && user_ids.contains(own)
            }
            _ => false,
        })
    }
}

/// # Errors
/// `NotFound` for what is no file that can be read.
fn upload(file: &str, text: Option<String>) -> Result<Vec<MessageFragment>, Error> {
    let path = at_home(file);
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => {
            let text = "this is no file; give the path of one";
            return Err(Error::new(ErrorKind::NotFound, text));
        }
        Err(error) => {
            let text = "the file cannot be read; give the path of one, in quotes if it has spaces";
            return Err(Error::new(ErrorKind::NotFound, text).with_source(error));
        }
    }
    let Some(path) = path.to_str().map(str::to_owned) else {
        let text = "the path is not UTF-8; give the file another one";
        return Err(Error::new(ErrorKind::Invalid, text));
    };
    let upload = MessageFragment::Upload {
        path,
        name: None,
        mime: None,
    };
    Ok(text
        .map(MessageFragment::Text)
        .into_iter()
        .chain([upload])
        .collect())
}

/// The path with `~/` in front as a shell would read it.
pub(crate) fn at_home(file: &str) -> PathBuf {
    match (file.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(file),
    }
}
