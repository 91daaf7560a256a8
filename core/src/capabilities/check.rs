//! What can be said of an event without asking the network.

use std::borrow::Cow;

use super::Capabilities;
use crate::error::{Error, ErrorKind};
use crate::{
    ChannelEvent, ChatEvent, ConnectionEvent, MAX_STYLE_DEPTH, Message, MessageFragment, UserEvent,
};

impl Capabilities {
    /// What can be said of `event` without asking the network.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] (also for a file that goes along where [`Capabilities::max_file_bytes`] is `None`),
    /// [`ErrorKind::TooLong`], or [`ErrorKind::Invalid`] for what makes no sense on any network: a message that shows
    /// nothing, styles without content or too deep in each other, no id where one is needed, history of no message, read marks, typing, reactions or presence of others, a
    /// file that goes along with an edit, answers in a question.
    pub fn check(&self, event: &ConnectionEvent) -> Result<(), Error> {
        let kind = event.kind();
        if !self.can_send(kind) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("this network takes no {kind}"),
            ));
        }
        match event {
            ConnectionEvent::Chat { event } => self.check_chat(event),
            ConnectionEvent::Channel { event } => check_channel(event),
            ConnectionEvent::User { event } => check_user(event),
            ConnectionEvent::Status { .. } | ConnectionEvent::Asset { .. } => Ok(()),
        }
    }

    fn check_chat(&self, event: &ChatEvent) -> Result<(), Error> {
        match event {
            ChatEvent::New { message, .. } => {
                self.check_message(message)?;
                self.check_uploads(message)
            }
            ChatEvent::Update { new_message, .. } => {
                self.check_message(new_message)?;
                if new_message.content.iter().any(is_upload) {
                    return Err(invalid("a file goes along with a new message, not an edit"));
                }
                Ok(())
            }
            ChatEvent::RequestHistory { limit: 0, .. } => {
                Err(invalid("a request for history needs a limit of at least 1"))
            }
            ChatEvent::RequestHistory {
                channel_id, before, ..
            } => {
                some_id(channel_id.as_deref(), "channel")?;
                some_id(before.as_deref(), "message")
            }
            ChatEvent::Read {
                channel_id,
                message_id,
                user_id,
            } => {
                nobody(user_id.as_deref(), "read mark can be set")?;
                some_id(channel_id.as_deref(), "channel")?;
                id(message_id, "message")
            }
            ChatEvent::Typing {
                channel_id,
                user_id,
                ..
            } => {
                nobody(user_id.as_deref(), "typing can be told")?;
                some_id(channel_id.as_deref(), "channel")
            }
            ChatEvent::React {
                channel_id,
                message_id,
                user_id,
                emoji,
                ..
            } => {
                nobody(user_id.as_deref(), "reaction can be set")?;
                some_id(channel_id.as_deref(), "channel")?;
                id(message_id, "message")?;
                filled(emoji, "emoji of a reaction")
            }
            ChatEvent::Remove { .. }
            | ChatEvent::History { .. }
            | ChatEvent::Gap { .. }
            | ChatEvent::Progress { .. } => Ok(()),
        }
    }

    fn check_message(&self, message: &Message) -> Result<(), Error> {
        if !message.content.iter().any(MessageFragment::is_shown) {
            return Err(invalid(
                "a message needs at least one fragment that is shown",
            ));
        }
        message.content.iter().try_for_each(check_fragment)?;
        let answers =
            |fragment: &&MessageFragment| matches!(fragment, MessageFragment::Reply { .. });
        if message.content.iter().filter(answers).count() > 1 {
            return Err(invalid("a message answers one message at most"));
        }
        let length: u64 = message.content.iter().map(text_length).sum();
        match self.max_text_bytes {
            Some(limit) if length > limit => Err(Error::new(
                ErrorKind::TooLong,
                format!("the text has {length} bytes, this network takes {limit}"),
            )),
            _ => Ok(()),
        }
    }

    fn check_uploads(&self, message: &Message) -> Result<(), Error> {
        if self.max_file_bytes.is_none() && message.content.iter().any(is_upload) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this network takes no files along with messages",
            ));
        }
        Ok(())
    }
}

