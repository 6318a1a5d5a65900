-- After a revocation its owner needs a one-time code for any new device, until an administrator says that the container's
-- sign-in is enough again: then `released_at` is set.
ALTER TABLE devices ADD COLUMN released_at INTEGER;
CREATE INDEX devices_held ON devices (user_id) WHERE revoked_at IS NOT NULL AND replaced_by IS NULL AND released_at IS NULL;
CREATE INDEX sessions_of_device ON sessions (device_id);
