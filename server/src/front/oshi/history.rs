//! `history`: pages of what was said, of all that somebody may see.

use bytes::Bytes;
use kaiwa_protocols::oshi::wire::{Message, Page, ServerFrame, StreamId, Tag, limit};

use super::call::{Call, Step, frame, reply_frame};
use super::failure::Failure;
use super::records::Names;
use super::{access, fit, records};
use crate::store::{Reader, RoomKind, Span, StoredMessage, UserId};

/// Which page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) before: Option<i64>,
    pub(super) after: Option<i64>,
    pub(super) limit: Option<u32>,
}

/// `history`.
pub(super) fn history(call: Call, stream: StreamId, wanted: Wanted) -> Step {
    if wanted.limit == Some(0) {
        return call.answer(Err(Failure::bad_field("`limit` is 0")));
    }
    let user = call.user();
    call.ask_frame(move |reader, re| {
        let failed = re.clone();
        match page(reader, user, stream, wanted, re) {
            Ok(page) => Ok(page),
            Err(Failure::Broken(error)) => Err(error),
            Err(failure) => Ok(reply_frame(failed, Err(failure))),
        }
    })
}

fn page(
    reader: &mut dyn Reader,
    user: UserId,
    stream: StreamId,
    wanted: Wanted,
    re: Option<Tag<'static>>,
) -> Result<Bytes, Failure> {
    let room = access::stream(reader, user, stream)?.room;
    let spans = match room.kind {
        RoomKind::Stream => vec![Span {
            first: 1,
            last: room.last.seq,
        }],
        _ => reader.visible(room.id, user)?,
    };
    let limit = wanted.limit.unwrap_or(limit::PAGE_DEFAULT).min(limit::PAGE);
    let (ranges, mut more) = cut(&spans, wanted, i64::from(limit));
    let mut messages: Vec<StoredMessage> = Vec::new();
    for (first, last) in ranges {
        messages.extend(reader.messages(room.id, first, last)?);
    }
    // What is not kept any more does not come by asking again.
    more &= !messages.is_empty();
    let mut names = Names::default();
    let mut called = Vec::with_capacity(messages.len());
    for message in &messages {
        called.push(names.of(reader, message)?);
    }
    let shown = messages.iter().zip(&called).map(|(message, name)| {
        let mut shown = records::message(message, name, Some(user));
        fit::cut(&mut shown);
        shown
    });
    let is_forward = wanted.after.is_some();
    let mut shown: Vec<_> = shown.collect();
    let fits = fitting(&shown, is_forward);
    more |= fits < shown.len();
    if is_forward {
        shown.truncate(fits);
    } else {
        shown.drain(..shown.len() - fits);
    }
    Ok(frame(&ServerFrame::History(Page {
        re,
        stream,
        messages: shown,
        more,
    })))
}

/// How many go into one frame, from the end at which the page begins.
fn fitting(messages: &[Message<'_>], from_oldest: bool) -> usize {
    let mut bytes = fit::AROUND;
    let fits = |message: &&Message<'_>| {
        bytes += fit::size(message) + 1;
        bytes <= limit::FRAME_BYTES
    };
    if from_oldest {
        messages.iter().take_while(fits).count()
    } else {
        messages.iter().rev().take_while(fits).count()
    }
}

/// Sequences from the first to the last, both included.
type Range = (i64, i64);

/// The sequences of a page, oldest first, and whether there are more in its direction: the oldest ones behind `after`, if that is
/// given, else the newest ones before `before`.
fn cut(spans: &[Span], wanted: Wanted, limit: i64) -> (Vec<Range>, bool) {
    let after = wanted.after.unwrap_or(0);
    let before = wanted.before.unwrap_or(i64::MAX);
    let clipped = |span: &Span| {
        let first = span.first.max(after.saturating_add(1));
        let last = span.last.min(before.saturating_sub(1));
        (first <= last).then_some((first, last))
    };
    let clipped: Vec<Range> = spans.iter().filter_map(clipped).collect();
    let is_forward = wanted.after.is_some();
    let mut left = limit;
    let mut more = false;
    let mut take = |(first, last): Range| {
        let taken = left.min(last - first + 1);
        left -= taken;
        more |= taken < last - first + 1;
        let range = if is_forward {
            (first, first + taken - 1)
        } else {
            (last - taken + 1, last)
        };
        (taken > 0).then_some(range)
    };
    let ranges = if is_forward {
        clipped.into_iter().filter_map(&mut take).collect()
    } else {
        let mut ranges: Vec<Range> = clipped.into_iter().rev().filter_map(&mut take).collect();
        ranges.reverse();
        ranges
    };
    (ranges, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_cut_from_either_end() {
        let spans = [(1, 3), (7, 6), (10, 14)].map(|(first, last)| Span { first, last });
        for (before, after, limit, expected, more) in [
            (None, None, 2, &[(13, 14)][..], true),
            (None, None, 5, &[(10, 14)], true),
            (None, None, 6, &[(3, 3), (10, 14)], true),
            (None, None, 8, &[(1, 3), (10, 14)], false),
            (Some(13), None, 3, &[(10, 12)], true),
            (Some(10), None, 3, &[(1, 3)], false),
            (Some(1), None, 3, &[], false),
            (None, Some(0), 4, &[(1, 3), (10, 10)], true),
            (None, Some(3), 5, &[(10, 14)], false),
            (None, Some(14), 5, &[], false),
            (None, Some(i64::MAX), 5, &[], false),
            (Some(12), Some(2), 2, &[(3, 3), (10, 10)], true),
            (Some(12), Some(2), 3, &[(3, 3), (10, 11)], false),
        ] {
            let wanted = Wanted {
                before,
                after,
                limit: None,
            };
            let cut = cut(&spans, wanted, limit);
            assert_eq!(cut, (expected.to_vec(), more), "{wanted:?} {limit}");
        }
    }
}
