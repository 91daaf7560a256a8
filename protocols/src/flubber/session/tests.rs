//! The session without a child.
