-- +goose Up
-- Who wants to hear of a ticket (WS-15). by_merge: came with a ticket that was merged into this one, and leaves with it. Owner: internal/ticket
CREATE TABLE ticket_followers (
  ticket_id  BIGINT NOT NULL,
  user_id    BIGINT NOT NULL,
  by_merge   BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (ticket_id, user_id)
);
CREATE INDEX ticket_followers_user ON ticket_followers (user_id, ticket_id);
CREATE INDEX ticket_followers_merge ON ticket_followers (by_merge) WHERE by_merge <> 0;
-- A merge with what it moved and changed, so that it can be undone (TK-13). Owner: internal/ticket
CREATE TABLE ticket_merges (
  id         BIGINT PRIMARY KEY,
  from_id    BIGINT NOT NULL,
  into_id    BIGINT NOT NULL,
  actor      TEXT   NOT NULL,
  moved      TEXT   NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL,
  undone_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX ticket_merges_from ON ticket_merges (from_id, id);
CREATE INDEX ticket_merges_into ON ticket_merges (into_id, id);
-- A split with the conversations it made (WS-18). Owner: internal/ticket
CREATE TABLE ticket_splits (
  id         BIGINT PRIMARY KEY,
  from_id    BIGINT NOT NULL,
  to_id      BIGINT NOT NULL,
  actor      TEXT   NOT NULL,
  moved      TEXT   NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL,
  undone_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX ticket_splits_from ON ticket_splits (from_id, id);
CREATE INDEX ticket_splits_to ON ticket_splits (to_id, id);
-- Which conversation a split was taken from: an answer by a token of the old one to a message that went over belongs to the new. Owner: internal/thread
CREATE TABLE thread_splits (
  thread_id BIGINT PRIMARY KEY,
  from_id   BIGINT NOT NULL
);
CREATE INDEX thread_splits_from ON thread_splits (from_id);
-- Why a conversation without a ticket is out of the list (IH-01): spam, trash. Owner: internal/thread
ALTER TABLE threads ADD COLUMN hidden TEXT NOT NULL DEFAULT '';
ALTER TABLE threads ADD COLUMN hidden_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX threads_ticketless;
CREATE INDEX threads_ticketless ON threads (inbox_id, last_message_at DESC, id DESC) WHERE ticket_id = 0 AND open = 1 AND hidden = '';
CREATE INDEX threads_hidden ON threads (hidden, hidden_at) WHERE hidden <> '';
