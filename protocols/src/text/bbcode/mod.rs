//! BBCode: `[b]bold[/b]`, and what else chat clients understand of it.
//!
//! * Known are `b i u s quote spoiler code sjis`, `color=` and `bgcolor=` with a CSS colour, `url` and `url=`, `img`, `audio`
//!   and `video` (an address, or the id of a film on YouTube). Case does not matter.
//! * Tags nest. One that is unknown, has no partner, encloses nothing, or has an argument that makes no sense stays text; of
//!   more than [`MAX_STYLE_DEPTH`](kaiwa_core::MAX_STYLE_DEPTH) in each other the innermost count. What `code` and `sjis`
//!   enclose is taken as it stands.
//! * BBCode has no way of saying that `[b]` is meant literally. What [`render`] must say so it writes with an invisible
//!   character behind the bracket, [`WORD_JOINER`], which [`parse`] drops. So [`parse`] gives back what [`render`] was given, as
//!   long as that has no emotes or addresses in plain text.

mod parse;
mod render;
mod tag;
#[cfg(test)]
mod tests;

pub use parse::parse;
pub use render::render;

/// U+2060, which shows nothing and is not taken for a space: behind a bracket it says that the bracket is only a bracket.
pub const WORD_JOINER: char = '\u{2060}';

/// A bracket that begins no tag.
const ESCAPED: &str = "[\u{2060}";

/// The address of a film on YouTube, up to its id.
const YOUTUBE: &str = "https://www.youtube.com/watch?v=";

/// MIME type of a film that is shown by a page.
const PAGE: &str = "text/html";
