//! The extension: whatever the vocabulary has, in values of the type `Kaiwa`.
//!
//! A host that understands it says so with [`ENV`] in the environment of the child. A backend that does too says [`Hello`]
//! right after its init info; from then on all its events are [`KaiwaUpdate`]s, and no update of another type follows.

use kaiwa_core::event::JsonReader;
use kaiwa_core::{Capabilities, ConnectionEvent, Protocol};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Fault, WireError};

/// The environment variable by which a host says that it understands the extension; it is set to `1`.
pub const ENV: &str = "KAIWA_BACKEND";

/// The version of the extension.
pub const HELLO_VERSION: u32 = 1;

/// The type of its requests and updates.
pub(super) const TYPE: &str = "Kaiwa";

/// What a backend says of the extension.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum KaiwaUpdate {
    /// The backend speaks it; its first update.
    Hello(Hello),
    /// Something happened.
    Event {
        /// What.
        event: ConnectionEvent,
        /// The number of the host's request that caused it. `Done` and `Failed` end that request, whatever id they hold.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<u32>,
    },
}

/// A backend speaks the extension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// What its network can do.
    pub capabilities: Capabilities,
    /// The version of the extension.
    pub hello: u32,
    /// Its network, and what it was told about the account, secrets left out.
    pub protocol: Protocol,
}

impl KaiwaUpdate {
    pub(super) fn decode(json: Option<&str>) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Either<'a> {
            #[serde(borrow, default)]
            event: Option<&'a RawValue>,
            #[serde(default)]
            request: Option<u32>,
        }
        let json = json.ok_or(WireError::new(Fault::Data))?;
        let either: Either<'_> = serde_json::from_str(json)?;
        Ok(match either.event {
            Some(event_json) => Self::Event {
                event: event(Some(event_json.get()))?,
                request: either.request,
            },
            None => Self::Hello(serde_json::from_str(json)?),
        })
    }
}

/// An event; one of a newer version does not fit.
pub(super) fn event(json: Option<&str>) -> Result<ConnectionEvent, WireError> {
    let data = || WireError::new(Fault::Data);
    let read = JsonReader::new().read(json.ok_or_else(data)?);
    read.ok().flatten().ok_or_else(data)
}
