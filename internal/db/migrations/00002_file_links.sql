-- +goose Up
-- A file that was too large for its channel goes out as a link; 0 says that it went with the message itself. Owner: internal/thread
ALTER TABLE attachments ADD COLUMN link_until BIGINT NOT NULL DEFAULT 0;
