//! A host in this process, a backend of the built command, and a wschat server behind it: the conformance suite. Over the
//! extension it passes all that wschat passes directly, without it all but a list.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "clippy's exception for tests does not reach their helpers"
)]

mod peer;
mod support;

use kaiwa_conformance::{EventKind, Harness, Need, conformance};

conformance!(extended, peer::Extended);
conformance!(plain, peer::Plain);

/// The cases of wschat for which a plain host has no words. docs/writing-a-backend.md says why.
const WITHOUT_EXTENSION: &[&str] = &[
    "what_was_cut_off_is_settled_after_the_reconnect",
    "a_late_confirmation_still_counts",
    "garbage_is_survived",
];

#[test]
fn only_these_are_left_out_without_the_extension() {
    let runs = |case: &&(&str, &[Need], &[EventKind]), lacks: &[Need], is_extended| {
        let sends = peer::capabilities(is_extended);
        case.1.iter().all(|need| !lacks.contains(need))
            && case.2.iter().all(|kind| sends.can_send(*kind))
    };
    let extended = extended::CASES
        .iter()
        .filter(|case| runs(case, peer::Extended::LACKS, true));
    let left_out: Vec<&str> = extended
        .filter(|case| !runs(case, peer::Plain::LACKS, false))
        .map(|case| case.0)
        .collect();
    assert_eq!(left_out, WITHOUT_EXTENSION);
    let manual = include_str!("../../../docs/writing-a-backend.md");
    for case in WITHOUT_EXTENSION {
        assert!(manual.contains(&format!("`{case}`")), "{case}");
    }
}
