-- +goose Up
-- A lane gathers what waits for the same people under the same rule: while its head cannot be given away, nothing behind it can. Owner: internal/waiting
ALTER TABLE assignment_queue ADD COLUMN lane TEXT NOT NULL DEFAULT ''; -- '' is tried by itself, and then has one
CREATE INDEX assignment_queue_lane ON assignment_queue (lane, rank DESC, since, object_id);
CREATE INDEX assignment_queue_account ON assignment_queue (account_id, rank DESC, since, object_id);
CREATE TABLE assignment_lanes (
  lane       TEXT   PRIMARY KEY,
  account_id BIGINT NOT NULL,
  users      TEXT   NOT NULL DEFAULT '', -- ,id,id,: whose change may move it
  due        BIGINT NOT NULL DEFAULT 0   -- how often something happened since its head was last tried in vain; 0: nothing
);
CREATE INDEX assignment_lanes_due ON assignment_lanes (lane) WHERE due > 0;

-- Submissions that went to a contact's owner by mail, and what they answered from there (RT-05, RT-22). Owner: internal/ownermail
CREATE TABLE owner_letters (
  id         BIGINT PRIMARY KEY,
  user_id    BIGINT NOT NULL,
  ticket_id  BIGINT NOT NULL DEFAULT 0,
  thread_id  BIGINT NOT NULL,
  first_id   BIGINT NOT NULL,            -- the messages that it tells, from this one
  last_id    BIGINT NOT NULL DEFAULT 0,  -- to this one; 0 until it is written
  remote_id  TEXT   NOT NULL DEFAULT '', -- its Message-ID
  state      TEXT   NOT NULL,            -- queued, sending, sent, failed, dropped
  reason     TEXT   NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  sent_at    BIGINT NOT NULL DEFAULT 0,
  UNIQUE (user_id, first_id)
);
CREATE INDEX owner_letters_thread ON owner_letters (thread_id, user_id, id);
CREATE INDEX owner_letters_remote ON owner_letters (remote_id) WHERE remote_id <> '';
CREATE TABLE owner_answers (
  remote     TEXT   NOT NULL, -- what the answer's Message-ID, or its content, comes to
  thread_id  BIGINT NOT NULL,
  letter_id  BIGINT NOT NULL,
  message_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (remote, thread_id)
);
