//! Every limit that both ends know. Those that a server may set otherwise come with `hello`, see [`super::Limits`].

/// Bytes of a frame in either direction: what fits is parsed and kept without a thought.
pub const FRAME_BYTES: usize = 64 * 1024;

/// Characters of a message's text, unless `hello` says otherwise.
pub const TEXT_CHARS: u64 = 4_000;

/// Bytes of a file, unless `hello` says otherwise.
pub const FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Files of one message.
pub const FILES: usize = 10;

/// Messages in [`PUB_MS`] milliseconds, unless `hello` says otherwise.
pub const PUB_COUNT: u64 = 20;

/// See [`PUB_COUNT`]: ten seconds.
pub const PUB_MS: u64 = 10_000;

/// Changes that `sub` replays, and the most that it may be asked for: beyond them pages of history are cheaper.
pub const REPLAY: u32 = 500;

/// Messages of a page of history, unless asked otherwise.
pub const PAGE_DEFAULT: u32 = 50;

/// Messages of a page of history at most.
pub const PAGE: u32 = 100;

/// Circles of a page of `circle.list` at most.
pub const CIRCLE_PAGE: u32 = 100;

/// Members of a page of `members` at most.
pub const MEMBER_PAGE: u32 = 500;

/// Streams of a circle: what a person reads through.
pub const STREAMS: u64 = 500;

/// Circles of a person.
pub const CIRCLES: usize = 500;

/// Circles that a person owns: owning costs the server more than being in them.
pub const CIRCLES_OWNED: usize = 100;

/// Invitations of a circle that are open at once.
pub const INVITES: usize = 1_000;

/// Reactions of a message, each of one person with one emoji.
pub const REACTIONS: usize = 1_000;

/// Bytes of an emoji, which may be made of many characters.
pub const EMOJI_BYTES: usize = 32;

/// Characters of a login name, of a circle's and of a stream's name.
pub const NAME_CHARS: usize = 32;

/// Characters of a display name.
pub const DISPLAY_CHARS: usize = 64;

/// Characters of a stream's topic.
pub const TOPIC_CHARS: usize = 400;

/// Bytes of a nonce: a UUID and a bit.
pub const NONCE_BYTES: usize = 64;

/// How many of a sender's nonces on a stream are remembered.
pub const NONCES: usize = 100;

/// Keys of user data in one place: of a person, or of a person in a circle.
pub const DATA_KEYS: usize = 100;

/// Bytes of a key of user data.
pub const KEY_BYTES: usize = 64;

/// Bytes of a value of user data and of a message's `meta`, as JSON.
pub const VALUE_BYTES: usize = 4 * 1024;

/// Lists and objects within each other in such a value: it travels inside others, and JSON readers stop at 128.
pub const VALUE_DEPTH: usize = 32;

/// Bytes of a request's id that is a text: it comes back with the answer.
pub const TAG_BYTES: usize = 128;

/// The largest number of this format, 2^53 - 1: beyond it JavaScript loses digits.
pub const NUMBER: i64 = (1 << 53) - 1;

/// Milliseconds for the first frame after connecting.
pub const AUTH_MS: u64 = 10_000;

/// Milliseconds between the server's pings.
pub const PING_MS: u64 = 30_000;

/// Milliseconds of silence after which a server drops a connection.
pub const SILENCE_MS: u64 = 90_000;

/// Milliseconds after which a receiver takes it that somebody types no longer.
pub const TYPING_MS: u64 = 8_000;

/// Malformed frames in a row that are answered; one more closes the connection.
pub const MALFORMED: u32 = 20;
