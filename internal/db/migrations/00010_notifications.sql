-- +goose Up
-- Teams that a comment names; its mentions hold their members of that moment (WS-10). Owner: internal/thread
ALTER TABLE messages ADD COLUMN team_mentions TEXT NOT NULL DEFAULT '[]';

-- What people are told (WS-15) -------------------------------------------------------------------- owner: internal/notify
CREATE TABLE notify_state (
  name     TEXT   PRIMARY KEY,
  position BIGINT NOT NULL
);
-- event_seq is the event that it tells of; below zero it is what a clock made, named by its time.
CREATE TABLE notifications (
  id         BIGINT   PRIMARY KEY,
  user_id    BIGINT   NOT NULL,
  kind       TEXT     NOT NULL,
  event_seq  BIGINT   NOT NULL,
  ticket_id  BIGINT   NOT NULL DEFAULT 0,
  thread_id  BIGINT   NOT NULL DEFAULT 0,
  message_id BIGINT   NOT NULL DEFAULT 0,
  actor      TEXT     NOT NULL DEFAULT '',
  topic      TEXT     NOT NULL DEFAULT '',
  data       TEXT     NOT NULL DEFAULT '{}',
  in_app     SMALLINT NOT NULL DEFAULT 1,
  created_at BIGINT   NOT NULL,
  read_at    BIGINT   NOT NULL DEFAULT 0,
  UNIQUE (event_seq, user_id, kind)
);
CREATE INDEX notifications_user ON notifications (user_id, id DESC) WHERE in_app = 1;
CREATE INDEX notifications_unread ON notifications (user_id, ticket_id) WHERE read_at = 0;
CREATE INDEX notifications_ticket ON notifications (ticket_id) WHERE ticket_id <> 0;
CREATE INDEX notifications_topic ON notifications (topic, user_id) WHERE topic <> '' AND read_at = 0;
-- One row for each target that a notification still has to reach, or has reached, outside of the workspace.
CREATE TABLE notification_deliveries (
  notification_id BIGINT NOT NULL,
  target          TEXT   NOT NULL,
  user_id         BIGINT NOT NULL,
  ticket_id       BIGINT NOT NULL DEFAULT 0,
  due_at          BIGINT NOT NULL,
  done_at         BIGINT NOT NULL DEFAULT 0,
  outcome         TEXT   NOT NULL DEFAULT '',
  tries           BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (notification_id, target)
);
CREATE INDEX notification_deliveries_due ON notification_deliveries (due_at) WHERE done_at = 0;
CREATE INDEX notification_deliveries_user ON notification_deliveries (user_id, ticket_id, target);
-- A person's own settings; user 0 holds the installation's defaults.
CREATE TABLE notification_settings (
  user_id    BIGINT PRIMARY KEY,
  value      TEXT   NOT NULL,
  updated_at BIGINT NOT NULL
);
