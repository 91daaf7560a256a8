//! What is said in a stream: messages and reactions, and the changes that brought them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kaiwa_protocols::oshi::wire::{Event, File, Message, MessageId, Pub, StreamId, UserId, limit};
use serde_json::Map;

/// What is said in a stream.
#[derive(Debug)]
pub(crate) struct Log {
    stream: StreamId,
    pub(crate) epoch: i64,
    /// The last change.
    pub(crate) rev: i64,
    /// In the order of their sequence, which begins at 1.
    messages: Vec<Kept>,
    /// The last nonces of each sender, the newest last.
    nonces: BTreeMap<UserId, Vec<(String, i64)>>,
}

/// A message, and how it came to be so.
#[derive(Debug)]
struct Kept {
    message: Message<'static>,
    /// The change that brought it.
    since: i64,
    /// The last change of each reaction, also of those that were taken back.
    reactions: BTreeMap<(UserId, String), (i64, bool)>,
}

/// Something new, by somebody.
pub(crate) struct Draft<'a> {
    pub(crate) from: UserId,
    pub(crate) name: String,
    pub(crate) id: MessageId,
    pub(crate) ts: i64,
    pub(crate) publish: &'a Pub<'a>,
    pub(crate) files: Vec<File<'static>>,
}

impl Log {
    pub(crate) fn new(stream: StreamId) -> Self {
        Self {
            stream,
            epoch: 1,
            rev: 0,
            messages: Vec::new(),
            nonces: BTreeMap::new(),
        }
    }

    /// The sequence of the last message.
    pub(crate) fn last(&self) -> i64 {
        i64::try_from(self.messages.len()).unwrap()
    }

