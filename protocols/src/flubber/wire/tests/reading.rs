use crate::flubber::wire::{Fault, FromBackend, MAX_NESTING, MAX_VALUE_BYTES, Reader};

/// All values of a stream that comes in these pieces, and how it ended.
pub(super) fn values(reader: &mut Reader, pieces: &[&[u8]]) -> (Vec<String>, Option<Fault>) {
    let mut values = Vec::new();
    for mut piece in pieces.iter().copied() {
        loop {
            match reader.next(&mut piece) {
                Ok(Some(value)) => values.push(value.to_owned()),
                Ok(None) => break,
                Err(error) => return (values, Some(error.fault())),
            }
        }
        assert!(piece.is_empty());
    }
    (values, None)
}

fn read(text: &str) -> Vec<String> {
    let mut reader = Reader::default();
    let (values, fault) = values(&mut reader, &[text.as_bytes()]);
    assert_eq!(fault, None);
    values
}

#[test]
fn values_are_cut_wherever_they_meet() {
    for (stream, values) in [
        ("", vec![]),
        (" \n\t\r", vec![]),
        (r#"{"a":1}{"b":[2]}"#, vec![r#"{"a":1}"#, r#"{"b":[2]}"#]),
        ("{}\n[]\r\n {} ", vec!["{}", "[]", "{}"]),
        (r#""a{"{"b":"}\"]"}"#, vec![r#""a{""#, r#"{"b":"}\"]"}"#]),
        (r#"{"a":"\\"}{"#, vec![r#"{"a":"\\"}"#]),
        (
            r#"1 -2.5e3{}true[]null"x""#,
            vec!["1", "-2.5e3", "{}", "true", "[]", "null", "\"x\""],
        ),
        ("}]:{}", vec!["}]:", "{}"]),
        ("{]", vec!["{]"]),
    ] {
        assert_eq!(read(stream), values, "{stream}");
    }
}

#[test]
fn half_a_value_is_known() {
    for (stream, is_between) in [
        ("", true),
        ("{} ", true),
        ("{", false),
        ("1", false),
        ("{}\"", false),
    ] {
        let mut reader = Reader::default();
        values(&mut reader, &[stream.as_bytes()]);
        assert_eq!(reader.is_between_values(), is_between, "{stream}");
    }
}

#[test]
fn memory_is_bounded_whatever_comes() {
    for start in [&b"\""[..], b"{\"a\":\"", b"1", b"[1,"] {
        let mut reader = Reader::new(1000);
        let piece = [b'1'; 300];
        let pieces = [start, &piece, &piece, &piece, &piece];
        assert_eq!(
            values(&mut reader, &pieces),
            (vec![], Some(Fault::TooLarge))
        );
        let mut more = &b"{}"[..];
        assert_eq!(
            reader.next(&mut more).unwrap_err().fault(),
            Fault::TooLarge,
            "for good"
        );
    }
    let whole = format!("\"{}\"", "x".repeat(998));
    assert_eq!(
        values(&mut Reader::new(1000), &[whole.as_bytes()]),
        (vec![whole.clone()], None)
    );
    assert_eq!(
        values(&mut Reader::new(999), &[whole.as_bytes()]),
        (vec![], Some(Fault::TooLarge))
    );
    const { assert!(MAX_VALUE_BYTES >= 1024 * 1024) };
}

#[test]
fn depth_is_bounded_and_what_passes_can_be_parsed() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let deepest = nested(MAX_NESTING as usize);
    assert_eq!(read(&deepest), std::slice::from_ref(&deepest));
    assert!(serde_json::from_str::<serde_json::Value>(&deepest).is_ok());
    for depth in [MAX_NESTING as usize + 1, 100_000] {
        let (read, fault) = values(&mut Reader::default(), &[nested(depth).as_bytes()]);
        assert_eq!((read.len(), fault), (0, Some(Fault::TooDeep)));
    }
}

#[test]
fn what_is_no_utf8_ends_the_stream() {
    for bad in [&b"{\"a\":\"\xff\"}"[..], b"\xff\xfe ", b"\"\xc3\""] {
        let (read, fault) = values(&mut Reader::default(), &[b"{}", bad, b"{}"]);
        assert_eq!((read.len(), fault), (1, Some(Fault::Utf8)));
    }
}

#[test]
fn balanced_is_not_yet_json() {
    for bad in ["{]", "{\"a\":}", "tru", "{a:1}", "}"] {
        assert_eq!(
            FromBackend::decode(bad).unwrap_err().fault(),
            Fault::Syntax,
            "{bad}"
        );
    }
}
