-- +goose Up
-- Rest (WS-16) and why and when a ticket was hidden. Owner: internal/ticket
ALTER TABLE tickets ADD COLUMN snoozed SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN snoozed_until BIGINT NOT NULL DEFAULT 0; -- 0 while snoozed: until the customer writes
ALTER TABLE tickets ADD COLUMN snoozed_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN hidden_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN hidden_reason TEXT NOT NULL DEFAULT '';
UPDATE tickets SET hidden_at = updated_at WHERE hidden <> '';
-- Snoozed tickets leave the views of open ones, and so their indexes.
DROP INDEX tickets_open;
DROP INDEX tickets_open_owner;
DROP INDEX tickets_open_inbox;
CREATE INDEX tickets_open ON tickets (last_activity_at DESC, id DESC) WHERE open = 1 AND hidden = '' AND snoozed = 0;
CREATE INDEX tickets_open_owner ON tickets (owner_id, last_activity_at DESC, id DESC) WHERE open = 1 AND hidden = '' AND snoozed = 0;
CREATE INDEX tickets_open_inbox ON tickets (inbox_id, last_activity_at DESC, id DESC) WHERE open = 1 AND hidden = '' AND snoozed = 0;
CREATE INDEX tickets_snoozed ON tickets (snoozed_until, id) WHERE snoozed = 1;
CREATE INDEX tickets_hidden_at ON tickets (hidden, hidden_at) WHERE hidden <> '';
