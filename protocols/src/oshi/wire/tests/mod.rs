//! What holds for the format as a whole.

mod any;
mod requests;
mod server;
