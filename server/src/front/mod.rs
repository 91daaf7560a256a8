//! One front end per network. Each speaks its network's wire format and shows the same rooms.

pub(crate) use links::Links;
pub(crate) use shown::Guests;

use crate::world::NetworkId;

mod links;
pub(crate) mod oshi;
pub(crate) mod rim;
mod shown;
mod signed_out;
pub(crate) mod sockchat;
pub(crate) mod wschat;

/// [`wschat`] among the networks of the world.
pub(crate) const WSCHAT: NetworkId = NetworkId(0);

/// [`rim`] among the networks of the world.
pub(crate) const RIM: NetworkId = NetworkId(1);

/// [`oshi`] among the networks of the world.
pub(crate) const OSHI: NetworkId = NetworkId(2);

/// [`sockchat`] among the networks of the world.
pub(crate) const SOCKCHAT: NetworkId = NetworkId(3);

/// What is allowed here at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Anybody may make an account.
    pub(crate) registration: bool,
    /// Anybody may enter the lobby and speak there.
    pub(crate) lobby: bool,
}
