-- +goose Up
-- The number of a ticket that is gone for good is never given again. Owner: internal/ticket
CREATE TABLE erased_tickets (
  number    BIGINT PRIMARY KEY,
  ticket_id BIGINT NOT NULL,
  reason    TEXT   NOT NULL DEFAULT '',
  erased_at BIGINT NOT NULL
);
-- What an erasure looks for.
CREATE INDEX tickets_merged ON tickets (merged_into) WHERE merged_into <> 0;
CREATE INDEX mentions_message ON mentions (message_id);
CREATE INDEX thread_aliases_into ON thread_aliases (into_id);
CREATE INDEX thread_keys_thread ON thread_keys (thread_id);

-- Allow and deny lists (EM-35) and the filters that hold mail back (EM-36). Owner: internal/spam
CREATE TABLE sender_rules (
  id          BIGINT PRIMARY KEY,
  kind        TEXT   NOT NULL,
  value       TEXT   NOT NULL,
  action      TEXT   NOT NULL,
  note        TEXT   NOT NULL DEFAULT '',
  created_by  BIGINT NOT NULL DEFAULT 0,
  created_at  BIGINT NOT NULL,
  hits        BIGINT NOT NULL DEFAULT 0,
  last_hit_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (kind, value)
);
CREATE TABLE spam_kinds (
  kind       TEXT     PRIMARY KEY,
  held       SMALLINT NOT NULL,
  updated_at BIGINT   NOT NULL
);

-- One action on many tickets (WS-17). Owner: internal/bulk
CREATE TABLE bulk_runs (
  id          BIGINT PRIMARY KEY,
  user_id     BIGINT NOT NULL,
  actor       TEXT   NOT NULL,
  action      TEXT   NOT NULL,
  selection   TEXT   NOT NULL DEFAULT '{}',
  state       TEXT   NOT NULL,
  position    BIGINT NOT NULL DEFAULT 0,
  collect     TEXT   NOT NULL DEFAULT '',
  total       BIGINT NOT NULL DEFAULT 0,
  done        BIGINT NOT NULL DEFAULT 0,
  same        BIGINT NOT NULL DEFAULT 0,
  failed      BIGINT NOT NULL DEFAULT 0,
  undo_of     BIGINT NOT NULL DEFAULT 0,
  undone_by   BIGINT NOT NULL DEFAULT 0,
  error       TEXT   NOT NULL DEFAULT '',
  told_at     BIGINT NOT NULL DEFAULT 0,
  created_at  BIGINT NOT NULL,
  finished_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX bulk_runs_user ON bulk_runs (user_id, id DESC);
CREATE TABLE bulk_items (
  run_id    BIGINT NOT NULL,
  position  BIGINT NOT NULL,
  ticket_id BIGINT NOT NULL,
  state     TEXT   NOT NULL DEFAULT '',
  reason    TEXT   NOT NULL DEFAULT '',
  sentence  TEXT   NOT NULL DEFAULT '',
  changes   TEXT   NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, position)
);
CREATE UNIQUE INDEX bulk_items_ticket ON bulk_items (run_id, ticket_id);
CREATE INDEX bulk_items_failed ON bulk_items (run_id, position) WHERE state = 'failed';
