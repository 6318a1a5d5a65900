-- Certificates, enrolment by one-time code, rotation.

-- `how` a device was let in; the sign-in of the container for all before this version. `replaces` is the device
-- whose key endorsed this one, `replaced_by` the other way round. `certificate` is base64 of DER.
ALTER TABLE devices ADD COLUMN how TEXT NOT NULL DEFAULT 'container';
ALTER TABLE devices ADD COLUMN last_seen_at INTEGER;
ALTER TABLE devices ADD COLUMN replaces TEXT;
ALTER TABLE devices ADD COLUMN replaced_by TEXT;
ALTER TABLE devices ADD COLUMN certificate TEXT;
ALTER TABLE devices ADD COLUMN certificate_serial TEXT;
ALTER TABLE devices ADD COLUMN not_after INTEGER;

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

-- Serial number of the gateway certificate whose key signed the receipt; null before this version.
ALTER TABLE commands ADD COLUMN signed_by TEXT;
