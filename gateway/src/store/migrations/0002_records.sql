-- Records of packs. In `changes`, `held` and `commands` a record stands as `KIND/ID` where an order stands by its id:
-- a kind begins with a letter, an order's id with a digit.

-- The page of a session; null: that of the role.
ALTER TABLE sessions ADD COLUMN app TEXT;

-- Packs that were taken in. `files` is a JSON object of texts by path.
CREATE TABLE packs (
    law     TEXT PRIMARY KEY,
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    face    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    files   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The present state of every record, as docs/record.md writes it. `next_at`: when an alarm that asks for an act goes off.
CREATE TABLE records (
    key     TEXT PRIMARY KEY,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    rev     INTEGER NOT NULL,
    law     TEXT NOT NULL REFERENCES packs (law),
    open    INTEGER NOT NULL,
    next_at INTEGER,
    doc     TEXT NOT NULL
) STRICT;
CREATE INDEX records_next ON records (next_at) WHERE next_at IS NOT NULL;

-- Who holds an open record, for whom is the least busy.
CREATE TABLE seated (
    key    TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (key, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX seated_by_person ON seated (person);

-- What opens the commitments of a record.
CREATE TABLE opened (
    key        TEXT NOT NULL,
    commitment TEXT NOT NULL,
    label      TEXT NOT NULL,
    salt       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (key, commitment)
) STRICT, WITHOUT ROWID;

-- The last number of each series, by pack and name.
CREATE TABLE series (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The gateway's own entries: each a text of the commit that took it and a leaf of the log, as a receipt is. `chain`: the
-- command or entry that everything up to it follows from.
CREATE TABLE entries (
    n            INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    key          TEXT NOT NULL,
    chain        TEXT NOT NULL,
    payload      TEXT NOT NULL,
    commit_n     INTEGER NOT NULL,
    commit_index INTEGER NOT NULL,
    leaf         INTEGER NOT NULL UNIQUE
) STRICT;
CREATE INDEX entries_of_record ON entries (key, n);
CREATE INDEX entries_of_chain ON entries (chain);

-- What acts and entries cause beyond their records and was not carried out yet, in its order. `doc`: an errand.
CREATE TABLE outward (
    n       INTEGER PRIMARY KEY,
    key     TEXT NOT NULL,
    cause   TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    depth   INTEGER NOT NULL,
    chain   TEXT NOT NULL,
    doc     TEXT NOT NULL,
    -- It cannot be read, and waits for somebody to look at it.
    aside   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Who holds a record as a link, and is told what becomes of it.
CREATE TABLE linked (
    key    TEXT NOT NULL,
    holder TEXT NOT NULL,
    link   TEXT NOT NULL,
    PRIMARY KEY (key, holder, link)
) STRICT, WITHOUT ROWID;
