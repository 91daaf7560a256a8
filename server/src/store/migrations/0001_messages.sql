-- Rooms and their messages. A room's sequence has no holes; last_seq survives the removal of messages.
CREATE TABLE rooms (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    last_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO rooms (id, name) VALUES (1, 'lobby');

-- id is global, never reused, and exact in a double (JavaScript). at_ns: nanoseconds since 1970, UTC.
CREATE TABLE messages (
    id     INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id < 9007199254740992),
    room   INTEGER NOT NULL REFERENCES rooms (id),
    seq    INTEGER NOT NULL,
    at_ns  INTEGER NOT NULL,
    sender TEXT,
    text   TEXT,
    extra  TEXT,
    UNIQUE (room, seq)
) STRICT;
