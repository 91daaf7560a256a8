//! How much a queue holds.

/// How much may wait for one subscriber of one account before reading pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Events.
    pub events: usize,
    /// Bytes of events, strings included.
    pub bytes: usize,
}

impl Default for QueueLimits {
    /// 1,024 events (a burst of backlog) and 1 MiB (so that 1,000 flooded accounts stay within 1 GiB).
    fn default() -> Self {
        Self {
            events: 1024,
            bytes: 1024 * 1024,
        }
    }
}
