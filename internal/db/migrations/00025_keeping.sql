-- +goose Up
-- When what was said in a conversation was taken away by a term of keeping; 0: it stands (CO-10). Owner: internal/thread
ALTER TABLE threads ADD COLUMN emptied_at BIGINT NOT NULL DEFAULT 0;

-- What may not be taken away, and why (CO-10). Owner: internal/keeping
CREATE TABLE holds (
  object     TEXT   NOT NULL, -- ticket, contact
  object_id  BIGINT NOT NULL,
  reason     TEXT   NOT NULL,
  user_id    BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (object, object_id)
);
-- One round of taking away what is older than its term. It goes on from (phase, position) after a stop. Owner: internal/keeping
CREATE TABLE keeping_runs (
  id         BIGINT   PRIMARY KEY,
  actor      TEXT     NOT NULL,
  state      TEXT     NOT NULL,            -- running, done, cancelled, failed
  steps      TEXT     NOT NULL,            -- what is taken away, as the terms were when it began
  step       BIGINT   NOT NULL DEFAULT 0,
  position   BIGINT   NOT NULL DEFAULT 0,
  total      BIGINT   NOT NULL DEFAULT 0,  -- conversations that were due at the start
  threads    BIGINT   NOT NULL DEFAULT 0,
  messages   BIGINT   NOT NULL DEFAULT 0,
  files      BIGINT   NOT NULL DEFAULT 0,
  held       BIGINT   NOT NULL DEFAULT 0,
  failed     BIGINT   NOT NULL DEFAULT 0,
  error      TEXT     NOT NULL DEFAULT '',
  created_at BIGINT   NOT NULL,
  ended_at   BIGINT   NOT NULL DEFAULT 0
);
CREATE INDEX keeping_runs_running ON keeping_runs (id) WHERE state = 'running';

-- What was blanked out of a message (CO-12). sealed: the passage under the installation's key; '' when it was removed for good. Owner: internal/thread
CREATE TABLE redactions (
  id         BIGINT PRIMARY KEY,
  message_id BIGINT NOT NULL,
  kind       TEXT   NOT NULL,              -- card, a preset's name, own, hand, file
  mask       TEXT   NOT NULL,              -- what stands there now
  sealed     TEXT   NOT NULL DEFAULT '',
  user_id    BIGINT NOT NULL DEFAULT 0,    -- by whose hand; 0: by rule
  created_at BIGINT NOT NULL
);
CREATE INDEX redactions_message ON redactions (message_id, id);

-- Addresses of people who were erased on request, as a salted hash and nothing else (CO-08). Owner: internal/identity
CREATE TABLE erased_addresses (
  hash      TEXT   PRIMARY KEY,
  erased_at BIGINT NOT NULL
);
-- The person behind a contact was erased before, at this time; 0: never. Owner: internal/contact
ALTER TABLE contacts ADD COLUMN erased_before BIGINT NOT NULL DEFAULT 0;
