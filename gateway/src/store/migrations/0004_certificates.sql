-- Every certificate a device ever had: evidence shows the one that was in force when a command was receipted.
CREATE TABLE device_certificates (
    n           INTEGER PRIMARY KEY,
    device_id   TEXT NOT NULL,
    certificate TEXT NOT NULL
) STRICT;
CREATE INDEX device_certificates_by_device ON device_certificates (device_id, n);

INSERT INTO device_certificates (device_id, certificate)
SELECT id, certificate FROM devices WHERE certificate IS NOT NULL ORDER BY enrolled_at, id;
