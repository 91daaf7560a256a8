//! Who is kept out: `/bans`; and letting them in again: `/unban`, `/unbanip`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::Utc;
use kaiwa_core::Error;
use kaiwa_protocols::text::html;

use super::list::anchors;
use super::named::account;
use super::{Ask, Outcome, Refusal, arguments};
use crate::front::sockchat::stage::{Deciding, Telling};
use crate::store::{BanKind, BanTarget, Reader};
use crate::world;

/// `/unban`: a person. Their addresses are let in one by one.
pub(super) async fn lift_of_person(ask: &Ask<'_>) -> Outcome {
    let name = arguments::word(ask.rest).unwrap_or_default();
    let asked = name.to_owned();
    let found = ask.call.world.look_up(move |store| account(store, &asked));
    let not_banned = || Refusal::NotBanned(name.to_owned());
    let user = found.await?.ok_or_else(not_banned)?;
    lift(ask, BanTarget::User(user.id), user.name).await
}

/// `/unbanip`: an address.
pub(super) async fn lift_of_address(ask: &Ask<'_>) -> Outcome {
    let word = arguments::word(ask.rest).unwrap_or_default();
    let address: Result<IpAddr, _> = word.parse();
    let address = address.map_err(|_| Refusal::NotBanned(word.to_owned()))?;
    lift(ask, BanTarget::Address(address), word.to_owned()).await
}

/// `/bans`: accounts by their sign-in names, and addresses; the newest first.
pub(super) async fn list(ask: &Ask<'_>) -> Outcome {
    let user = ask.asker.user.id;
    let names = ask.call.world.read(banned).await?;
    let tell = move |telling: &Telling<'_>, ()| {
        let list = anchors(names.iter().map(|name| (name.as_str(), false)));
        telling.inform(user, "banlist", &[&list]);
    };
    ask.call.change(|_| Ok(()), tell).await
}

async fn lift(ask: &Ask<'_>, whom: BanTarget, name: String) -> Outcome {
    let user = ask.asker.user.id;
    let shown = html::escape_name(&name).into_owned();
    let decide = move |deciding: &mut Deciding<'_>| {
        let now = Utc::now();
        let ban = deciding.store.banned(BanKind::Entry, &whom, None, now)?;
        if ban.is_none() {
            return Err(Refusal::NotBanned(name));
        }
        let notices = &mut *deciding.notices;
        world::lift(deciding.store, notices, BanKind::Entry, &whom, None, now)?;
        Ok(())
    };
    let tell = move |telling: &Telling<'_>, ()| telling.inform(user, "unban", &[&shown]);
    ask.call.change(decide, tell).await
}

/// Who is kept out of the whole server, each once and as packets have it, the newest first.
fn banned(reader: &mut dyn Reader) -> Result<Vec<String>, Error> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for (_, ban) in reader.bans(Utc::now())?.into_iter().rev() {
        if ban.kind != BanKind::Entry || ban.room.is_some() {
            continue;
        }
        let name = match ban.target {
            BanTarget::User(user) => reader.user(user)?.map(|user| user.name),
            BanTarget::Address(address) => Some(address.to_canonical().to_string()),
        };
        if let Some(name) = name
            && seen.insert(name.clone())
        {
            names.push(html::escape_name(&name).into_owned());
        }
    }
    Ok(names)
}
