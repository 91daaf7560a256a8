//! How much somebody sends, over all their sessions.