    /// All messages as they are, the oldest first.
    pub(crate) fn messages(&self) -> impl DoubleEndedIterator<Item = &Message<'static>> {
        self.messages.iter().map(|kept| &kept.message)
    }

    /// A message that is there, deleted or not.
    pub(crate) fn message(&self, seq: i64) -> Option<&Message<'static>> {
        Some(&self.messages.get(place(seq)?)?.message)
    }

    /// The message that a sender gave this nonce, if it is one of the last, and the change that brought it.
    pub(crate) fn repeated(&self, from: UserId, nonce: &str) -> Option<(&Message<'static>, i64)> {
        let known = self.nonces.get(&from)?.iter();
        let (_, seq) = known.rev().find(|(known, _)| known == nonce)?;
        let kept = self.messages.get(place(*seq)?)?;
        Some((&kept.message, kept.since))
    }

    /// Keeps something new.
    pub(crate) fn keep(&mut self, draft: Draft<'_>) -> Message<'static> {
        self.rev += 1;
        let Draft {
            from,
            name,
            id,
            ts,
            publish,
            files,
        } = draft;
        let nonce = publish.nonce.as_deref().map(str::to_owned);
        let message = Message {
            stream: self.stream,
            seq: self.last() + 1,
            rev: self.rev,
            id,
            from: Some(from),
            name: Cow::Owned(name),
            text: Some(Cow::Owned(publish.text.clone().into_owned())),
            ts,
            edited: None,
            deleted: false,
            reply: publish.reply,
            files,
            reactions: Vec::new(),
            meta: publish.meta.clone(),
            nonce: nonce.clone().map(Cow::Owned),
        };
        if let Some(nonce) = nonce {
            let known = self.nonces.entry(from).or_default();
            known.push((nonce, message.seq));
            if known.len() > limit::NONCES {
                known.remove(0);
            }
        }
        self.messages.push(Kept {
            message: message.clone(),
            since: self.rev,
            reactions: BTreeMap::new(),
        });
        message
    }

    /// Gives a message another text, or none.
    pub(crate) fn change(&mut self, seq: i64, text: Option<&str>, ts: i64) -> Message<'static> {
        self.rev += 1;
        let kept = &mut self.messages[place(seq).unwrap()];
        let message = &mut kept.message;
        message.rev = self.rev;
        match text {
            Some(text) => {
                message.text = Some(Cow::Owned(text.to_owned()));
                message.edited = Some(ts);
            }
            None => {
                (message.text, message.deleted) = (None, true);
                (message.files, message.meta) = (Vec::new(), Map::new());
                message.reactions = Vec::new();
                kept.reactions.clear();
            }
        }
        message.clone()
    }

    /// Reacts, or no longer; nothing if it is so already.
    pub(crate) fn react(
        &mut self,
        seq: i64,
        user: UserId,
        emoji: &str,
        on: bool,
    ) -> Option<Event<'static>> {
        let kept = &mut self.messages[place(seq).unwrap()];
        let key = (user, emoji.to_owned());
        if kept.reactions.get(&key).is_some_and(|(_, is)| *is) == on {
            return None;
        }
        self.rev += 1;
        kept.reactions.insert(key, (self.rev, on));
        kept.show_reactions();
        Some(self.reaction(seq, self.rev, user, emoji, on))
    }

    /// What changed after a change, in the order of the changes; of several changes of the same thing only the last.
    pub(crate) fn changes(&self, since: i64) -> Vec<Event<'static>> {
        let mut found = Vec::new();
        for kept in &self.messages {
            let Message { rev, seq, .. } = kept.message;
            if rev > since {
                let message = kept.message.clone();
                let is_new = kept.since > since;
                found.push((
                    rev,
                    if is_new {
                        Event::Msg(message)
                    } else {
                        Event::Upd(message)
                    },
                ));
            }
            for ((user, emoji), (rev, on)) in &kept.reactions {
                if *rev > since {
                    found.push((*rev, self.reaction(seq, *rev, *user, emoji, *on)));
                }
            }
        }
        found.sort_by_key(|(rev, _)| *rev);
        found.into_iter().map(|(_, event)| event).collect()
    }

    /// A page of at most `limit`, the oldest first, and whether there are more.
    pub(crate) fn page(
        &self,
        before: Option<i64>,
        after: Option<i64>,
        limit: usize,
    ) -> (Vec<Message<'static>>, bool) {
        let fits = |message: &&Message<'static>| {
            before.is_none_or(|before| message.seq < before)
                && after.is_none_or(|after| message.seq > after)
        };
        let fitting: Vec<_> = self.messages().filter(fits).cloned().collect();
        let more = fitting.len() > limit;
        let start = if after.is_some() {
            0
        } else {
            fitting.len().saturating_sub(limit)
        };
        (fitting.into_iter().skip(start).take(limit).collect(), more)
    }

    /// Numbers all changes anew, in another epoch.
    pub(crate) fn number_anew(&mut self) {
        self.epoch += 1;
        self.rev = 0;
        for kept in &mut self.messages {
            self.rev += 1;
            (kept.message.rev, kept.since) = (self.rev, self.rev);
        }
        for kept in &mut self.messages {
            kept.reactions.retain(|_, (_, on)| *on);
            for (rev, _) in kept.reactions.values_mut() {
                self.rev += 1;
                *rev = self.rev;
            }
            kept.show_reactions();
        }
    }

    fn reaction(&self, seq: i64, rev: i64, user: UserId, emoji: &str, on: bool) -> Event<'static> {
        Event::React {
            stream: self.stream,
            seq,
            rev,
            user,
            emoji: Cow::Owned(emoji.to_owned()),
            on,
        }
    }
}

impl Kept {
    /// Puts the reactions into the message, in the order of their changes.
    fn show_reactions(&mut self) {
        use kaiwa_protocols::oshi::wire::Reaction;
        let mut standing: Vec<_> = self.reactions.iter().filter(|(_, (_, on))| *on).collect();
        standing.sort_by_key(|(_, (rev, _))| *rev);
        let mut shown: Vec<Reaction<'static>> = Vec::new();
        for ((user, emoji), _) in standing {
            match shown
                .iter_mut()
                .find(|reaction| reaction.emoji == emoji.as_str())
            {
                Some(reaction) => reaction.users.push(*user),
                None => shown.push(Reaction {
                    emoji: Cow::Owned(emoji.clone()),
                    users: vec![*user],
                }),
            }
        }
        self.message.reactions = shown;
    }
}

fn place(seq: i64) -> Option<usize> {
    usize::try_from(seq.checked_sub(1)?).ok()
}
