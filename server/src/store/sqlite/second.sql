-- The database of version 2 as it was released, with data. Never edited.
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
CREATE TABLE contacts (
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    other   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status  INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;
CREATE TABLE data (
    room  INTEGER NOT NULL,
    user  INTEGER NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (room, user, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE files (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    key     TEXT NOT NULL UNIQUE,
    owner   INTEGER NOT NULL REFERENCES users (id),
    name    TEXT NOT NULL,
    mime    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE TABLE heads (
    room         INTEGER PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    last_id      INTEGER NOT NULL DEFAULT 0,
    last_seq     INTEGER NOT NULL DEFAULT 0,
    last_change  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE invites (
    code    TEXT PRIMARY KEY,
    room    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    by      INTEGER NOT NULL REFERENCES users (id),
    user    INTEGER REFERENCES users (id),
    expires INTEGER,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE last_ids (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    message INTEGER NOT NULL
) STRICT;
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
CREATE TABLE members (
    room       INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       INTEGER NOT NULL,
    joined     INTEGER NOT NULL,
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE message_files (
    room  INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    place INTEGER NOT NULL,
    file  INTEGER NOT NULL REFERENCES files (id),
    PRIMARY KEY (room, seq, place),
    FOREIGN KEY (room, seq) REFERENCES messages (room, seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
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
CREATE TABLE read_ahead (
    room INTEGER NOT NULL,
    user INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (room, user, seq),
    FOREIGN KEY (room, user) REFERENCES marks (room, user) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
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
CREATE TABLE sessions (
    token   BLOB PRIMARY KEY,
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room    INTEGER REFERENCES rooms (id) ON DELETE SET NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE spans (
    room  INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (room, user, first),
    CHECK (first <= last)
) STRICT, WITHOUT ROWID;
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
CREATE INDEX rooms_by_parent ON rooms (parent) WHERE parent IS NOT NULL;
CREATE INDEX rooms_listed ON rooms (id) WHERE public = 1 AND hidden = 0;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE INDEX sessions_by_room ON sessions (room) WHERE room IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires);
CREATE INDEX contacts_by_other ON contacts (other);
CREATE INDEX members_by_user ON members (user);
CREATE INDEX messages_by_edit ON messages (room, change) WHERE change > posted;
CREATE INDEX messages_by_client_id ON messages (room, sender, seq, client_id) WHERE once = 1;
CREATE INDEX reactions_by_change ON reactions (room, change);
CREATE INDEX invites_by_room ON invites (room);
CREATE INDEX invites_by_expiry ON invites (expires) WHERE expires IS NOT NULL;
CREATE INDEX bans_by_user ON bans (user) WHERE user IS NOT NULL;
CREATE INDEX bans_by_address ON bans (address) WHERE address IS NOT NULL;
CREATE INDEX bans_by_room ON bans (room) WHERE room IS NOT NULL;
CREATE INDEX bans_by_end ON bans (until) WHERE until IS NOT NULL;
INSERT INTO users VALUES(1,0,'ann','ann','Ann','','',NULL,NULL,0,NULL,NULL,1);
INSERT INTO users VALUES(2,0,'bob','bob','Bob','','',NULL,NULL,0,NULL,NULL,2);
INSERT INTO users VALUES(3,1,'zoe','zoe','zoe','','',NULL,NULL,0,NULL,NULL,3);
INSERT INTO rooms VALUES(1,0,'lobby',NULL,'',NULL,NULL,1,1,0,0,NULL,0,0,NULL,NULL,NULL,1,0);
INSERT INTO rooms VALUES(5,2,'group',NULL,'',NULL,NULL,0,0,0,0,NULL,0,0,NULL,NULL,NULL,1,4);
INSERT INTO rooms VALUES(6,1,'',NULL,'',NULL,NULL,0,0,1,0,NULL,0,0,1,2,NULL,1,4);
INSERT INTO rooms VALUES(7,3,'circle',NULL,'',NULL,NULL,0,0,0,0,NULL,0,0,NULL,NULL,NULL,1,5);
INSERT INTO rooms VALUES(8,4,'talk',NULL,'',7,NULL,0,0,0,0,NULL,0,0,NULL,NULL,'stream:7:talk',1,5);
INSERT INTO rooms VALUES(9,5,'channel',NULL,'',NULL,NULL,0,0,0,0,NULL,0,0,NULL,NULL,NULL,1,6);
INSERT INTO heads VALUES(1,0,0,0);
INSERT INTO heads VALUES(5,3,2,3);
INSERT INTO heads VALUES(6,0,0,0);
INSERT INTO heads VALUES(7,0,0,0);
INSERT INTO heads VALUES(8,1,1,1);
INSERT INTO heads VALUES(9,0,0,0);
INSERT INTO members VALUES(1,1,0,4);
INSERT INTO members VALUES(5,1,3,4);
INSERT INTO members VALUES(5,2,0,5);
INSERT INTO members VALUES(6,1,0,4);
INSERT INTO members VALUES(6,2,0,4);
INSERT INTO members VALUES(7,1,3,5);
INSERT INTO members VALUES(7,2,0,5);
INSERT INTO members VALUES(9,1,0,6);
INSERT INTO messages VALUES(5,1,2,1,3,7,1,0,NULL,0,NULL,NULL,0,0,0,'edited',NULL);
INSERT INTO messages VALUES(5,2,3,2,2,8,1,0,NULL,0,NULL,NULL,0,0,0,'hello',NULL);
INSERT INTO messages VALUES(8,1,1,1,1,6,1,0,NULL,0,NULL,NULL,0,0,0,'in a stream',NULL);
INSERT INTO marks VALUES(5,1,1,2,2,0,0);
INSERT INTO marks VALUES(5,2,2,1,1,0,0);
INSERT INTO marks VALUES(8,1,1,1,1,0,0);
INSERT INTO last_ids VALUES(1,3);
UPDATE sqlite_sequence SET seq = 9 WHERE name = 'rooms';
PRAGMA user_version = 2;
PRAGMA application_id = 0x6b616977;
