//! One front end per network. Each speaks its network's wire format and shows the same rooms.

use crate::world::NetworkId;

pub(crate) mod rim;
pub(crate) mod wschat;

/// [`wschat`] among the networks of the world.
pub(crate) const WSCHAT: NetworkId = NetworkId(0);

/// [`rim`] among the networks of the world.
pub(crate) const RIM: NetworkId = NetworkId(1);
