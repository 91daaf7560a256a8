//! One front end per network. Each speaks its network's wire format and shows the same rooms.

pub(crate) mod wschat;
