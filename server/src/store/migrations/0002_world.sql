-- One model for every network: people, sign-ins, contacts, rooms, memberships, messages and what hangs on them.
-- Times are nanoseconds since 1970, UTC. Numbers for kinds, roles and the like are those of sqlite/values.rs.
--
-- What a message writes is kept narrow: its row, the row of its room in heads, and that of its sender in marks. Nothing is
-- written per member, and there is no index on messages that each of them would have to enter but that of their ids.

ALTER TABLE rooms RENAME TO old_rooms;
ALTER TABLE messages RENAME TO old_messages;

-- name_key: of an account, the folded name (names.rs); of a guest, the very name.
CREATE TABLE users (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    guest    INTEGER NOT NULL CHECK (guest IN (0, 1)),
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL,
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

-- low, high: the two whose room it is, lower number first. unique_name: of channels and streams, kind, circle and name in ASCII
-- lower case. Only streams have a parent, the circle.
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
    low          INTEGER REFERENCES users (id),
    high         INTEGER REFERENCES users (id),
    unique_name  TEXT UNIQUE,
    epoch        INTEGER NOT NULL DEFAULT 1,
    created      INTEGER NOT NULL,
    UNIQUE (low, high),
    CHECK ((low IS NULL) = (high IS NULL))
) STRICT;
CREATE INDEX rooms_by_parent ON rooms (parent) WHERE parent IS NOT NULL;
CREATE INDEX rooms_listed ON rooms (id) WHERE public = 1 AND hidden = 0;

-- Where each room stands. Apart from rooms, so that a message need not write a long topic again.
-- last_seq has no holes and survives the removal of messages.
CREATE TABLE heads (
    room         INTEGER PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    last_id      INTEGER NOT NULL DEFAULT 0,
    last_seq     INTEGER NOT NULL DEFAULT 0,
    last_change  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A sign-in that a token resumes; token: SHA-256. room: where it is, on a network on which one is in one room at a time.
CREATE TABLE sessions (
    token   BLOB PRIMARY KEY,
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room    INTEGER REFERENCES rooms (id) ON DELETE SET NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE INDEX sessions_by_room ON sessions (room) WHERE room IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires);

CREATE TABLE contacts (
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    other   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status  INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_by_other ON contacts (other);

-- Who is in a room. A stream has no rows here: its members are its circle's.
CREATE TABLE members (
    room       INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       INTEGER NOT NULL,
    joined     INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);

-- How far a member is, in rooms and streams alike. No row is as good as (since 1, the rest 0): one is made only when something
-- had been said before they came (for a circle: in any of its streams), when they speak, or when they mark. It goes when
-- they leave, into a span.
-- Everything up to read_to is read; what was read beyond it is in read_ahead, or is their own. So
--   unread = last_seq - read_to - own_ahead - ahead
-- and nothing is counted and nothing per member is written when somebody speaks. The message after read_to is never read.
CREATE TABLE marks (
    room       INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    since      INTEGER NOT NULL,               -- the first sequence that they may see, since they came last
    read_to    INTEGER NOT NULL,
    delivered  INTEGER NOT NULL,               -- never less than read_to
    own_ahead  INTEGER NOT NULL,               -- own messages beyond read_to
    ahead      INTEGER NOT NULL,               -- rows in read_ahead
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

-- Messages of others, beyond read_to, that are read.
CREATE TABLE read_ahead (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (room, user, seq),
    FOREIGN KEY (room, user) REFERENCES marks (room, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What somebody saw of a room before they left it; never empty.
CREATE TABLE spans (
    room  INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (room, user, first),
    CHECK (first <= last)
) STRICT, WITHOUT ROWID;

-- Lies in the order in which it is read. id is global, never reused (last_ids), and exact in a double (JavaScript).
-- posted: the room's change that brought the message; change: its newest. What is new after a change is found by posted, which
-- rises with seq, and only what was edited is in an index of its own.
CREATE TABLE messages (
    room        INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    id          INTEGER NOT NULL UNIQUE CHECK (id BETWEEN 1 AND 9007199254740991),
    posted      INTEGER NOT NULL,
    change      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    sender      INTEGER REFERENCES users (id),
    kind        INTEGER NOT NULL DEFAULT 0,
    client_id   TEXT,
    once        INTEGER NOT NULL DEFAULT 0 CHECK (once IN (0, 1)),       -- whether client_id means the same message again
    reply       INTEGER,
    edited      INTEGER,
    deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    files       INTEGER NOT NULL DEFAULT 0,    -- how many rows hang on it in message_files
    reactions   INTEGER NOT NULL DEFAULT 0,    -- how many in reactions, those taken back included
    text        TEXT,
    extra       TEXT,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_by_edit ON messages (room, change) WHERE change > posted;
CREATE INDEX messages_by_client_id ON messages (room, sender, seq, client_id) WHERE once = 1;

-- The newest number given to a message; one row.
CREATE TABLE last_ids (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    message INTEGER NOT NULL
) STRICT;

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
    room  INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    place INTEGER NOT NULL,
    file  INTEGER NOT NULL REFERENCES files (id),
    PRIMARY KEY (room, seq, place),
    FOREIGN KEY (room, seq) REFERENCES messages (room, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    code    TEXT PRIMARY KEY,
    room    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    by      INTEGER NOT NULL REFERENCES users (id),
    user    INTEGER REFERENCES users (id),
    expires INTEGER,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_by_room ON invites (room);
CREATE INDEX invites_by_expiry ON invites (expires) WHERE expires IS NOT NULL;

-- 0 stands for "none": a person's (room 0), a room's (user 0), a person's in a room.
CREATE TABLE data (
    room  INTEGER NOT NULL,
    user  INTEGER NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (room, user, key)
) STRICT, WITHOUT ROWID;

-- Either user or address is given. room: none for the whole server. until: none for ever.
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
CREATE INDEX bans_by_room ON bans (room) WHERE room IS NOT NULL;
CREATE INDEX bans_by_end ON bans (until) WHERE until IS NOT NULL;

-- What the first version kept: the lobby, and the names that guests had said there.
INSERT INTO users (guest, name, name_key, display, created)
    SELECT 1, sender, sender, sender, min(at_ns) FROM old_messages WHERE sender IS NOT NULL GROUP BY sender
    ORDER BY min(id);
INSERT INTO rooms (id, kind, name, public, guests, created)
    SELECT id, 0, name, 1, 1, coalesce((SELECT min(m.at_ns) FROM old_messages m WHERE m.room = r.id), 0)
    FROM old_rooms r;
INSERT INTO heads (room, last_id, last_seq, last_change)
    SELECT id, coalesce((SELECT max(m.id) FROM old_messages m WHERE m.room = r.id), 0), last_seq, last_seq
    FROM old_rooms r;
INSERT INTO messages (room, seq, id, posted, change, at, sender, text, extra)
    SELECT m.room, m.seq, m.id, m.seq, m.seq, m.at_ns,
           (SELECT u.id FROM users u WHERE u.guest = 1 AND u.name_key = m.sender), m.text, m.extra
    FROM old_messages m ORDER BY m.room, m.seq;
INSERT INTO last_ids (one, message)
    SELECT 1, max(coalesce((SELECT s.seq FROM sqlite_sequence s WHERE s.name = 'old_messages'), 0),
                  coalesce((SELECT max(m.id) FROM messages m), 0));

DROP TABLE old_messages;
DROP TABLE old_rooms;
