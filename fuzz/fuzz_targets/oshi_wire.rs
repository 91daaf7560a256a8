//! Invariant: no text makes a reader of Oshi's wire format panic, a refusal shows nothing of what was refused but its id,
//! and what was read says the same when it is written and read again.

#![no_main]

use kaiwa_protocols::oshi::wire::{ClientFrame, ErrorCode, Refusal, ServerFrame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match ClientFrame::parse(text) {
        Ok(frame) => {
            let again = frame.request.encode(frame.id.as_ref());
            assert_eq!(ClientFrame::parse(&again).as_ref(), Ok(&frame), "{again}");
        }
        Err(Refusal { code, field, .. }) => {
            let named = !matches!(code, ErrorCode::BadJson | ErrorCode::UnknownOp);
            assert_eq!(field.is_some(), named, "{code}: {field:?}");
        }
    }
    if let Ok(frame) = ServerFrame::parse(text) {
        let again = frame.encode();
        if frame != ServerFrame::Other {
            assert_eq!(ServerFrame::parse(&again).as_ref(), Ok(&frame), "{again}");
        }
    }
});
