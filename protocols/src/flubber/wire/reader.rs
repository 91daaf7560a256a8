//! Cuts concatenated JSON values out of a stream of bytes that comes in any pieces.

use super::{Fault, WireError};

/// The longest value taken, in bytes: an attachment of 12 MiB in base64. Whoever writes more exhausts memory.
pub const MAX_VALUE_BYTES: usize = 16 * 1024 * 1024;

/// How deep lists and objects may lie in each other: at 128 the JSON parser stops, which recurses.
pub const MAX_NESTING: u32 = 127;

/// Cuts values out of a stream. Each byte is looked at once; only the beginning of a value whose end has not come is kept.
#[derive(Debug)]
pub struct Reader {
    max_value_bytes: usize,
    /// The beginning of the value that is being read, as far as it lies in pieces before.
    begun: Vec<u8>,
    /// `begun` holds a value that was given out; it is dropped with the next call.
    is_taken: bool,
    place: Place,
    depth: u32,
    broken: Option<WireError>,
}

/// Where in a value the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before it.
    Before,
    /// In a number or a word that stands by itself: its end is known from what follows.
    Scalar,
    /// In a list or an object, outside of strings.
    Inside,
    Text,
    /// Behind a backslash.
    Escape,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(MAX_VALUE_BYTES)
    }
}

impl Reader {
    /// A reader at the beginning of a stream, which takes values of at most so many bytes.
    #[must_use]
    pub fn new(max_value_bytes: usize) -> Self {
        Self {
            max_value_bytes,
            begun: Vec::new(),
            is_taken: false,
            place: Place::Before,
            depth: 0,
            broken: None,
        }
    }

    /// Takes bytes from `input` up to the end of a value, and gives it; `None` when all bytes are taken. It is balanced,
    /// but perhaps no JSON.
    ///
    /// # Errors
    /// For a value that is too long, too deep or no UTF-8: then the stream cannot be read on, and every further call says so.
    pub fn next<'r, 'i: 'r>(
        &'r mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<&'r str>, WireError> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        if std::mem::take(&mut self.is_taken) {
            self.begun = Vec::new();
        }
        if self.place == Place::Before {
            let blank = input.iter().take_while(|byte| is_blank(**byte)).count();
            *input = input.get(blank..).unwrap_or_default();
        }
        let end = match self.scan(input) {
            Ok(end) => end,
            Err(fault) => return Err(self.fail(fault)),
        };
        let (piece, rest) = input.split_at(end.unwrap_or(input.len()));
        if self.begun.len() + piece.len() > self.max_value_bytes {
            return Err(self.fail(Fault::TooLarge));
        }
        *input = rest;
        let value = if self.begun.is_empty() && end.is_some() {
            piece
        } else {
            self.begun.extend_from_slice(piece);
            if end.is_none() {
                return Ok(None);
            }
            self.is_taken = true;
            &self.begun
        };
        match std::str::from_utf8(value) {
            Ok(value) => Ok(Some(value)),
            Err(_) => {
                let error = WireError::new(Fault::Utf8);
                self.broken = Some(error);
                Err(error)
            }
        }
    }

    /// Whether nothing of a value has been read whose end has not come.
    #[must_use]
    pub fn is_between_values(&self) -> bool {
        self.place == Place::Before
    }

    fn fail(&mut self, fault: Fault) -> WireError {
        self.begun = Vec::new();
        let error = WireError::new(fault);
        self.broken = Some(error);
        error
    }

    /// How many bytes of `input` belong to the value, if it ends here.
    fn scan(&mut self, input: &[u8]) -> Result<Option<usize>, Fault> {
        let mut at = 0;
        while let Some(byte) = input.get(at) {
            match self.place {
                Place::Text => {
                    let rest = input.get(at..).unwrap_or_default();
                    let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                        return Ok(None);
                    };
                    at += found;
                    self.place = match input.get(at) {
                        Some(b'\\') => Place::Escape,
                        _ if self.depth == 0 => Place::Before,
                        _ => Place::Inside,
                    };
                    at += 1;
                    if self.place == Place::Before {
                        return Ok(Some(at));
                    }
                    continue;
                }
                Place::Escape => self.place = Place::Text,
                Place::Scalar if is_blank(*byte) || matches!(byte, b'{' | b'[' | b'"') => {
                    self.place = Place::Before;
                    return Ok(Some(at));
                }
                Place::Before | Place::Scalar | Place::Inside => {
                    if self.outside(*byte)? {
                        return Ok(Some(at + 1));
                    }
                }
            }
            at += 1;
        }
        Ok(None)
    }

    /// A byte outside of strings; whether it ends the value.
    fn outside(&mut self, byte: u8) -> Result<bool, Fault> {
        match byte {
            b'"' => self.place = Place::Text,
            b'{' | b'[' => {
                self.place = Place::Inside;
                self.depth += 1;
                if self.depth > MAX_NESTING {
                    return Err(Fault::TooDeep);
                }
            }
            b'}' | b']' if self.place == Place::Inside => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.place = Place::Before;
                    return Ok(true);
                }
            }
            _ if self.place == Place::Before => self.place = Place::Scalar,
            _ => {}
        }
        Ok(false)
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
