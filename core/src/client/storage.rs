//! Where states are kept.

use std::collections::BTreeMap;

use super::ConnectionState;

/// Where a [`super::StateClient`] keeps the states of its connections.
///
/// Every method is called under the client's lock, on whatever thread brings an event or asks: it must be quick, and must
/// not call the client.
pub trait StateStorage: Send + Sync {
    /// The state as it is now.
    fn get(&self, connection_id: &str) -> Option<ConnectionState>;

    /// The state, to be changed by events that came together.
    fn get_mut(&mut self, connection_id: &str) -> Option<&mut ConnectionState>;

    /// Keeps a state; one of the same id is replaced.
    fn insert(&mut self, connection_id: String, state: ConnectionState);

    /// Gives a state back and keeps it no longer.
    fn remove(&mut self, connection_id: &str) -> Option<ConnectionState>;

    /// The ids of all that are kept.
    fn list_connections(&self) -> Vec<String>;
}

/// States in memory.
#[derive(Clone, Debug, Default)]
pub struct InMemoryStorage {
    connections: BTreeMap<String, ConnectionState>,
}

impl InMemoryStorage {
    /// Keeps nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl StateStorage for InMemoryStorage {
    fn get(&self, connection_id: &str) -> Option<ConnectionState> {
        self.connections.get(connection_id).cloned()
    }

    fn get_mut(&mut self, connection_id: &str) -> Option<&mut ConnectionState> {
        self.connections.get_mut(connection_id)
    }

    fn insert(&mut self, connection_id: String, state: ConnectionState) {
        self.connections.insert(connection_id, state);
    }

    fn remove(&mut self, connection_id: &str) -> Option<ConnectionState> {
        self.connections.remove(connection_id)
    }

    fn list_connections(&self) -> Vec<String> {
        self.connections.keys().cloned().collect()
    }
}
