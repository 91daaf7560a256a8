//! People on networks, each with an account in one client: what they say, and what reaches them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::Utc;
use kaiwa_protocols::client::{AccountId, ClientEvents};
use kaiwa_protocols::connection::{
    ChannelEvent, ChatEvent, ConnectionEvent, StatusEvent, UserEvent,
};
use kaiwa_protocols::{
    AuthField, Channel, ChannelType, Client, ErrorKind, Id, Message, MessageFragment,
    MessageStatus, MessageType, Registry, RequestId,
};
use tokio::time::timeout;

/// Nothing in these tests takes so long; what does is stuck.
pub(crate) const STUCK: Duration = Duration::from_secs(120);

/// Everybody of one test.
pub(crate) struct People {
    client: Client,
    events: ClientEvents,
    heard: BTreeMap<AccountId, Heard>,
}

/// What has reached one person.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// How often each text was shown, live or as history, under each id.
    pub(crate) texts: BTreeMap<String, Vec<Shown>>,
    /// Own texts that the network has confirmed.
    pub(crate) delivered: BTreeSet<String>,
    /// Own texts that were not delivered, and why.
    pub(crate) failed: BTreeMap<String, String>,
    /// Connected that many times.
    pub(crate) connected: u32,
    pub(crate) own_id: Option<Id>,
    /// The code of an invitation that was made.
    pub(crate) code: Option<String>,
    channels: BTreeMap<Id, Channel>,
    settled: BTreeMap<RequestId, Result<(), String>>,
    /// Own texts by their local id.
    sent: BTreeMap<Id, String>,
    /// The channel in which messages may be missing, and the one after which they may.
    gap: Option<(Id, u64)>,
    /// Where to look for them next: before this message.
    ask: Option<(Id, Option<Id>)>,
    /// What was last said of the connection.
    last: Option<StatusEvent>,
    /// Messages as they are now, by channel and id; so the same one is not taken for two.
    pub(crate) now: BTreeMap<(Id, Id), Message>,
}

/// One showing of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) sender: Option<Id>,
    pub(crate) id: Id,
}

impl People {
    pub(crate) fn new() -> Self {
        let client = Client::new();
        let events = client.subscribe();
        Self {
            client,
            events,
            heard: BTreeMap::new(),
        }
    }

    /// Somebody signs in; returns when they are connected.
    pub(crate) async fn join(&mut self, network: &str, form: &[(&str, &str)]) -> AccountId {
        let connection = (Registry::get(network).unwrap().connect)();
        let mut fields = connection.protocol_spec().auth.unwrap();
        for (name, value) in form {
            let field = fields.iter_mut().find(|field| field.name == *name);
            field.unwrap().set((*value).to_owned());
        }
        self.join_with(connection, fields).await
    }

    async fn join_with(
        &mut self,
        connection: Box<dyn kaiwa_protocols::Connection>,
        fields: Vec<AuthField>,
    ) -> AccountId {
        let account = self.client.add(connection).unwrap();
        self.heard.insert(account, Heard::default());
        self.client.connect(account, fields).unwrap();
        self.until(|people| people.heard(account).connected > 0)
            .await;
        account
    }

    /// Somebody signs in on Sock Chat, for whom an account is made over Oshi: that network has no way to make one.
    pub(crate) async fn join_sockchat(
        &mut self,
        address: &str,
        account: &str,
        display: &str,
    ) -> AccountId {
        let url = format!("http://{address}");
        let form = [
            ("url", url.as_str()),
            ("account", account),
            ("display", display),
            ("password", "secret password"),
            ("register", "yes"),
        ];
        let elsewhere = self.join("oshi", &form).await;
        self.part(elsewhere).await;
        let url = format!("ws://{address}/sockchat");
        let form = [
            ("sockchat_url", url.as_str()),
            ("scheme", "Password"),
            ("uid", account),
            ("token", "secret password"),
        ];
        self.join("sockchat", &form).await
    }

    /// Somebody signs out, and is nobody of the test any more.
    pub(crate) async fn part(&mut self, account: AccountId) {
        self.client.remove(account).await.unwrap();
        self.heard.remove(&account);
    }

    pub(crate) fn heard(&self, account: AccountId) -> &Heard {
        &self.heard[&account]
    }

    /// Asks for something that is not a message, and waits for its end.
    pub(crate) async fn ask(&mut self, account: AccountId, event: impl Into<ConnectionEvent>) {
        let request = self.client.send(account, event.into()).unwrap();
        self.until(|people| people.heard(account).settled.contains_key(&request))
            .await;
        assert_eq!(self.heard(account).settled[&request], Ok(()));
    }

    /// Wants something that is not a message; [`Heard::outcome`] says what came of it.
    pub(crate) fn want(
        &mut self,
        account: AccountId,
        event: impl Into<ConnectionEvent>,
    ) -> Option<RequestId> {
        // Nothing but messages is taken while nobody is connected.
        self.client.send(account, event.into()).ok()
    }

