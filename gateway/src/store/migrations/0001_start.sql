-- The schema of protocol 2. Times are milliseconds since 1970, digests and keys lower-case hex.

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

-- Which scope holds which order: what it was told last, and when the order leaves it by itself. A scope that held an
-- order and no longer shows it is told so, once.
CREATE TABLE held (
    order_id TEXT NOT NULL,
    scope    TEXT NOT NULL,
    rev      INTEGER NOT NULL,
    until    INTEGER,
    PRIMARY KEY (order_id, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_until ON held (until) WHERE until IS NOT NULL;

CREATE TABLE devices (
    id          TEXT PRIMARY KEY,
    public_key  TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    name        TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    revoked_at  INTEGER,
    last_seq    INTEGER NOT NULL,
    head_hash   TEXT NOT NULL,
    -- The sign-in of the container, a one-time code, or the key before it let the device in.
    how         TEXT NOT NULL DEFAULT 'container',
    last_seen_at INTEGER,
    -- The device whose key endorsed this one, and the other way round.
    replaces    TEXT,
    replaced_by TEXT,
    -- Base64 of DER.
    certificate TEXT,
    certificate_serial TEXT,
    not_after   INTEGER,
    -- After a revocation its owner needs a one-time code for any new device, until an administrator says that the
    -- container's sign-in is enough again.
    released_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_held ON devices (user_id) WHERE revoked_at IS NOT NULL AND replaced_by IS NULL AND released_at IS NULL;

-- Only the token's digest is kept: a copy of the database opens no session.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    device_id  TEXT NOT NULL REFERENCES devices (id),
    user_id    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_of_device ON sessions (device_id);

-- What a commit gave: the hashes of its texts, 32 bytes each, in the order in which they were given, and the signature
-- over them. The signature is made after the commit; until then the last three are null.
CREATE TABLE commits (
    n         INTEGER PRIMARY KEY,
    leaves    BLOB NOT NULL,
    payload   TEXT,
    sig       TEXT,
    -- Serial number of the certificate whose key signed.
    signed_by TEXT
) STRICT;
CREATE INDEX commits_unsealed ON commits (n) WHERE sig IS NULL;

-- Every receipted command with the exact text of both sides. `order_id` is null where the command named an
-- order its actor does not hold: such a command is no part of that order's history. `leaf` is the receipt's place in
-- the log, `commit_index` its place among what the commit gave.
CREATE TABLE commands (
    n            INTEGER PRIMARY KEY,
    cmd_id       TEXT NOT NULL UNIQUE,
    device_id    TEXT NOT NULL REFERENCES devices (id),
    device_seq   INTEGER NOT NULL,
    order_id     TEXT,
    actor        TEXT NOT NULL,
    payload      TEXT NOT NULL,
    sig          TEXT NOT NULL,
    -- What was filled in, as the payload names it; null for an act without a form.
    submission   TEXT,
    receipt      TEXT NOT NULL,
    commit_n     INTEGER NOT NULL,
    commit_index INTEGER NOT NULL,
    leaf         INTEGER NOT NULL UNIQUE,
    UNIQUE (device_id, device_seq)
) STRICT;
-- What opens the commitments of a submission: apart, because not everybody who may prove an order may see it.
CREATE TABLE disclosures (
    cmd_id TEXT PRIMARY KEY,
    doc    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX commands_of_order ON commands (order_id, n) WHERE order_id IS NOT NULL;

-- The other bytes of a command id that was used before.
CREATE TABLE reused_ids (
    cmd_id  TEXT NOT NULL,
    hash    TEXT NOT NULL,
    payload TEXT NOT NULL,
    sig     TEXT NOT NULL,
    submission TEXT,
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

-- One open invitation per person; a new one takes its place, a used one is gone. The code is kept as HMAC-SM3
-- under the row's salt.
CREATE TABLE invitations (
    user_id    TEXT PRIMARY KEY,
    salt       TEXT NOT NULL,
    tag        TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The gateway's own certificates and its authority's, every one there ever was: older receipts verify with them.
CREATE TABLE certificates (
    n           INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL,
    serial      TEXT NOT NULL UNIQUE,
    certificate TEXT NOT NULL,
    made_at     INTEGER NOT NULL
) STRICT;

-- Every certificate a device ever had: evidence shows the one that was in force when a command was receipted.
CREATE TABLE device_certificates (
    n           INTEGER PRIMARY KEY,
    device_id   TEXT NOT NULL,
    certificate TEXT NOT NULL
) STRICT;
CREATE INDEX device_certificates_by_device ON device_certificates (device_id, n);

-- The Merkle log of receipts, one log per class of data. Only complete nodes are kept: level 0 holds the leaves'
-- hashes, node `idx` of level l covers 2^l leaves. They never change, so a proof about any older size reads a few.
CREATE TABLE log_nodes (
    class TEXT NOT NULL,
    level INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (class, level, idx)
) STRICT, WITHOUT ROWID;

-- Leaves per log: moves with its nodes, in one transaction.
CREATE TABLE log_sizes (
    class TEXT PRIMARY KEY,
    size  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Heads on their way to the outside chain, and what became of them.
CREATE TABLE anchors (
    class       TEXT NOT NULL,
    epoch       TEXT NOT NULL,
    size        INTEGER NOT NULL,
    payload     TEXT NOT NULL,
    sig         TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    chain       TEXT,
    transaction_id TEXT,
    anchored_at INTEGER,
    PRIMARY KEY (class, epoch, size)
) STRICT, WITHOUT ROWID;
