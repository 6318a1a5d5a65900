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

-- So far nothing ever left. Orders closed before this version leave their handler like all others, 30 days later.
INSERT INTO held (order_id, scope, rev, until)
SELECT DISTINCT c.order_id, c.scope, o.rev,
    CASE WHEN o.open = 0 AND c.scope LIKE 'handler:%' THEN
        max(coalesce(json_extract(o.doc, '$.reply.server_time'), 0),
            coalesce(json_extract(o.doc, '$.returned.server_time'), 0)) + 2592000000
    END
FROM changes c JOIN orders o ON o.id = c.order_id;
