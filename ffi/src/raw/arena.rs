//! One block of memory for all that a view shows: structs, arrays, and strings with a NUL behind them.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use crate::text::kaiwa_str;

/// Bytes of the first block: what most events need.
const FIRST: usize = 1024;

/// Bytes of a block that are kept for the next event; what a history needed once is given back.
const KEPT: usize = 64 * 1024;

/// How all that is in it is aligned at most: pointers, 64-bit numbers.
const ALIGN: usize = 8;

/// Memory that is filled from the front and freed as a whole. What lies in it never moves.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    block: Option<Block>,
    /// Bytes of `block` in use.
    used: usize,
    /// Blocks that became too small.
    full: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    base: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a block is owned memory, like that of a Vec.
unsafe impl Send for Block {}
// SAFETY: through a shared reference nothing can be done with it.
unsafe impl Sync for Block {}

impl Block {
    fn new(size: usize) -> Self {
        // A size that no machine has room for ends like every allocation that fails.
        let layout = Layout::from_size_align(size, ALIGN).unwrap_or(Layout::new::<u64>());
        if layout.size() < size {
            handle_alloc_error(layout);
        }
        // SAFETY: the size is not 0, see `Arena::reserve`.
        let base = NonNull::new(unsafe { alloc(layout) });
        match base {
            Some(base) => Self { base, layout },
            None => handle_alloc_error(layout),
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}

impl Arena {
    /// Forgets all that is in it; nobody may look at that any more.
    pub(crate) fn clear(&mut self) {
        self.full.clear();
        self.used = 0;
        if self
            .block
            .as_ref()
            .is_some_and(|block| block.layout.size() > KEPT)
        {
            self.block = None;
        }
    }

    /// Puts a string in, with a NUL behind it.
    pub(crate) fn text(&mut self, text: &str) -> kaiwa_str {
        let len = text.len();
        let data = self.reserve(len + 1, 1);
        // SAFETY: there are `len` bytes reserved and one more, and nothing else points at them.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), data.as_ptr(), len) };
        // SAFETY: the byte after them.
        unsafe { data.as_ptr().wrapping_add(len).write(0) };
        kaiwa_str {
            data: data.as_ptr().cast(),
            len,
        }
    }

    /// Puts a string in, if there is one.
    pub(crate) fn optional(&mut self, text: Option<&str>) -> kaiwa_str {
        text.map_or(kaiwa_str::NONE, |text| self.text(text))
    }

    /// Puts a value in.
    pub(crate) fn put<T: Copy>(&mut self, value: T) -> *const T {
        let place = self.room::<T>(1);
        // SAFETY: reserved for one of these, and aligned for it.
        unsafe { place.write(value) };
        place
    }

    /// Puts a value in and completes it where it lies: a large one is not moved.
    pub(crate) fn build<T: Copy>(
        &mut self,
        value: T,
        complete: impl FnOnce(&mut Self, &mut T),
    ) -> *const T {
        let place = self.room::<T>(1);
        // SAFETY: reserved for one of these, and aligned for it.
        unsafe { place.write(value) };
        // SAFETY: written just now; what lies here never moves, and nothing else points at it yet.
        complete(self, unsafe { &mut *place });
        place
    }

    /// Puts an array of values in; NULL for none.
    pub(crate) fn array<T: Copy, I>(
        &mut self,
        items: I,
        mut make: impl FnMut(&mut Self, I::Item) -> T,
    ) -> *const T
    where
        I: ExactSizeIterator,
    {
        let len = items.len();
        if len == 0 {
            return std::ptr::null();
        }
        let first = self.room::<T>(len);
        for (at, item) in items.take(len).enumerate() {
            let value = make(self, item);
            // SAFETY: `at` is below the number for which it was reserved.
            unsafe { first.wrapping_add(at).write(value) };
        }
        first
    }

    /// Room for so many of a type, aligned for it.
    fn room<T>(&mut self, count: usize) -> *mut T {
        const { assert!(align_of::<T>() <= ALIGN, "blocks are aligned to 8 bytes") };
        let bytes = size_of::<T>().saturating_mul(count);
        self.reserve(bytes, align_of::<T>()).as_ptr().cast()
    }

    fn reserve(&mut self, bytes: usize, align: usize) -> NonNull<u8> {
        let start = self.used.next_multiple_of(align);
        let size = self.block.as_ref().map_or(0, |block| block.layout.size());
        if let Some(block) = &self.block
            && let Some(end) = start.checked_add(bytes)
            && end <= size
        {
            self.used = end;
            // SAFETY: within the block.
            return unsafe { block.base.add(start) };
        }
        let block = Block::new(size.saturating_mul(2).max(bytes).max(FIRST));
        let base = block.base;
        self.full.extend(self.block.replace(block));
        self.used = bytes;
        base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_it_stays_where_it_is() {
        let mut arena = Arena::default();
        for _ in 0..3 {
            let texts: Vec<String> = (0..500).map(|count| "x".repeat(count)).collect();
            let shown = arena.array(texts.iter(), |arena, text| arena.text(text));
            let number = arena.put(7_u64);
            for (at, text) in texts.iter().enumerate() {
                // SAFETY: the arena made as many.
                let one = unsafe { *shown.wrapping_add(at) };
                // SAFETY: a string of the arena's.
                assert_eq!(unsafe { crate::raw::text::read(one, "one") }.unwrap(), text);
                // SAFETY: the NUL behind it.
                assert_eq!(unsafe { *one.data.wrapping_add(one.len) }, 0);
            }
            // SAFETY: put in above.
            assert_eq!(unsafe { *number }, 7);
            arena.clear();
        }
        assert!(
            arena
                .array(std::iter::empty::<u8>(), |_, one| one)
                .is_null()
        );
    }
}
