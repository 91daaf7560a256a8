//! Text frames as bytes. A server's frames are not masked, so the same bytes serve every client.

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Appends a text message as one frame.
pub(crate) fn put_text(text: &str, out: &mut Vec<u8>) {
    put_header(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

/// Appends as one frame the text that `write` appends.
pub(crate) fn put_text_with(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let end = out.len();
    put_header(end - start, out);
    // The header's length depends on the text's; moving the text costs less than another buffer.
    let header = out.len() - end;
    if let Some(frame) = out.get_mut(start..) {
        frame.rotate_right(header);
    }
}

fn put_header(length: usize, out: &mut Vec<u8>) {
    let header = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    // Writing to memory does not fail.
    let _ = header.format(length as u64, out);
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
            let text: String = ('a'..='z').cycle().take(length).collect();
            let frame = [b"before", header, text.as_bytes()].concat();
            let mut out = b"before".to_vec();
            put_text(&text, &mut out);
            assert_eq!(out, frame);
            let mut out = b"before".to_vec();
            put_text_with(&mut out, |out| out.extend_from_slice(text.as_bytes()));
            assert_eq!(out, frame);
        }
    }
}
