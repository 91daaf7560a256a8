//! Many accounts and their state.

pub mod map;
pub mod message_log;
pub mod state;
pub mod stateclient;
pub mod storage;

mod reducer;

pub use map::Map;
pub use message_log::{MESSAGE_BYTES_PER_CHANNEL, MESSAGES_PER_CHANNEL, MessageLog};
pub use state::{ChannelState, ConnectionState, ConnectionStatus};
pub use stateclient::StateClient;
pub use storage::{InMemoryStorage, StateStorage};

/// Many accounts behind one stream of events.
#[derive(Debug)]
pub struct Client {}
