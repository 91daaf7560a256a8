//! Text frames as bytes. A server's frames are not masked, so the same bytes serve every client.

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Appends a text message as one frame.
pub(crate) fn put_text(text: &str, out: &mut Vec<u8>) {
    let header = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    // Writing to memory does not fail.
    let _ = header.format(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three lengths of a header, RFC 6455 section 5.2.
    #[test]
    fn headers_are_of_three_lengths() {
        for (length, header) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xff, 0xff]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "x".repeat(length);
            let mut out = b"before".to_vec();
            put_text(&text, &mut out);
            assert_eq!(out, [b"before", header, text.as_bytes()].concat());
        }
    }
}
