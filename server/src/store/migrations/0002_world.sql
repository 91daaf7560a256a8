-- One model for every network: people, sign-ins, contacts, rooms, memberships, messages and what hangs on them.
-- Times are nanoseconds since 1970, UTC. Keys of names are folded (names.rs), unless said otherwise.

ALTER TABLE rooms RENAME TO old_rooms;
ALTER TABLE messages RENAME TO old_messages;

CREATE TABLE users (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    guest    INTEGER NOT NULL CHECK (guest IN (0, 1)),
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL,                    -- of a guest: the very name
    display  TEXT NOT NULL,
    avatar   TEXT NOT NULL DEFAULT '',
    email    TEXT NOT NULL DEFAULT '',
    password TEXT,                             -- PHC form; none: no sign-in by password
    color    TEXT,
    rank     INTEGER NOT NULL DEFAULT 0,
    nick     TEXT,
    away     TEXT,
    created  INTEGER NOT NULL,
    UNIQUE (name_key, guest)
) STRICT;

-- direct: "LOWER:HIGHER" ids of the two, in the room that is theirs.
CREATE TABLE rooms (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         INTEGER NOT NULL,
    name         TEXT NOT NULL,
    topic        TEXT,
    avatar       TEXT NOT NULL DEFAULT '',
    parent       INTEGER REFERENCES rooms (id) ON DELETE CASCADE,
    owner        INTEGER REFERENCES users (id),
    public       INTEGER NOT NULL DEFAULT 0 CHECK (public IN (0, 1)),
    guests       INTEGER NOT NULL DEFAULT 0 CHECK (guests IN (0, 1)),
    mode         INTEGER NOT NULL DEFAULT 0,
    min_rank     INTEGER NOT NULL DEFAULT 0,
    password     TEXT,
    temporary    INTEGER NOT NULL DEFAULT 0 CHECK (temporary IN (0, 1)),
    hidden       INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    direct       TEXT UNIQUE,
    unique_name  TEXT UNIQUE,                  -- channels and streams: kind, parent and folded name
    last_id      INTEGER NOT NULL DEFAULT 0,
    last_seq     INTEGER NOT NULL DEFAULT 0,   -- no holes; survives the removal of messages
    last_change  INTEGER NOT NULL DEFAULT 0,
    epoch        INTEGER NOT NULL DEFAULT 1,
    created      INTEGER NOT NULL
) STRICT;
CREATE INDEX rooms_by_parent ON rooms (parent) WHERE parent IS NOT NULL;

