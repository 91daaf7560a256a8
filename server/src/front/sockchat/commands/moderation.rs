//! Throwing out, keeping out, silencing: `/kick`, `/ban`, `/silence`, `/unsilence`. Nobody does so to who has their rank or a higher
//! one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use kaiwa_core::Error;
use kaiwa_protocols::sockchat::wire::{LeaveReason, Removal};

use super::arguments::{self, Span};
use super::named::Target;
use super::{Ask, Outcome, Refusal};
use crate::front::sockchat::stage::{Deciding, Telling};
use crate::store::{Ban, BanKind, BanTarget, UserId};
use crate::world;

/// How somebody is put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// For now, or for a time if one is said.
    Kick,
    /// For a time, or for ever if none is said; with their addresses.
    Ban,
}

/// Whom to keep out.
struct Sentence {
    user: UserId,
    addresses: BTreeSet<IpAddr>,
    /// None: for ever.
    until: Option<DateTime<Utc>>,
    by: UserId,
    at: DateTime<Utc>,
}

/// `/kick` and `/ban`. Whoever is only thrown out leaves Sock Chat, and may come back; whoever is kept out leaves all networks.
pub(super) async fn put_out(ask: &Ask<'_>, severity: Severity) -> Outcome {
    let (name, rest) = arguments::split(ask.rest);
    let at = Utc::now();
    let span = arguments::span(rest, at);
    let is_for_now = matches!(
        (severity, &span),
        (Severity::Kick, Ok(Span::Unsaid)) | (_, Ok(Span::Nothing))
    );
    let target = if is_for_now {
        ask.here(name)?
    } else {
        ask.anybody(name).await?
    };
    if !ask.is_above(&target) {
        return Err(Refusal::KickNotAllowed(target.plain_name()));
    }
    let until = match span? {
        Span::Until(until) => Some(until),
        Span::Unsaid | Span::Nothing => None,
    };
    let user = target.id;
    let sentence = (!is_for_now).then(|| Sentence {
        user,
        addresses: match severity {
            Severity::Kick => BTreeSet::new(),
            Severity::Ban => ask.addresses_of(&target),
        },
        until,
        by: ask.asker.user.id,
        at,
    });
    let removal = if is_for_now {
        Removal::Kicked
    } else {
        Removal::Banned { until }
    };
    let by = ask.asker.user.id;
    let decide = move |deciding: &mut Deciding<'_>| {
        if let Some(sentence) = &sentence {
            deciding.keep_out(sentence)?;
        }
        let closed = deciding.expel(user)?;
        Ok(closed.unwrap_or_default())
    };
    let tell = move |telling: &Telling<'_>, closed: Vec<_>| {
        let is_seen = telling.front.roster().are_together(user, by);
        telling.put_out(user, removal, LeaveReason::Kick, closed);
        if !is_seen {
            // No packet tells who asked that it was done.
            telling.inform(by, "kick", &[&target.name]);
        }
    };
    ask.call.change(decide, tell).await
}

/// `/silence`: what they say is not kept, on any network, and they are not told so.
pub(super) async fn silence(ask: &Ask<'_>) -> Outcome {
    let (name, rest) = arguments::split(ask.rest);
    let target = ask.anybody(name).await?;
    if target.id == ask.asker.user.id {
        return Err(Refusal::SilenceSelf);
    }
    if !ask.is_above(&target) {
        return Err(Refusal::SilenceNotAllowed);
    }
    let at = Utc::now();
    let until = match arguments::span(rest, at)? {
        Span::Unsaid => None,
        Span::Until(until) => Some(until),
        Span::Nothing => return Err(Refusal::Format),
    };
    let (user, by) = (target.id, ask.asker.user.id);
    let decide = move |deciding: &mut Deciding<'_>| {
        if deciding.is_silenced(user, at)? {
            return Err(Refusal::Silenced);
        }
        let ban = Ban {
            kind: BanKind::Speech,
            target: BanTarget::User(user),
            room: None,
            until,
            reason: None,
            by: Some(by),
            at,
        };
        world::ban(deciding.store, deciding.notices, &ban)?;
        Ok(())
    };
    let tell = move |telling: &Telling<'_>, ()| {
        telling.inform(user, "silence", &[]);
        telling.inform(by, "silok", &[&target.name]);
    };
    ask.call.change(decide, tell).await
}

/// `/unsilence`.
pub(super) async fn unsilence(ask: &Ask<'_>) -> Outcome {
    let name = arguments::word(ask.rest).unwrap_or_default();
    let target = ask.anybody(name).await?;
    if !ask.is_above(&target) {
        return Err(Refusal::UnsilenceNotAllowed);
    }
    let (user, by) = (target.id, ask.asker.user.id);
    let at = Utc::now();
    let decide = move |deciding: &mut Deciding<'_>| {
        if !deciding.is_silenced(user, at)? {
            return Err(Refusal::NotSilenced);
        }
        let whom = BanTarget::User(user);
        let notices = &mut *deciding.notices;
        world::lift(deciding.store, notices, BanKind::Speech, &whom, None, at)?;
        Ok(())
    };
    let tell = move |telling: &Telling<'_>, ()| {
        telling.inform(user, "unsil", &[]);
        telling.inform(by, "usilok", &[&target.name]);
    };
    ask.call.change(decide, tell).await
}

impl Ask<'_> {
    fn is_above(&self, target: &Target) -> bool {
        target.id != self.asker.user.id && target.permissions.rank < self.asker.permissions.rank
    }

    /// From where somebody is connected, but for the address of who asks: nobody locks themselves out.
    fn addresses_of(&self, target: &Target) -> BTreeSet<IpAddr> {
        let own = self.call.peer.to_canonical();
        let addresses = target.peers.iter().map(IpAddr::to_canonical);
        addresses.filter(|address| *address != own).collect()
    }
}

impl Deciding<'_> {
    fn keep_out(&mut self, sentence: &Sentence) -> Result<(), Error> {
        let addresses = sentence.addresses.iter().copied().map(BanTarget::Address);
        let targets = addresses.chain([BanTarget::User(sentence.user)]);
        for target in targets {
            let ban = Ban {
                kind: BanKind::Entry,
                target,
                room: None,
                until: sentence.until,
                reason: None,
                by: Some(sentence.by),
                at: sentence.at,
            };
            world::ban(self.store, self.notices, &ban)?;
        }
        Ok(())
    }

    /// Whoever is silenced says nothing by a name either that others are told.
    pub(super) fn refuse_silenced(&mut self, user: UserId, command: &str) -> Outcome {
        if self.is_silenced(user, Utc::now())? {
            return Err(Refusal::NotAllowed(command.to_owned()));
        }
        Ok(())
    }

    /// Whether somebody may say nothing anywhere.
    fn is_silenced(&mut self, user: UserId, now: DateTime<Utc>) -> Result<bool, Error> {
        let whom = BanTarget::User(user);
        let ban = self.store.banned(BanKind::Speech, &whom, None, now)?;
        Ok(ban.is_some())
    }
}
