//! Items in order, kept in the pieces in which they came: what is published together goes through a queue together, without
//! being moved and without a buffer that grows with all that waits.

use std::collections::{VecDeque, vec_deque};
use std::iter::{Chain, Flatten};
use std::mem;

/// Items of a piece at most: at two hundred bytes each a piece is below what allocators give back to the system at once, and
/// what is done once per piece, locks and wakes, does not show beside so many.
pub(crate) const PIECE_ITEMS: usize = 128;

/// Items in order; see the module.
#[derive(Clone, Debug)]
pub(crate) struct Pieces<T> {
    /// None of them is empty.
    before: VecDeque<VecDeque<T>>,
    /// The last one, where more is added; only empty if there is nothing at all.
    last: VecDeque<T>,
    len: usize,
}

pub(crate) type Iter<'a, T> =
    Chain<Flatten<vec_deque::Iter<'a, VecDeque<T>>>, vec_deque::Iter<'a, T>>;

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self {
            before: VecDeque::new(),
            last: VecDeque::new(),
            len: 0,
        }
    }
}

impl<T> Pieces<T> {
    /// One item.
    pub(crate) fn one(item: T) -> Self {
        Self {
            before: VecDeque::new(),
            last: vec![item].into(),
            len: 1,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> Iter<'_, T> {
        self.before.iter().flatten().chain(self.last.iter())
    }

    /// Makes room for so many more items, up to a piece.
    pub(crate) fn reserve(&mut self, items: usize) {
        let room = PIECE_ITEMS.saturating_sub(self.last.len());
        self.last.reserve_exact(items.min(room));
    }

    /// Adds an item behind the others.
    pub(crate) fn push(&mut self, item: T) {
        if self.last.len() >= PIECE_ITEMS {
            let next = VecDeque::with_capacity(PIECE_ITEMS);
            self.before.push_back(mem::replace(&mut self.last, next));
        }
        self.last.push_back(item);
        self.len += 1;
    }

    /// Adds others behind; little goes into the last piece, so that pieces stay half full on average.
    pub(crate) fn append(&mut self, mut others: Self) {
        self.len += others.len;
        if self.last.is_empty() {
            *self = others;
        } else if others.before.is_empty() && self.last.len() + others.last.len() <= PIECE_ITEMS {
            self.last.append(&mut others.last);
        } else if !others.is_empty() {
            self.before
                .push_back(mem::replace(&mut self.last, others.last));
            self.before.append(&mut others.before);
        }
    }

    /// Takes the first item.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let first = self.before.front_mut().unwrap_or(&mut self.last);
        let item = first.pop_front()?;
        let emptied = first.is_empty();
        self.took(1, emptied);
        Some(item)
    }

    /// Takes the first piece, or as much of its beginning as `count` says when it is asked about the piece.
    pub(crate) fn take(&mut self, count: impl FnOnce(&VecDeque<T>) -> usize) -> Vec<T> {
        let first = self.before.front_mut().unwrap_or(&mut self.last);
        let count = count(first).min(first.len());
        let all = count == first.len();
        let taken: Vec<T> = if all {
            mem::take(first).into()
        } else {
            first.drain(..count).collect()
        };
        self.took(count, all);
        taken
    }

    /// So many were taken from the first piece, and whether that is empty now. When nothing is left no memory is: thousands of
    /// idle accounts must not each keep that of their last burst; an event is large.
    fn took(&mut self, count: usize, emptied: bool) {
        self.len -= count;
        if self.len == 0 {
            *self = Self::default();
        } else if emptied {
            self.before.pop_front();
        }
    }
}

#[cfg(all(test, not(kaiwa_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(items: &[u32]) -> Pieces<u32> {
        let mut pieces = Pieces::default();
        for item in items {
            pieces.push(*item);
        }
        pieces
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(usize),
        Pop,
        Take(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let few_or_many = prop_oneof![0..4_usize, 0..3 * PIECE_ITEMS];
        prop_oneof![
            few_or_many.prop_map(Step::Append),
            Just(Step::Pop),
            (0..2 * PIECE_ITEMS).prop_map(Step::Take),
        ]
    }

    proptest! {
        #[test]
        fn they_are_a_queue(steps in proptest::collection::vec(step(), 0..40)) {
            let mut queue = Pieces::default();
            let mut model = VecDeque::new();
            let mut next = 0;
            for step in steps {
                match step {
                    Step::Append(count) => {
                        let items: Vec<u32> = (next..).take(count).collect();
                        next += u32::try_from(count).unwrap();
                        queue.append(pieces(&items));
                        model.extend(items);
                    }
                    Step::Pop => prop_assert_eq!(queue.pop(), model.pop_front()),
                    Step::Take(most) => {
                        let taken = queue.take(|piece| piece.len().min(most));
                        prop_assert!(taken.len() <= most);
                        prop_assert_eq!(taken.is_empty(), model.is_empty() || most == 0);
                        let wanted: Vec<u32> = model.drain(..taken.len()).collect();
                        prop_assert_eq!(taken, wanted);
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                prop_assert!(queue.iter().eq(model.iter()));
                prop_assert!(queue.iter().rev().eq(model.iter().rev()));
                prop_assert!(queue.before.iter().all(|piece| !piece.is_empty()));
                prop_assert_eq!(queue.last.is_empty(), queue.is_empty());
            }
        }
    }

    #[test]
    fn single_items_gather_in_pieces() {
        let mut queue = Pieces::default();
        for item in 0..1000 {
            queue.append(Pieces::one(item));
        }
        assert_eq!(queue.before.len() + 1, 1000_usize.div_ceil(PIECE_ITEMS));
    }
}
