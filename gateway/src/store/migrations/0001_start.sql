-- The gateway's first schema. Times are milliseconds since 1970, digests and keys lower-case hex.

-- Facts about the database itself: epoch, the gateway's signing key.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The present state of every order. `doc` is the JSON of a WorkOrder with the caller in full, `source` the
-- body of the upper platform's first delivery as it came.
CREATE TABLE orders (
    id        TEXT PRIMARY KEY,
    rev       INTEGER NOT NULL,
    state     TEXT NOT NULL,
    open      INTEGER NOT NULL,
    unit      TEXT NOT NULL,
    handler   TEXT NOT NULL,
    finish_by INTEGER NOT NULL,
    source    TEXT NOT NULL,
    doc       TEXT NOT NULL
) STRICT;
CREATE INDEX orders_open_by_unit ON orders (unit, handler) WHERE open = 1;

-- One row per scope: its last change number. Numbers are taken from here inside the writing transaction,
-- never from a sequence, so that a cursor cannot skip a transaction that commits late.
CREATE TABLE scopes (
    scope TEXT PRIMARY KEY,
    head  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    scope    TEXT NOT NULL,
    n        INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    removed  INTEGER NOT NULL,
    PRIMARY KEY (scope, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_of_order ON changes (scope, order_id, n);

CREATE TABLE devices (
    id          TEXT PRIMARY KEY,
    public_key  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    name        TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    revoked_at  INTEGER,
    last_seq    INTEGER NOT NULL,
    head_hash   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Only the token's digest is kept: a copy of the database opens no session.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    device_id  TEXT NOT NULL REFERENCES devices (id),
    user_id    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Every receipted command with the exact bytes of both sides. `order_id` is null where the command named an
-- order its actor does not hold: such a command is no part of that order's history.
CREATE TABLE commands (
    n               INTEGER PRIMARY KEY,
    cmd_id          TEXT NOT NULL UNIQUE,
    device_id       TEXT NOT NULL REFERENCES devices (id),
    device_seq      INTEGER NOT NULL,
    order_id        TEXT,
    actor           TEXT NOT NULL,
    payload         TEXT NOT NULL,
    sig             TEXT NOT NULL,
    receipt_payload TEXT NOT NULL,
    receipt_sig     TEXT NOT NULL,
    UNIQUE (device_id, device_seq)
) STRICT;
CREATE INDEX commands_of_order ON commands (order_id, n) WHERE order_id IS NOT NULL;

-- The other bytes of a command id that was used before.
CREATE TABLE reused_ids (
    cmd_id  TEXT NOT NULL,
    hash    TEXT NOT NULL,
    payload TEXT NOT NULL,
    sig     TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (cmd_id, hash)
) STRICT, WITHOUT ROWID;

-- What an upper platform has to be told. `id` is the command's id.
CREATE TABLE feedback (
    n            INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    channel      TEXT NOT NULL,
    order_id     TEXT NOT NULL REFERENCES orders (id),
    body         TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    delivered_at INTEGER
) STRICT;
CREATE INDEX feedback_waiting ON feedback (order_id, n) WHERE delivered_at IS NULL;

-- Who signed in, who was turned away, who saw a caller, who revoked a device.
CREATE TABLE audit (
    n       INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    event   TEXT NOT NULL,
    actor   TEXT NOT NULL,
    device  TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;