fn is_upload(fragment: &MessageFragment) -> bool {
    matches!(fragment, MessageFragment::Upload { .. })
}

fn check_fragment(fragment: &MessageFragment) -> Result<(), Error> {
    match fragment {
        MessageFragment::File { url, .. } => filled(url, "address of a file"),
        MessageFragment::Upload { path, .. } => filled(path, "path of a file"),
        MessageFragment::Reply { message_id } => id(message_id, "message"),
        MessageFragment::Styled { .. } | MessageFragment::Link { .. } => check_styled(fragment),
        MessageFragment::Mention { user_id, .. } => id(user_id, "user"),
        MessageFragment::ChannelLink { channel_id, .. } => id(channel_id, "channel"),
        MessageFragment::MessageLink {
            channel_id,
            message_id,
        } => {
            some_id(channel_id.as_deref(), "channel")?;
            id(message_id, "message")
        }
        _ => Ok(()),
    }
}

fn check_styled(fragment: &MessageFragment) -> Result<(), Error> {
    if fragment.style_depth() > MAX_STYLE_DEPTH {
        return Err(invalid(format!(
            "more than {MAX_STYLE_DEPTH} styles lie in each other"
        )));
    }
    match fragment {
        MessageFragment::Link { url, .. } => filled(url, "address of a link")?,
        _ if fragment.inner().is_empty() => return Err(invalid("a style has no content")),
        _ => {}
    }
    let inner = fragment.inner();
    if inner.iter().any(|one| !one.is_shown() || is_upload(one)) {
        return Err(invalid(
            "a style holds what is shown; the rest stands beside it in the message",
        ));
    }
    inner.iter().try_for_each(check_fragment)
}

/// Bytes that count as text.
fn text_length(fragment: &MessageFragment) -> u64 {
    match fragment {
        MessageFragment::Text(text)
        | MessageFragment::Url(text)
        | MessageFragment::Mention { text, .. }
        | MessageFragment::ChannelLink { text, .. } => text.len() as u64,
        MessageFragment::Styled { content, .. } => content.iter().map(text_length).sum(),
        MessageFragment::Link { url, content } => {
            url.len() as u64 + content.iter().map(text_length).sum::<u64>()
        }
        MessageFragment::Image { .. }
        | MessageFragment::Video { .. }
        | MessageFragment::Audio { .. }
        | MessageFragment::AssetId(_)
        | MessageFragment::File { .. }
        | MessageFragment::Upload { .. }
        | MessageFragment::Reply { .. }
        | MessageFragment::EditedAt(_)
        | MessageFragment::Reaction { .. }
        | MessageFragment::MessageLink { .. }
        | MessageFragment::Notice { .. }
        | MessageFragment::Extra(_) => 0,
    }
}

fn check_channel(event: &ChannelEvent) -> Result<(), Error> {
    match event {
        ChannelEvent::Topic { channel_id, .. } | ChannelEvent::Parent { channel_id, .. } => {
            id(channel_id, "channel")
        }
        ChannelEvent::Members {
            channel_id,
            members,
        } => {
            id(channel_id, "channel")?;
            members
                .iter()
                .try_for_each(|member| id(&member.user_id, "user"))
        }
        ChannelEvent::Create { parent_id, .. } => some_id(parent_id.as_deref(), "channel"),
        ChannelEvent::JoinWith { channel_id, key } => {
            id(channel_id, "channel")?;
            filled(key, "key to join with")
        }
        ChannelEvent::Invite { code: Some(_), .. } => Err(invalid(
            "the network makes the code of an invitation; leave code out",
        )),
        ChannelEvent::Invite {
            channel_id,
            user_id,
            code: None,
        } => {
            id(channel_id, "channel")?;
            some_id(user_id.as_deref(), "user")
        }
        ChannelEvent::Directory { channels, .. } if !channels.is_empty() => Err(invalid(
            "the network says which channels there are; leave channels empty",
        )),
        _ => Ok(()),
    }
}

