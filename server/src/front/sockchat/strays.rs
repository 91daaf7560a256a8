//! Those whose room is theirs no more, by what happened on another network: they are brought to the lobby.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use kaiwa_core::Error;
use tokio::time::sleep;

use super::Sockchat;
use super::places::Going;
use super::stage::{self, Deciding};
use crate::store::{LOBBY, RoomId, UserId};
use crate::world::World;

/// When it is tried again, if the store fails: until then they hear nothing, while a full disk stays full for longer.
const AGAIN: Duration = Duration::from_secs(1);

/// What it takes to bring them home: the world, which has the front end itself.
#[derive(Default)]
pub(super) struct Home(OnceLock<(Weak<Sockchat>, Weak<World>)>);

impl Sockchat {
    /// Tells the front end of which world it is.
    pub(crate) fn set_world(self: &Arc<Self>, world: &Arc<World>) {
        // It is told once.
        let _ = self
            .home
            .0
            .set((Arc::downgrade(self), Arc::downgrade(world)));
    }

    /// Brings people home who were in these rooms. To be called in the delivering order; until it is done they hear nothing.
    pub(super) fn bring_home(&self, strays: Vec<(UserId, RoomId)>) {
        let Some((front, world)) = self.home.0.get() else {
            return;
        };
        let (Some(front), Some(world)) = (front.upgrade(), world.upgrade()) else {
            return;
        };
        if strays.is_empty() {
            return;
        }
        let again = strays.clone();
        let job = stage::work(
            &front,
            move |deciding| deciding.bring_home(&strays),
            move |telling, outcome| match outcome {
                Ok(home) => {
                    for (user, going) in home {
                        telling.go(user, going);
                    }
                }
                Err(error) => {
                    tracing::error!(error = error.chain(), "somebody is nowhere; trying again");
                    let front = Arc::clone(telling.front);
                    tokio::spawn(async move {
                        sleep(AGAIN).await;
                        front.bring_home(again);
                    });
                }
            },
        );
        tokio::spawn(async move {
            // A server that stops tells so by itself.
            let _ = world.submit(job).await;
        });
    }
}

impl Deciding<'_> {
    fn bring_home(&mut self, strays: &[(UserId, RoomId)]) -> Result<Vec<(UserId, Going)>, Error> {
        let mut home = Vec::new();
        let Some(lobby) = self.store.room(LOBBY)? else {
            return Ok(home);
        };
        for (user, room) in strays {
            // They may have gone elsewhere meanwhile, or have come back in.
            let is_there = self.front.presence.room(*user) == Some(*room);
            if is_there && self.store.membership(*room, *user)?.is_none() {
                let going = self.bring(*user, &lobby)?;
                home.extend(going.map(|going| (*user, going)));
            }
        }
        Ok(home)
    }
}
