-- Keys of further names by which accounts are called (names.rs), to find them; names themselves need not differ. Keys of display
-- names that were there before are added by the program.
ALTER TABLE users ADD COLUMN display_key TEXT;
ALTER TABLE users ADD COLUMN nick_key TEXT;
CREATE INDEX users_by_display ON users (display_key) WHERE display_key IS NOT NULL;
CREATE INDEX users_by_nick ON users (nick_key) WHERE nick_key IS NOT NULL;

-- All that a message is checked against, in one place. Kinds: sqlite/values.rs.
CREATE INDEX bans_of_speech ON bans (user, room, until) WHERE kind = 1 AND user IS NOT NULL;
