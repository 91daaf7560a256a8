//! Oshi: streams, subscriptions and what was missed. Each measurement has a file: [`fanout`] (a stream with a thousand
//! subscribers), [`privacy`] (what refusals tell by their time), [`resume`] (catching up), [`sign_in`] (somebody with 500
//! streams).
//!
//! [`people`] is what comes before: accounts, circles, sign-ins.

mod people;

pub(crate) mod fanout;
pub(crate) mod privacy;
pub(crate) mod resume;
pub(crate) mod sign_in;
