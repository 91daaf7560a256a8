//! Own messages on their way: echo, write, confirmation, failure.
