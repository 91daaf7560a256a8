-- What somebody has chosen to hear, of the rooms with messages in which they are. Whoever comes into the lobby, a group or a room
-- of two is subscribed to it; to streams one subscribes. A row goes when its person leaves the room or its circle.
CREATE TABLE subscriptions (
    user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    PRIMARY KEY (user, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_by_room ON subscriptions (room);

INSERT INTO subscriptions (user, room)
    SELECT m.user, m.room FROM members m JOIN rooms r ON r.id = m.room WHERE r.kind IN (0, 1, 2);

-- Rooms that are removed, and not cleared away yet. They have no head.
CREATE TABLE removed_rooms (
    room INTEGER PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE
) STRICT;

-- What tells the numbering of a room's changes from that of another database, in which rooms have the same ids: when it began,
-- in milliseconds since 1970.
UPDATE rooms SET epoch = CAST(unixepoch('subsec') * 1000 AS INTEGER);
