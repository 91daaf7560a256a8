//! The built command, driven as a user would: arguments, pipes, signals. Every test has directories of its own, and waits
//! for lines, never for time.

mod bad_input;
mod commands;
mod conversation;
mod kaiwa;
mod own_server;
mod serve;
