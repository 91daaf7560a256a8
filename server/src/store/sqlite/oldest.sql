-- The database of version 1 as it was released, with data. Never edited.
CREATE TABLE rooms (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    last_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
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
INSERT INTO rooms (id, name, last_seq) VALUES (1, 'lobby', 3);
INSERT INTO messages (id, room, seq, at_ns, sender, text, extra)
    VALUES (5, 1, 3, 1795160142285165360, 'ann', 'from the first version', NULL);
PRAGMA user_version = 1;
PRAGMA application_id = 0x6b616977;
