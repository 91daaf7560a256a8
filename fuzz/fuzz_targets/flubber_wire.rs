//! Invariant: any bytes, cut anywhere, are the same values and the same end, of bounded length; no value makes a reader of the
//! format panic; and what was read is read as the same when it is written again.

#![no_main]

use kaiwa_protocols::flubber::wire::fragments::Parts;
use kaiwa_protocols::flubber::wire::{FromBackend, InitInfo, Reader, Request, Update, WireError};
use libfuzzer_sys::fuzz_target;

/// The longest value taken: so short that inputs reach it.
const MAX_BYTES: usize = 200;

fuzz_target!(|input: (&[u8], Vec<u8>)| {
    let (stream, cuts) = input;
    let whole = read(&[stream]);
    let mut pieces = Vec::new();
    let mut rest = stream;
    for cut in cuts {
        let (piece, behind) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    assert_eq!(read(&pieces), whole);
    whole.0.iter().for_each(|json| understand(json));
});

fn read(pieces: &[&[u8]]) -> (Vec<String>, Option<WireError>) {
    let mut reader = Reader::new(MAX_BYTES);
    let mut values = Vec::new();
    for mut piece in pieces.iter().copied() {
        loop {
            match reader.next(&mut piece) {
                Ok(Some(value)) => {
                    assert!(value.len() <= MAX_BYTES);
                    values.push(value.to_owned());
                }
                Ok(None) => break,
                Err(error) => return (values, Some(error)),
            }
        }
    }
    (values, None)
}

fn understand(json: &str) {
    let mut again = Vec::new();
    if let Ok(init) = InitInfo::decode(json) {
        init.encode(&mut again);
        assert_eq!(InitInfo::decode(text(&again)), Ok(init));
    }
    again.clear();
    if let Ok(request) = Request::decode(json) {
        request.encode(&mut again);
        assert_eq!(Request::decode(text(&again)), Ok(request));
    }
    again.clear();
    if let Ok(said) = FromBackend::decode(json) {
        said.encode(&mut again);
        assert_eq!(FromBackend::decode(text(&again)).as_ref(), Ok(&said));
        if let FromBackend::Update(Update::MessageUpsert(message)) = said {
            let parts = Parts {
                content: message.content,
                attachments: message.attachments,
                extra: message.extra,
            };
            let fragments = parts.into_fragments(|_| None);
            let lowered = Parts::of(&fragments).into_fragments(|_| None);
            assert_eq!(Parts::of(&lowered).into_fragments(|_| None), lowered);
        }
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("JSON is UTF-8")
}
