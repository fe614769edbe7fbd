-- +goose Up
-- When a message leaves, by which rule, what it does to the ticket then, and what it forwards. Owner: internal/thread
ALTER TABLE messages ADD COLUMN send_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN send_rule TEXT NOT NULL DEFAULT ''; -- undo, later, later_if_quiet; '' once it is on its way
ALTER TABLE messages ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN forward_of BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_scheduled ON messages (send_at, id) WHERE send_rule IN ('later', 'later_if_quiet');
-- Texts that are written once and used often. Owner: internal/snippet
CREATE TABLE snippets (
  id           BIGINT PRIMARY KEY,
  slug         TEXT   NOT NULL UNIQUE,
  kind         TEXT   NOT NULL, -- snippet, template
  name         TEXT   NOT NULL,
  shortcut     TEXT   NOT NULL DEFAULT '',
  subject      TEXT   NOT NULL DEFAULT '',
  html         TEXT   NOT NULL DEFAULT '',
  text         TEXT   NOT NULL DEFAULT '',
  visibility   TEXT   NOT NULL, -- private, team, everyone
  team_id      BIGINT NOT NULL DEFAULT 0,
  owner_id     BIGINT NOT NULL DEFAULT 0,
  locale       TEXT   NOT NULL DEFAULT '',
  actions      TEXT   NOT NULL DEFAULT '{}',
  uses         BIGINT NOT NULL DEFAULT 0,
  last_used_at BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE INDEX snippets_owner ON snippets (owner_id) WHERE visibility = 'private';
