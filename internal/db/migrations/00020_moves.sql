-- +goose Up
-- Channels that move from one inbox to another, with or without what they brought (MG). Owner: internal/relocation
CREATE TABLE channel_moves (
  id          BIGINT PRIMARY KEY,
  account_id  BIGINT NOT NULL,
  from_inbox  BIGINT NOT NULL,
  to_inbox    BIGINT NOT NULL,
  plan        TEXT   NOT NULL DEFAULT '{}', -- which history, how conversations without a ticket get one, what becomes of policies
  before      TEXT   NOT NULL DEFAULT '{}', -- what the account was, for undo
  report      TEXT   NOT NULL DEFAULT '{}', -- counts and what could not move along (MG-08)
  state       TEXT   NOT NULL,              -- running, done, cancelled, failed, undoing, undone
  position    BIGINT NOT NULL DEFAULT 0,    -- the last conversation looked at
  upto        BIGINT NOT NULL DEFAULT 0,    -- conversations that are older than the switch
  total       BIGINT NOT NULL DEFAULT 0,
  done        BIGINT NOT NULL DEFAULT 0,
  made        BIGINT NOT NULL DEFAULT 0,    -- tickets made
  failed      BIGINT NOT NULL DEFAULT 0,
  error       TEXT   NOT NULL DEFAULT '',
  actor       TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  finished_at BIGINT NOT NULL DEFAULT 0,
  undo_until  BIGINT NOT NULL DEFAULT 0,
  undone_at   BIGINT NOT NULL DEFAULT 0,
  told_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX channel_moves_account ON channel_moves (account_id, id DESC);
CREATE TABLE channel_move_items (
  move_id   BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  ticket_id BIGINT NOT NULL DEFAULT 0,
  made      SMALLINT NOT NULL DEFAULT 0, -- the ticket was made by the move
  state     TEXT   NOT NULL DEFAULT 'moved', -- moved, back, failed
  reason    TEXT   NOT NULL DEFAULT '',
  before    TEXT   NOT NULL DEFAULT '{}', -- what the conversation and its ticket were, for undo
  PRIMARY KEY (move_id, thread_id)
);
CREATE INDEX channel_move_items_ticket ON channel_move_items (ticket_id) WHERE ticket_id <> 0;
CREATE INDEX channel_move_items_thread ON channel_move_items (thread_id);
-- Inboxes in which an account was before: what was said there is answered there, or wherever it has gone since.
ALTER TABLE channel_accounts ADD COLUMN former TEXT NOT NULL DEFAULT '[]';
CREATE INDEX threads_account ON threads (account_id, inbox_id, id);
-- Who takes part in a ticket without being its contact: where a contact may have no more tickets (TK-05, CR-07). Owner: internal/ticket
CREATE TABLE ticket_participants (
  ticket_id  BIGINT NOT NULL,
  contact_id BIGINT NOT NULL,
  reason     TEXT   NOT NULL DEFAULT '', -- limit
  created_at BIGINT NOT NULL,
  PRIMARY KEY (ticket_id, contact_id)
);
CREATE INDEX ticket_participants_contact ON ticket_participants (contact_id, ticket_id);
