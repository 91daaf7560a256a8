//! Many accounts behind one stream of events, and the state that the events add up to.

mod account;
mod backoff;
mod events;
mod forward;
mod many;
mod supervisor;

pub mod map;
pub mod message_log;
pub mod state;
pub mod stateclient;
pub mod storage;

mod reducer;

pub use account::AccountId;
pub use events::{AccountSnapshot, ClientEvents, Event, TakenEvents};
pub use many::{Client, ClientOptions};
pub use map::Map;
pub use message_log::{MESSAGE_BYTES_PER_CHANNEL, MESSAGES_PER_CHANNEL, MessageLog};
pub use state::{ChannelState, ConnectionState, ConnectionStatus, Contact, PresenceState};
pub use stateclient::StateClient;
pub use storage::{InMemoryStorage, StateStorage};