    /// Says something; what comes of it is an event.
    pub(crate) fn say(&mut self, account: AccountId, channel: Option<&str>, text: &str) {
        self.say_all(
            account,
            channel,
            vec![MessageFragment::Text(text.to_owned())],
        );
    }

    /// The same with more than a text.
    pub(crate) fn say_all(
        &mut self,
        account: AccountId,
        channel: Option<&str>,
        content: Vec<MessageFragment>,
    ) {
        let event = ChatEvent::New {
            channel_id: channel.map(Into::into),
            message: Message {
                content,
                ..Message::text("", Utc::now())
            },
        };
        self.client.send(account, event.into()).unwrap();
    }

    /// Makes a group with these people, and waits until each of them sees it.
    pub(crate) async fn group(
        &mut self,
        owner: AccountId,
        name: &str,
        others: &[AccountId],
    ) -> String {
        let channel = Channel {
            id: Id::default(),
            name: Some(name.to_owned()),
            channel_type: ChannelType::Group,
        };
        self.ask(owner, ChannelEvent::New { channel }).await;
        let id = self.channel(owner, name).unwrap();
        let members = others
            .iter()
            .map(|other| kaiwa_protocols::Member {
                user_id: self.heard(*other).own_id.clone().unwrap(),
                role: kaiwa_protocols::Role::Member,
            })
            .collect();
        let channel_id = id.clone();
        self.ask(
            owner,
            ChannelEvent::Members {
                channel_id,
                members,
            },
        )
        .await;
        self.until(|people| {
            others
                .iter()
                .all(|other| people.heard(*other).channels.contains_key(&id))
        })
        .await;
        id.into()
    }

    /// The id of the channel that somebody knows by this name; of several the last one that was made.
    pub(crate) fn channel(&self, account: AccountId, name: &str) -> Option<Id> {
        let channels = self.heard(account).channels.values();
        let named = channels.filter(|channel| channel.name.as_deref() == Some(name));
        let last = named.max_by_key(|channel| (channel.id.len(), channel.id.clone()));
        last.map(|channel| channel.id.clone())
    }

    /// The name that a person sees beside a message.
    pub(crate) fn name(&self, account: AccountId, channel: &str, sender: &str) -> String {
        let state = self.client.state(account).unwrap();
        let in_channel = state.channels.get(channel).map(|channel| &channel.users);
        let user = in_channel
            .and_then(|users| users.get(sender))
            .or_else(|| state.global_users.get(sender));
        let Some(user) = user else {
            return sender.to_owned();
        };
        let name = user.display_name.as_deref().or(user.username.as_deref());
        name.unwrap_or(sender).to_owned()
    }

    /// Takes events until it holds.
    pub(crate) async fn until(&mut self, holds: impl FnMut(&Self) -> bool) {
        self.until_else(holds, |_| String::new()).await;
    }

    /// The same, with what there is to say of each if it never does.
    pub(crate) async fn until_else(
        &mut self,
        mut holds: impl FnMut(&Self) -> bool,
        why: impl Fn(&Heard) -> String,
    ) {
        let waiting = async {
            while !holds(self) {
                let event = self.events.recv().await.unwrap();
                let event_account = event.account;
                let Some(heard) = self.heard.get_mut(&event.account) else {
                    continue;
                };
                heard.take(event.event);
                // Whoever was away for long fills the gap by asking.
                if let Some((channel, before)) = heard.ask.take() {
                    let event = ChatEvent::RequestHistory {
                        channel_id: Some(channel),
                        before,
                        limit: 100,
                    };
                    // Some networks have no history to ask for.
                    if let Err(error) = self.client.send(event_account, event.into()) {
                        assert_eq!(error.kind(), ErrorKind::Unsupported);
                    }
                }
            }
        };
        if timeout(STUCK, waiting).await.is_err() {
            let summary = |heard: &Heard| heard.summary() + &why(heard);
            let summary: Vec<_> = self.heard.values().map(summary).collect();
            panic!("stuck; heard: {summary:#?}");
        }
    }

    pub(crate) async fn leave(self) {
        self.client.shutdown().await;
    }
}

impl Heard {
    /// What a person who reads of a failure wants to know.
    fn summary(&self) -> String {
        let Self {
            connected,
            delivered,
            failed,
            own_id,
            channels,
            ..
        } = self;
        let (texts, delivered) = (self.texts.len(), delivered.len());
        let reasons: BTreeSet<_> = failed.values().collect();
        format!(
            "{own_id:?}: connected {connected} times, saw {texts} texts, {delivered} delivered, {} failed: {reasons:?}, last {:?}, in {channels:?}, gap {:?}, not seen: {:?}",
            failed.len(),
            self.last,
            self.gap,
            self.unseen()
        )
    }