-- A sign-in that a token resumes; token: SHA-256. room: where it is, on a network on which one is in one room at a time.
CREATE TABLE sessions (
    token   BLOB PRIMARY KEY,
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room    INTEGER REFERENCES rooms (id) ON DELETE SET NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE INDEX sessions_by_expiry ON sessions (expires);

-- status: 0 applied, 1 confirmed, 2 rejected by the other side.
CREATE TABLE contacts (
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    other   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status  INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_by_other ON contacts (other);

-- Everything up to read_to is read; what was read beyond it is in read_ahead. Unread is what lies behind read_to, without own
-- messages (sent - sent_read) and without read_ahead: nothing per member is written when somebody speaks.
CREATE TABLE members (
    room       INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       INTEGER NOT NULL,
    read_to    INTEGER NOT NULL,
    delivered  INTEGER NOT NULL,
    sent       INTEGER NOT NULL DEFAULT 0,     -- own messages since they came
    sent_read  INTEGER NOT NULL DEFAULT 0,     -- those of them up to read_to
    ahead      INTEGER NOT NULL DEFAULT 0,     -- rows in read_ahead
    joined     INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);

CREATE TABLE read_ahead (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (room, user, seq),
    FOREIGN KEY (room, user) REFERENCES members (room, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What somebody may see of a room; last: none while they are in.
CREATE TABLE spans (
    room  INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last  INTEGER,
    PRIMARY KEY (room, user, first)
) STRICT, WITHOUT ROWID;

-- id is global, never reused, and exact in a double (JavaScript). change: the room's newest change of this message.
CREATE TABLE messages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id < 9007199254740992),
    room        INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    change      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    sender      INTEGER REFERENCES users (id),
    sender_name TEXT,                          -- a guest's own words
    kind        INTEGER NOT NULL DEFAULT 0,
    text        TEXT,
    client_id   TEXT,
    reply       INTEGER,
    edited      INTEGER,
    deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    files       INTEGER NOT NULL DEFAULT 0,    -- how many rows hang on it in message_files
    reactions   INTEGER NOT NULL DEFAULT 0,    -- how many in reactions, those taken back included
    extra       TEXT,
    UNIQUE (room, seq)
) STRICT;
CREATE INDEX messages_by_change ON messages (room, change);
CREATE INDEX messages_by_sender ON messages (room, sender, seq);

CREATE TABLE reactions (
    room   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    user   INTEGER NOT NULL REFERENCES users (id),
    emoji  TEXT NOT NULL,
    given  INTEGER NOT NULL CHECK (given IN (0, 1)),
    change INTEGER NOT NULL,
    PRIMARY KEY (room, seq, user, emoji),
    FOREIGN KEY (room, seq) REFERENCES messages (room, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX reactions_by_change ON reactions (room, change);

CREATE TABLE files (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    key     TEXT NOT NULL UNIQUE,
    owner   INTEGER NOT NULL REFERENCES users (id),
    name    TEXT NOT NULL,
    mime    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE message_files (
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    place   INTEGER NOT NULL,
    file    INTEGER NOT NULL REFERENCES files (id),
    PRIMARY KEY (message, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    code    TEXT PRIMARY KEY,
    room    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    by      INTEGER NOT NULL REFERENCES users (id),
    user    INTEGER REFERENCES users (id),
    expires INTEGER,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- 0 stands for "none": a person's (room 0), a room's (user 0), a person's in a room.
CREATE TABLE data (
    room  INTEGER NOT NULL,
    user  INTEGER NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (room, user, key)
) STRICT, WITHOUT ROWID;

-- kind: 0 to come in, 1 to speak. Either user or address is given. room: none for the whole server. until: none for ever.
CREATE TABLE bans (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    INTEGER NOT NULL,
    user    INTEGER REFERENCES users (id) ON DELETE CASCADE,
    address TEXT,
    room    INTEGER REFERENCES rooms (id) ON DELETE CASCADE,
    until   INTEGER,
    reason  TEXT,
    by      INTEGER REFERENCES users (id),
    at      INTEGER NOT NULL,
    CHECK ((user IS NULL) <> (address IS NULL))
) STRICT;
CREATE INDEX bans_by_user ON bans (user) WHERE user IS NOT NULL;
CREATE INDEX bans_by_address ON bans (address) WHERE address IS NOT NULL;

-- What the first version kept: the lobby, and the names that guests had said there.
INSERT INTO users (guest, name, name_key, display, created)
    SELECT 1, sender, sender, sender, min(at_ns) FROM old_messages WHERE sender IS NOT NULL GROUP BY sender;
INSERT INTO rooms (id, kind, name, public, guests, last_id, last_seq, last_change, created)
    SELECT id, 0, name, 1, 1,
           coalesce((SELECT max(m.id) FROM old_messages m WHERE m.room = r.id), 0), last_seq, last_seq,
           coalesce((SELECT min(m.at_ns) FROM old_messages m WHERE m.room = r.id), 0)
    FROM old_rooms r;
INSERT INTO messages (id, room, seq, change, at, sender, sender_name, text, extra)
    SELECT m.id, m.room, m.seq, m.seq, m.at_ns,
           (SELECT u.id FROM users u WHERE u.guest = 1 AND u.name_key = m.sender), m.sender, m.text, m.extra
    FROM old_messages m ORDER BY m.id;
-- Ids are never reused, also those of messages that were removed.
UPDATE sqlite_sequence SET seq = max(seq, (SELECT s.seq FROM sqlite_sequence s WHERE s.name = 'old_messages'))
    WHERE name = 'messages';

DROP TABLE old_messages;
DROP TABLE old_rooms;