fn check_user(event: &UserEvent) -> Result<(), Error> {
    match event {
        UserEvent::Request { user_id, .. } | UserEvent::Respond { user_id, .. } => {
            id(user_id, "user")
        }
        UserEvent::Ban {
            channel_id,
            user_id,
            ..
        } => {
            some_id(channel_id.as_deref(), "channel")?;
            id(user_id, "user")
        }
        UserEvent::Presence { user_id, .. } => nobody(user_id.as_deref(), "presence can be set"),
        UserEvent::Data {
            channel_id, key, ..
        }
        | UserEvent::RequestData { channel_id, key } => {
            some_id(channel_id.as_deref(), "channel")?;
            filled(key, "key of user data")
        }
        _ => Ok(()),
    }
}

fn some_id(given: Option<&str>, of: &str) -> Result<(), Error> {
    given.map_or(Ok(()), |given| id(given, of))
}

fn id(given: &str, of: &str) -> Result<(), Error> {
    if given.is_empty() {
        return Err(invalid(format!("the id of a {of} is empty")));
    }
    Ok(())
}

fn filled(given: &str, what: &str) -> Result<(), Error> {
    if given.is_empty() {
        return Err(invalid(format!("the {what} is empty")));
    }
    Ok(())
}

/// What can be done for oneself only names nobody.
fn nobody(user_id: Option<&str>, what: &str) -> Result<(), Error> {
    if user_id.is_some() {
        return Err(invalid(format!("only the own {what}; leave user_id out")));
    }
    Ok(())
}

