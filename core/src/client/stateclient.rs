//! The states of many connections, kept up to date and read from anywhere.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::task::JoinHandle;

use super::{
    ChannelState, ConnectionState, Contact, InMemoryStorage, Map, PresenceState, StateStorage,
};
use crate::{Asset, ConnectionEvent, EventReceiver, Id, Member, Message, Profile};

/// The states of many connections, kept up to date and read from anywhere.
///
/// A clone is another handle to the same states. The lock inside is held for the events that came together, some hundreds at
/// most, or for one O(1) copy, and never across an await, so readers do not wait for a flood, and what they read no longer
/// changes. The methods are `async` for programs that are written against a storage that waits; none of them waits for
/// anything but that lock.
///
/// # Cancel safety
/// Every method has its whole effect when it is first polled, and none before.
pub struct StateClient<S: StateStorage = InMemoryStorage> {
    storage: Arc<RwLock<S>>,
}

impl StateClient<InMemoryStorage> {
    /// Keeps states in memory.
    #[must_use]
    pub fn new() -> Self {
        Self::with_storage(InMemoryStorage::new())
    }
}

#[allow(
    clippy::unused_async,
    reason = "part of the public interface, see above"
)]
impl<S: StateStorage + 'static> StateClient<S> {
    /// Keeps states in `storage`.
    #[must_use]
    pub fn with_storage(storage: S) -> Self {
        Self {
            storage: Arc::new(RwLock::new(storage)),
        }
    }

    /// Begins the state of a new connection and gives it an id.
    pub async fn track(&self, protocol_name: &str) -> String {
        let connection_id = fresh_id();
        self.insert(&connection_id, protocol_name);
        connection_id
    }

    /// Forgets a connection.
    pub async fn untrack(&self, connection_id: &str) {
        self.forget(connection_id);
    }

    /// Adds an event; one for a connection that is not tracked changes nothing.
    pub async fn process(&self, connection_id: &str, event: ConnectionEvent) {
        self.apply(connection_id, &event);
    }

    /// Adds every event that `rx` gives, in a task that ends with `rx`, or when the connection is no longer tracked.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn_processor(&self, connection_id: String, mut rx: EventReceiver) -> JoinHandle<()> {
        let states = self.clone();
        tokio::spawn(async move {
            while let Some(event) = rx.recv().await {
                if !states.apply(&connection_id, &event) {
                    return;
                }
            }
        })
    }

    /// Everything about a connection, as it is now. O(1).
    pub async fn get_connection(&self, connection_id: &str) -> Option<ConnectionState> {
        self.snapshot(connection_id)
    }

    /// Everything about a channel, as it is now.
    pub async fn get_channel(&self, connection_id: &str, channel_id: &str) -> Option<ChannelState> {
        let state = self.snapshot(connection_id)?;
        state.channels.get(channel_id).cloned()
    }

    /// A person: as the network as a whole knows them, else as the first channel that has them does.
    pub async fn get_user(&self, connection_id: &str, user_id: &str) -> Option<Profile> {
        let state = self.snapshot(connection_id)?;
        let mut in_channels = state.channels.values();
        state
            .global_users
            .get(user_id)
            .or_else(|| in_channels.find_map(|channel| channel.users.get(user_id)))
            .cloned()
    }

    /// Who is in a channel, with the roles that were said; empty where there is no such channel.
    pub async fn get_members(&self, connection_id: &str, channel_id: &str) -> Vec<Member> {
        let Some(channel) = self.get_channel(connection_id, channel_id).await else {
            return Vec::new();
        };
        let member = |user_id: &Id| Member {
            user_id: user_id.clone(),
            role: channel.roles.get(user_id).copied().unwrap_or_default(),
        };
        channel.users.keys().map(member).collect()
    }

    /// Who is a contact of the user, or may become one, by id. O(1).
    pub async fn get_contacts(&self, connection_id: &str) -> Map<Id, Contact> {
        self.snapshot(connection_id)
            .map(|state| state.contacts)
            .unwrap_or_default()
    }

    /// How somebody is, if that was said.
    pub async fn get_presence(&self, connection_id: &str, user_id: &str) -> Option<PresenceState> {
        let state = self.snapshot(connection_id)?;
        state.presence.get(user_id).cloned()
    }

    /// The id of the last message that somebody has read, if that was said.
    pub async fn get_read(
        &self,
        connection_id: &str,
        channel_id: &str,
        user_id: &str,
    ) -> Option<Id> {
        let state = self.snapshot(connection_id)?;
        state.channels.get(channel_id)?.read.get(user_id).cloned()
    }

    /// A copy of the messages of a channel, oldest first; empty where there is no such channel.
    /// [`StateClient::get_channel`] gives them without copying.
    pub async fn get_messages(&self, connection_id: &str, channel_id: &str) -> Vec<Message> {
        self.snapshot(connection_id)
            .and_then(|state| Some(state.channels.get(channel_id)?.messages.to_vec()))
            .unwrap_or_default()
    }

    /// A copy of the assets of a channel, or of those that may be used everywhere (`None`).
    pub async fn get_assets(&self, connection_id: &str, channel_id: Option<&str>) -> Vec<Asset> {
        let Some(state) = self.snapshot(connection_id) else {
            return Vec::new();
        };
        let assets = match channel_id {
            None => Some(&state.global_assets),
            Some(id) => state.channels.get(id).map(|channel| &channel.assets),
        };
        assets
            .map(|assets| assets.values().cloned().collect())
            .unwrap_or_default()
    }

    /// The ids of all tracked connections.
    pub async fn list_connections(&self) -> Vec<String> {
        self.read().list_connections()
    }

    /// Begins the state of a connection under an id of the caller's.
    pub(crate) fn insert(&self, connection_id: &str, protocol_name: &str) {
        let state = ConnectionState::new(connection_id.to_owned(), protocol_name.to_owned());
        self.write().insert(connection_id.to_owned(), state);
    }

    /// [`StateClient::untrack`] without `async`.
    pub(crate) fn forget(&self, connection_id: &str) {
        let state = self.write().remove(connection_id);
        // A large state takes a moment to free; by now the lock is open.
        drop(state);
    }

    /// Adds an event; says whether the connection is tracked.
    pub(crate) fn apply(&self, connection_id: &str, event: &ConnectionEvent) -> bool {
        self.apply_all(connection_id, [event])
    }

    /// Adds events that came together, which readers see all or none; says whether the connection is tracked.
    pub(crate) fn apply_all<'a>(
        &self,
        connection_id: &str,
        events: impl IntoIterator<Item = &'a ConnectionEvent>,
    ) -> bool {
        let mut storage = self.write();
        let Some(state) = storage.get_mut(connection_id) else {
            return false;
        };
        for event in events {
            state.apply(event);
        }
        true
    }

    /// Everything about a connection, as it is now. O(1).
    pub(crate) fn snapshot(&self, connection_id: &str) -> Option<ConnectionState> {
        self.read().get(connection_id)
    }

    // A storage that panicked is asked again: one bad call must not end all accounts.
    fn read(&self) -> RwLockReadGuard<'_, S> {
        self.storage.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, S> {
        self.storage.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for StateClient<InMemoryStorage> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: StateStorage> Clone for StateClient<S> {
    fn clone(&self) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
        }
    }
}

impl<S: StateStorage> fmt::Debug for StateClient<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateClient").finish_non_exhaustive()
    }
}

/// 128 random bits in hex, so that ids stay apart also in a storage that outlives the process.
fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut random = [0; 16];
    // On a machine without a random source the count alone keeps ids apart within this process.
    if getrandom::fill(&mut random).is_err() {
        random = [0; 16];
    }
    let count = u128::from(COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{:032x}", u128::from_le_bytes(random) ^ count)
}
