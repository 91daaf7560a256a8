//! Many accounts and their state.

/// Many accounts behind one stream of events.
#[derive(Debug)]
pub struct Client {}

/// What the events of many connections add up to.
#[derive(Debug)]
pub struct StateClient {}