fn invalid(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, EventKind, Member, Presence, Role, Style};

    /// What everybody takes that takes anything.
    fn check(event: impl Into<ConnectionEvent>) -> Result<(), ErrorKind> {
        let capabilities = Capabilities::new()
            .sends(EventKind::ALL)
            .max_file_bytes(u64::MAX);
        capabilities
            .check(&event.into())
            .map_err(|error| error.kind())
    }

    fn history(channel_id: Option<&str>, before: Option<&str>, limit: u32) -> ChatEvent {
        ChatEvent::RequestHistory {
            channel_id: channel_id.map(Into::into),
            before: before.map(Into::into),
            limit,
        }
    }

    fn read(channel_id: Option<&str>, message_id: &str, user_id: Option<&str>) -> ChatEvent {
        ChatEvent::Read {
            channel_id: channel_id.map(Into::into),
            message_id: message_id.into(),
            user_id: user_id.map(Into::into),
        }
    }

    fn members(channel_id: &str, user_ids: &[&str]) -> ChannelEvent {
        ChannelEvent::Members {
            channel_id: channel_id.into(),
            members: user_ids
                .iter()
                .map(|user_id| Member {
                    user_id: (*user_id).into(),
                    role: Role::Member,
                })
                .collect(),
        }
    }

    fn topic(channel_id: &str) -> ChannelEvent {
        ChannelEvent::Topic {
            channel_id: channel_id.into(),
            topic: Some(String::new()),
        }
    }

    fn request(user_id: &str) -> UserEvent {
        UserEvent::Request {
            user_id: user_id.into(),
            own: true,
            text: None,
        }
    }

    fn respond(user_id: &str) -> UserEvent {
        UserEvent::Respond {
            user_id: user_id.into(),
            accept: true,
        }
    }

    fn presence(user_id: Option<&str>) -> UserEvent {
        UserEvent::Presence {
            user_id: user_id.map(Into::into),
            presence: Presence::Away,
            text: None,
        }
    }

    fn typing(channel_id: Option<&str>, user_id: Option<&str>) -> ChatEvent {
        ChatEvent::Typing {
            channel_id: channel_id.map(Into::into),
            user_id: user_id.map(Into::into),
            typing: true,
        }
    }

    fn react(message_id: &str, user_id: Option<&str>, emoji: &str) -> ChatEvent {
        ChatEvent::React {
            channel_id: None,
            message_id: message_id.into(),
            user_id: user_id.map(Into::into),
            emoji: emoji.to_owned(),
            on: true,
        }
    }

    fn create(parent_id: Option<&str>) -> ChannelEvent {
        ChannelEvent::Create {
            parent_id: parent_id.map(Into::into),
            channel: Channel::default(),
            public: false,
        }
    }

    fn join_with(channel_id: &str, key: &str) -> ChannelEvent {
        ChannelEvent::JoinWith {
            channel_id: channel_id.into(),
            key: key.to_owned(),
        }
    }

    fn invite(channel_id: &str, user_id: Option<&str>, code: Option<&str>) -> ChannelEvent {
        ChannelEvent::Invite {
            channel_id: channel_id.into(),
            user_id: user_id.map(Into::into),
            code: code.map(str::to_owned),
        }
    }

    fn directory(channels: usize) -> ChannelEvent {
        ChannelEvent::Directory {
            query: None,
            channels: vec![Channel::default(); channels],
        }
    }

    fn data(channel_id: Option<&str>, key: &str) -> UserEvent {
        UserEvent::Data {
            channel_id: channel_id.map(Into::into),
            key: key.to_owned(),
            value: None,
        }
    }

    fn request_data(key: &str) -> UserEvent {
        UserEvent::RequestData {
            channel_id: None,
            key: key.to_owned(),
        }
    }

    fn say(content: &[MessageFragment]) -> ChatEvent {
        let mut message = Message::text("", chrono::DateTime::UNIX_EPOCH);
        message.content = content.to_vec();
        ChatEvent::New {
            channel_id: None,
            message,
        }
    }

    fn edit(content: &[MessageFragment]) -> ChatEvent {
        match say(content) {
            ChatEvent::New { message, .. } => ChatEvent::Update {
                channel_id: None,
                message_id: "m".into(),
                new_message: message,
            },
            other => other,
        }
    }

    fn text() -> MessageFragment {
        MessageFragment::Text("hi".to_owned())
    }

    fn reply(message_id: &str) -> MessageFragment {
        MessageFragment::Reply {
            message_id: message_id.into(),
        }
    }

    fn upload(path: &str) -> MessageFragment {
        MessageFragment::Upload {
            path: path.to_owned(),
            name: None,
            mime: None,
        }
    }

    fn file(url: &str) -> MessageFragment {
        MessageFragment::File {
            url: url.to_owned(),
            name: String::new(),
            mime: String::new(),
            size: None,
        }
    }

    fn reaction() -> MessageFragment {
        MessageFragment::Reaction {
            emoji: "+".to_owned(),
            user_ids: Vec::new(),
        }
    }

    fn bold(content: &[MessageFragment]) -> MessageFragment {
        MessageFragment::Styled {
            style: Style::Bold,
            content: content.to_vec(),
        }
    }

    fn link(url: &str, content: &[MessageFragment]) -> MessageFragment {
        MessageFragment::Link {
            url: url.to_owned(),
            content: content.to_vec(),
        }
    }

    fn mention(user_id: &str) -> MessageFragment {
        MessageFragment::Mention {
            user_id: user_id.into(),
            text: "@ann".to_owned(),
        }
    }

    fn deep(depth: usize) -> MessageFragment {
        (0..depth).fold(text(), |inner, _| bold(&[inner]))
    }

    #[test]
    fn nonsense_is_refused_before_the_network_sees_it() {
        let wrong: [ConnectionEvent; 42] = [
            history(Some("c"), None, 0).into(),
            history(Some(""), None, 1).into(),
            history(None, Some(""), 1).into(),
            read(Some("c"), "", None).into(),
            read(Some(""), "m", None).into(),
            read(Some("c"), "m", Some("bob")).into(),
            members("", &[]).into(),
            members("c", &["ann", ""]).into(),
            topic("").into(),
            request("").into(),
            respond("").into(),
            presence(Some("bob")).into(),
            presence(Some("")).into(),
            typing(Some(""), None).into(),
            typing(None, Some("bob")).into(),
            react("", None, "+").into(),
            react("m", None, "").into(),
            react("m", Some("me"), "+").into(),
            create(Some("")).into(),
            join_with("", "key").into(),
            join_with("c", "").into(),
            invite("", None, None).into(),
            invite("c", Some(""), None).into(),
            invite("c", None, Some("code")).into(),
            directory(1).into(),
            data(None, "").into(),
            data(Some(""), "key").into(),
            request_data("").into(),
            say(&[]).into(),
            say(&[reply("m"), reaction()]).into(),
            say(&[text(), reply("")]).into(),
            say(&[text(), reply("m"), reply("n")]).into(),
            say(&[file("")]).into(),
            say(&[upload("")]).into(),
            edit(&[text(), upload("a.png")]).into(),
            say(&[bold(&[])]).into(),
            say(&[bold(&[text(), reply("m")])]).into(),
            say(&[bold(&[upload("a.png")])]).into(),
            say(&[link("", &[text()])]).into(),
            say(&[link("u", &[bold(&[mention("")])])]).into(),
            say(&[deep(MAX_STYLE_DEPTH + 1)]).into(),
            edit(&[deep(1_000)]).into(),
        ];
        for event in wrong {
            assert_eq!(check(event.clone()), Err(ErrorKind::Invalid), "{event:?}");
            let error = Capabilities::new().check(&event).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{event:?}");
        }
    }

    #[test]
    fn what_may_make_sense_is_for_the_network_to_judge() {
        let fine: [ConnectionEvent; 23] = [
            history(None, None, u32::MAX).into(),
            history(Some("c"), Some("m"), 1).into(),
            read(None, "m", None).into(),
            members("c", &[]).into(),
            members("c", &["ann", "ann"]).into(),
            topic("c").into(),
            request("bob").into(),
            respond("bob").into(),
            presence(None).into(),
            ChannelEvent::ClearList.into(),
            typing(None, None).into(),
            react("m", None, "+").into(),
            create(None).into(),
            create(Some("c")).into(),
            join_with("c", "key").into(),
            invite("c", Some("bob"), None).into(),
            directory(0).into(),
            data(Some("c"), "key").into(),
            request_data("key").into(),
            say(&[file("u"), upload("a.png"), reply("m")]).into(),
            edit(&[text(), reply("m"), reaction()]).into(),
            say(&[deep(MAX_STYLE_DEPTH)]).into(),
            say(&[link("u", &[]), link("u", &[bold(&[mention("7")])])]).into(),
        ];
        for event in fine {
            assert_eq!(check(event.clone()), Ok(()), "{event:?}");
        }
    }

    #[test]
    fn what_is_not_shown_is_no_text_and_files_need_a_network_that_takes_them() {
        let capabilities = Capabilities::new().sends(EventKind::ALL).max_text_bytes(2);
        let kind = |event: ChatEvent| capabilities.check(&event.into()).map_err(|e| e.kind());
        let long = "x".repeat(100);
        assert_eq!(kind(say(&[text(), reply(&long), file(&long)])), Ok(()));
        assert_eq!(kind(say(&[text(), text()])), Err(ErrorKind::TooLong));
        assert_eq!(kind(say(&[bold(&[text()])])), Ok(()));
        assert_eq!(
            kind(say(&[bold(&[text(), bold(&[text()])])])),
            Err(ErrorKind::TooLong)
        );
        assert_eq!(kind(say(&[link(&long, &[])])), Err(ErrorKind::TooLong));
        let unsupported = Err(ErrorKind::Unsupported);
        assert_eq!(kind(say(&[text(), upload("a.png")])), unsupported);
    }
}
