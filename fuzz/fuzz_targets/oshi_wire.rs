//! Invariant: no text makes a reader of Oshi's wire format panic; a refusal names the field that is wrong; and what was
//! read is read as the same kind of frame when it is written again.

#![no_main]

use std::mem::discriminant;

use kaiwa_protocols::oshi::wire::{ClientFrame, ErrorCode, Refusal, ServerFrame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match ClientFrame::parse(text) {
        Ok(frame) => {
            let again = frame.request.encode(frame.id.as_ref());
            match ClientFrame::parse(&again) {
                Ok(same) => {
                    assert_eq!(same.id, frame.id, "{again}");
                    assert_eq!(discriminant(&same.request), discriminant(&frame.request));
                }
                // A number may be longer in its other spelling.
                Err(refusal) => assert_eq!(refusal.code, ErrorCode::TooLong, "{again}"),
            }
        }
        Err(Refusal { code, field, .. }) => {
            let named = !matches!(code, ErrorCode::BadJson | ErrorCode::UnknownOp);
            assert_eq!(field.is_some(), named, "{code}: {field:?}");
        }
    }
    if let Ok(frame) = ServerFrame::parse(text) {
        let again = frame.encode();
        let same = ServerFrame::parse(&again).expect("what was written");
        assert_eq!(discriminant(&same), discriminant(&frame), "{again}");
    }
});