    /// Ids of messages between others that were not shown, where ids count, and how many were.
    fn unseen(&self) -> BTreeMap<&str, (usize, Vec<u64>)> {
        let mut seen: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for (channel, id) in self.now.keys() {
            if let Ok(id) = id.parse() {
                seen.entry(channel).or_default().insert(id);
            }
        }
        let holes = |ids: &BTreeSet<u64>| {
            let last = ids.last().copied().unwrap_or_default();
            let missing = (1..last).filter(|id| !ids.contains(id));
            (ids.len(), missing.take(10).collect())
        };
        seen.into_iter()
            .map(|(channel, ids)| (channel, holes(&ids)))
            .collect()
    }

    fn take(&mut self, event: ConnectionEvent) {
        match event {
            ConnectionEvent::Chat { event } => self.chat(event),
            ConnectionEvent::Channel {
                event: ChannelEvent::New { channel },
            } => {
                self.channels.insert(channel.id.clone(), channel);
            }
            ConnectionEvent::Channel {
                event: ChannelEvent::Invite { code, .. },
            } => self.code = code,
            ConnectionEvent::User {
                event: UserEvent::Identify { user_id },
            } => self.own_id = Some(user_id),
            ConnectionEvent::Status { event } => match event {
                StatusEvent::Connected { .. } => self.connected += 1,
                StatusEvent::Done { request } => {
                    self.settled.insert(request, Ok(()));
                }
                StatusEvent::Failed { request, error } => {
                    let why = format!("{:?}: {}", error.kind, error.message);
                    if let Some(text) = self.sent.get(&request.local_message_id()) {
                        self.failed.insert(text.clone(), why.clone());
                    }
                    self.settled.insert(request, Err(why));
                }
                status => self.last = Some(status),
            },
            _ => {}
        }
    }

    fn chat(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::New {
                channel_id,
                message,
            } => {
                if message.message_type == MessageType::CurrentUser
                    && message.status == MessageStatus::Sent
                {
                    let id = message.id.clone().unwrap();
                    self.sent.insert(id, message.plain_text());
                } else {
                    self.show(&channel_id.unwrap_or_default(), &message);
                }
            }
            ChatEvent::Update {
                channel_id,
                message_id,
                new_message,
            } => {
                let place = (channel_id.clone().unwrap_or_default(), message_id.clone());
                if let Some(known) = self.now.get_mut(&place) {
                    // An edit, and no news.
                    *known = new_message;
                    return;
                }
                let Some(text) = self.sent.get(&message_id).cloned() else {
                    return;
                };
                if new_message.status == MessageStatus::Failed {
                    self.failed.insert(text, String::new());
                    return;
                }
                self.failed.remove(&text);
                self.delivered.insert(text.clone());
                self.sent.insert(new_message.id.clone().unwrap(), text);
                self.show(&channel_id.unwrap_or_default(), &new_message);
            }
            ChatEvent::History {
                channel_id,
                messages,
                ..
            } => {
                self.fill_gap(&channel_id, &messages);
                for message in messages {
                    self.show(&channel_id, &message);
                }
            }
            ChatEvent::React {
                channel_id,
                message_id,
                user_id,
                emoji,
                on,
            } => self.react(
                &(channel_id.unwrap(), message_id),
                &user_id.unwrap(),
                &emoji,
                on,
            ),
            ChatEvent::Gap {
                channel_id,
                after: Some(after),
                before,
            } => {
                self.gap = Some((channel_id.clone(), after.parse().unwrap()));
                self.ask = Some((channel_id, before));
            }
            _ => {}
        }
    }

    fn react(&mut self, place: &(Id, Id), who: &str, wanted: &str, on: bool) {
        let Some(message) = self.now.get_mut(place) else {
            return;
        };
        message.content.retain(|fragment| {
            !matches!(fragment, MessageFragment::Reaction { emoji, user_ids }
                if emoji == wanted && user_ids == &[who.to_owned()])
        });
        if on {
            message.content.push(MessageFragment::Reaction {
                emoji: wanted.to_owned(),
                user_ids: vec![who.into()],
            });
        }
    }

    /// What came of a request that is no message, once it is known.
    pub(crate) fn outcome(&self, request: RequestId) -> Option<&Result<(), String>> {
        self.settled.get(&request)
    }

    /// Asks on until what was known before the gap comes.
    fn fill_gap(&mut self, channel: &str, page: &[Message]) {
        let Some((_, after)) = self.gap.as_ref().filter(|(of, _)| of == channel) else {
            return;
        };
        let ids = page.iter().filter_map(|message| message.id.as_deref());
        let oldest: Option<u64> = ids.filter_map(|id| id.parse().ok()).min();
        match oldest.filter(|oldest| oldest > after) {
            Some(oldest) => self.ask = Some((channel.into(), Some(oldest.into()))),
            None => self.gap = None,
        }
    }

    /// History may say again what is known under the same id; the same text under another id is another message.
    fn show(&mut self, channel: &str, message: &Message) {
        let id = message.id.clone().unwrap();
        let place = (channel.into(), id.clone());
        if self.now.insert(place, message.clone()).is_some() {
            return;
        }
        let shown = Shown {
            sender: message.sender_id.clone(),
            id,
        };
        self.texts
            .entry(message.plain_text())
            .or_default()
            .push(shown);
    }
}
