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

-- Where a command's receipt stands in the log of 工单办结.
ALTER TABLE commands ADD COLUMN leaf INTEGER;
CREATE UNIQUE INDEX commands_by_leaf ON commands (leaf) WHERE leaf IS NOT NULL;

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
