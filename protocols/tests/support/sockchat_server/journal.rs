//! What the server has seen, in order.

use tokio::time::Instant;

/// What the server has seen.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Every packet, with the number of its connection and when it came.
    pub(crate) packets: Vec<(u64, Instant, String)>,
    /// The texts of the messages that came from clients and were taken, private ones with the command.
    pub(crate) said: Vec<String>,
    /// Who was thrown out or kept out for saying too much at once.
    pub(crate) floods: usize,
    /// What no server understands: bytes, and pings that are not complete.
    pub(crate) nonsense: Vec<String>,
}

impl Journal {
    /// The texts of packets 2 of one connection, in order.
    pub(crate) fn texts(&self, connection: u64) -> Vec<&str> {
        let packets = self.packets.iter().filter(|(of, _, _)| *of == connection);
        packets
            .filter_map(|(_, _, packet)| packet.strip_prefix("2\t")?.split('\t').nth(1))
            .collect()
    }

    /// Packets that begin so.
    pub(crate) fn count(&self, beginning: &str) -> usize {
        let packets = self.packets.iter();
        packets
            .filter(|(_, _, one)| one.starts_with(beginning))
            .count()
    }
}
