//! Saying something in another way: `/me`, `/msg`, `/say`.

use chrono::Utc;
use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::text::html;

use super::{Ask, Outcome, Refusal, arguments};
use crate::front::sockchat::stage::{Deciding, Telling};
use crate::front::sockchat::talk::{self, Words};
use crate::store::{BanKind, BanTarget};

/// `/me`: what one does.
pub(super) async fn act(ask: &Ask<'_>) -> Outcome {
    let Some(words) = Words::new(ask.rest, true) else {
        return Ok(());
    };
    let job = talk::say(ask.call, &ask.asker, &words);
    let submitted = ask.call.world.submit(job).await;
    submitted.map_err(|_| Error::new(ErrorKind::State, "the server has stopped").into())
}

/// `/msg`: to one person, wherever they are. Nothing is said to oneself, nor by somebody who is silenced.
pub(super) async fn whisper(ask: &Ask<'_>) -> Outcome {
    let (name, text) = arguments::split(ask.rest);
    let Some(words) = Words::new(text, false) else {
        return Err(Refusal::Format);
    };
    let target = ask.anybody(name).await?;
    let asker = ask.asker.clone();
    if target.id == asker.user.id {
        return Ok(());
    }
    let call = ask.call.clone();
    let decide = move |deciding: &mut Deciding<'_>| {
        let own = BanTarget::User(asker.user.id);
        let silenced = deciding
            .store
            .banned(BanKind::Speech, &own, None, Utc::now())?;
        if silenced.is_none() {
            deciding.whisper(&call, &asker, (target.id, &target.name), &words)?;
        }
        Ok(())
    };
    ask.call.change(decide, |_, ()| {}).await
}

/// `/say`: as the server, to everybody.
pub(super) async fn broadcast(ask: &Ask<'_>) -> Outcome {
    let Some(text) = arguments::text(ask.rest) else {
        return Err(Refusal::Format);
    };
    let text: String = text.chars().take(talk::MAX_TEXT_CHARS).collect();
    let said = html::escape(&text).into_owned();
    let tell = move |telling: &Telling<'_>, ()| telling.inform_all("say", &[&said]);
    ask.call.change(|_| Ok(()), tell).await
}
