//! A storage of its own, over the one that is there.

use oshatori::client::state::ConnectionState;
use oshatori::client::storage::{InMemoryStorage, StateStorage};

/// Counts what is kept and given back.
#[derive(Clone, Debug, Default)]
pub(crate) struct CountingStorage {
    inner: InMemoryStorage,
    kept: usize,
}

impl StateStorage for CountingStorage {
    fn get(&self, connection_id: &str) -> Option<ConnectionState> {
        self.inner.get(connection_id)
    }

    fn get_mut(&mut self, connection_id: &str) -> Option<&mut ConnectionState> {
        self.inner.get_mut(connection_id)
    }

    fn insert(&mut self, connection_id: String, state: ConnectionState) {
        self.kept += 1;
        self.inner.insert(connection_id, state);
    }

    fn remove(&mut self, connection_id: &str) -> Option<ConnectionState> {
        self.kept -= 1;
        self.inner.remove(connection_id)
    }

    fn list_connections(&self) -> Vec<String> {
        assert_eq!(self.kept, self.inner.list_connections().len());
        self.inner.list_connections()
    }
}

#[cfg(test)]
mod tests {
    use oshatori::client::state::{ChannelState, ConnectionStatus};
    use oshatori::connection::mock::MockConnection;
    use oshatori::{Channel, Connection};

    use super::*;

    #[test]
    fn states_are_made_by_hand_too() {
        let mut storage = CountingStorage::default();
        let state = ConnectionState::new("a".to_owned(), "mock".to_owned());
        assert_eq!(state.status, ConnectionStatus::Disconnected);
        storage.insert("a".to_owned(), state);
        let state = storage.get_mut("a").unwrap();
        state.status = ConnectionStatus::Connecting;
        assert_eq!(state.get_or_create_channel("x").channel.id, "x");
        let made = ChannelState::new(Channel {
            id: "y".into(),
            ..Channel::default()
        });
        state.channels.insert("y".into(), made);
        assert_eq!(storage.get("a").unwrap().channels.len(), 2);
        assert_eq!(storage.list_connections(), ["a"]);
        assert!(storage.remove("a").is_some());
    }

    #[test]
    fn connections_are_kept_as_objects() {
        let connections: Vec<Box<dyn Connection>> = vec![
            Box::new(MockConnection::new()),
            Box::new(MockConnection::default()),
        ];
        assert!(
            connections
                .iter()
                .all(|one| one.protocol_spec().auth.is_none())
        );
        let _states = oshatori::client::stateclient::StateClient::new();
        let _same: oshatori::StateClient = oshatori::client::StateClient::default();
    }
}
