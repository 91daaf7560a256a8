//! Markup of messages, to fragments and back. Pure, and of no network: several use the same.
//!
//! * [`bbcode`]: `[b]bold[/b]`, with addresses and emotes in the text between the tags.
//! * [`Emotes`]: finds emotes, smileys and addresses in one pass.
//! * [`html`]: the few replacements that servers make so that a text can stand in a page.
//! * [`color`], [`address`], [`mime`]: what markup says about them.

pub mod address;
pub mod bbcode;
pub mod color;
pub mod html;
pub mod mime;

mod emotes;

pub use emotes::{Emotes, MAX_EMOTES, MAX_PATTERN_BYTES};
