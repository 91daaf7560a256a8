//! Being let in, refused, thrown out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kaiwa_core::session::{Now, Transmit};
use kaiwa_core::{ChannelEvent, Error, ErrorKind, Id, StatusEvent, UserEvent};

use super::{PING_INTERVAL, Phase, SockchatSession};
use crate::sockchat::wire::{RefusalReason, Removal, Welcome};

/// How long to wait where the user is signed in already. The original server keeps a lost session for three minutes, and
/// counts a new attempt only when something else happens there.
const ALREADY_IN_WAIT: Duration = Duration::from_secs(15);

/// How long to wait where a ban has ended by this machine's clock and not by the server's.
const CLOCKS_WAIT: Duration = Duration::from_secs(60);

impl SockchatSession {
    pub(super) fn welcome(&mut self, now: Now, welcome: &Welcome<'_>) {
        if self.phase != Phase::SigningIn {
            self.skipped += 1;
            return;
        }
        self.phase = Phase::Up;
        self.sign_in_by = None;
        self.ping_at = Some(now.mono + PING_INTERVAL);
        let user_id = Id::from(welcome.user.id);
        if self
            .me
            .replace(user_id.clone())
            .is_some_and(|before| before != user_id)
        {
            self.past.forget_all();
            self.way_back.forget();
            self.backlog.forget();
        }
        self.rights.begin(welcome);
        self.event(StatusEvent::Connected { artifact: None });
        self.event(UserEvent::Identify { user_id });
        self.begin_in(welcome.channel);
        self.came(&welcome.user);
        // Also where nothing is said of it: then nothing is granted.
        self.permit(welcome.user.permissions);
        self.fetch_emotes();
        self.go_back(welcome.channel);
        self.backlog.begin(now.mono);
    }

    pub(super) fn refused(
        &mut self,
        now: Now,
        reason: RefusalReason<'_>,
        until: Option<DateTime<Utc>>,
    ) {
        if self.phase != Phase::SigningIn {
            self.skipped += 1;
            return;
        }
        self.close(match reason {
            RefusalReason::Credentials => Error::new(
                ErrorKind::Auth,
                "the server does not accept the token: check the login fields `token`, `uid` and `scheme`",
            ),
            RefusalReason::AlreadyIn => Error::new(
                ErrorKind::Conflict,
                "the user is signed in already; a lost session ends after some minutes",
            )
            .with_retry_after(ALREADY_IN_WAIT),
            RefusalReason::TooManySessions => {
                Error::new(ErrorKind::Conflict, "the user is signed in too often")
            }
            RefusalReason::Banned => {
                let error = Error::new(ErrorKind::Banned, "the user is banned");
                match until.map(|until| (until - now.utc).to_std()) {
                    Some(wait) => error.with_retry_after(wait.unwrap_or(CLOCKS_WAIT)),
                    None => error,
                }
            }
            RefusalReason::Other(_) => Error::new(ErrorKind::Rejected, "the server refuses"),
        });
    }

    /// Nobody shall come back at once after this.
    pub(super) fn removed(&mut self, now: Now, removal: Removal) {
        let (ban, text, until) = match removal {
            Removal::Kicked => (false, "thrown out by a moderator", None),
            Removal::Banned { until } => (true, "banned by a moderator", until),
        };
        if self.is_up() {
            self.event(ChannelEvent::Kick {
                channel_id: None,
                reason: None,
                ban,
            });
        }
        self.is_thrown_out = true;
        let error = Error::new(ErrorKind::Banned, text);
        // One server gives a ban without end an end that has passed.
        let wait = until.and_then(|until| (until - now.utc).to_std().ok());
        self.close(match wait {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        });
    }

    pub(super) fn close(&mut self, error: Error) {
        if self.phase == Phase::Closing {
            return;
        }
        self.phase = Phase::Closing;
        self.sign_in_by = None;
        self.ping_at = None;
        self.keepalive.stop();
        self.transmits.push_back(Transmit::Close {
            code: Some(1000),
            reason: String::new(),
            error: Some(error),
        });
    }
}
