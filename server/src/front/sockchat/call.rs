//! What a client that is signed in asks with: who asks, and how something is done for them in the one order of all that happens.

use std::net::IpAddr;
use std::sync::Arc;

use kaiwa_core::{Error, ErrorKind};
use kaiwa_protocols::sockchat::wire::Permissions;
use kaiwa_protocols::text::html;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Sockchat;
use super::commands::Refusal;
use super::flood::Verdict;
use super::packets::notice;
use super::presence::SessionId;
use super::stage::{self, Deciding, Telling};
use crate::store::{RoomId, User, UserId};
use crate::world::{Receiver, World};

/// Who asks: one session of somebody. All of their sessions are in one room and are told the same.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) front: Arc<Sockchat>,
    pub(super) world: Arc<World>,
    /// The queue of this session's connection.
    pub(super) receiver: Arc<Receiver>,
    pub(super) user: UserId,
    pub(super) session: SessionId,
    /// Where this session's client is.
    pub(super) peer: IpAddr,
}

/// Who asks, as they are when they ask: they do not change while a command of this session is carried out, but by their other
/// sessions. What must be true is asked for again by the store's thread.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) user: User,
    pub(super) permissions: Permissions,
    pub(super) room: RoomId,
}

impl Call {
    /// Who asks.
    ///
    /// # Errors
    /// `Other` if they were put out meanwhile.
    pub(super) fn asker(&self) -> Result<Asker, Refusal> {
        let roster = self.front.roster();
        let person = roster.person(self.user).ok_or(Refusal::Other)?;
        Ok(Asker {
            user: person.user.clone(),
            permissions: person.permissions,
            room: person.room,
        })
    }

    /// Whether a packet that names this user is by who asks.
    pub(super) fn is_by(&self, user_id: &str) -> bool {
        user_id.parse() == Ok(self.user.0)
    }

    /// Counts a packet of who asks.
    pub(super) fn count(&self) -> Verdict {
        let roster = self.front.roster();
        let Some(person) = roster.person(self.user) else {
            // Whoever was put out sends in vain.
            return Verdict::Fine;
        };
        let rank = person.permissions.rank;
        self.front.flood.count(self.user, rank, Instant::now())
    }

    /// Decides something on the store's thread, then tells it. When this returns, it is durable and everybody was told; `decide`
    /// refuses before it changes anything. Other networks are told [`Deciding::notices`] before `tell` runs.
    ///
    /// # Errors
    /// That of `decide`, and `Broken` if it could not be kept.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut Deciding<'_>) -> Result<T, Refusal> + Send + 'static,
        tell: impl FnOnce(&Telling<'_>, T) + Send + 'static,
    ) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        let job = stage::work(
            &self.front,
            |deciding| match decide(deciding) {
                Err(Refusal::Broken(error)) => Err(error),
                Err(refusal) => {
                    deciding.notices.clear();
                    Ok(Err(refusal))
                }
                decided => Ok(decided),
            },
            move |telling, outcome| {
                let outcome = outcome.unwrap_or_else(|error| Err(Refusal::Broken(error)));
                let done = outcome.map(|decided| tell(telling, decided));
                // Whoever asked may have gone.
                let _ = reply.send(done);
            },
        );
        let stopped = || Refusal::Broken(Error::new(ErrorKind::State, "the server has stopped"));
        self.world.submit(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Tells who asked why not, on all their sessions, behind what they said before.
    pub(super) async fn refuse(&self, refusal: Refusal) {
        if let Refusal::Broken(error) = &refusal {
            tracing::error!(error = error.chain(), "a command failed");
        }
        let user = self.user;
        // A server that stops tells so by itself.
        let _ = self
            .change(
                |_| Ok(()),
                move |telling, ()| {
                    let (code, argument) = refusal.shown();
                    let argument = argument.map(|name| html::escape_name(&name).into_owned());
                    let arguments: Vec<&str> = argument.iter().map(String::as_str).collect();
                    let bytes = notice(&telling.front.ids, true, code, &arguments);
                    telling.front.roster().give(user, &bytes);
                },
            )
            .await;
    }
}
