-- +goose Up
-- What customers are asked after a ticket was closed, and what they said (WS-25). One row asks once about one closing. Owner: internal/survey
CREATE TABLE surveys (
  id          BIGINT PRIMARY KEY,
  ticket_id   BIGINT NOT NULL,
  contact_id  BIGINT NOT NULL DEFAULT 0,
  owner_id    BIGINT NOT NULL DEFAULT 0,
  inbox_id    BIGINT NOT NULL DEFAULT 0,
  closed_at   BIGINT NOT NULL,
  message_id  BIGINT NOT NULL DEFAULT 0,
  skipped     TEXT   NOT NULL DEFAULT '', -- why nobody was asked
  score       BIGINT NOT NULL DEFAULT 0,  -- 1 dissatisfied, 2 neutral, 3 satisfied; 0 not answered
  comment     TEXT   NOT NULL DEFAULT '',
  asked_at    BIGINT NOT NULL DEFAULT 0,
  answered_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (ticket_id, closed_at)
);
CREATE INDEX surveys_contact ON surveys (contact_id, asked_at);
CREATE INDEX surveys_answered ON surveys (answered_at DESC, id DESC) WHERE answered_at <> 0;
CREATE INDEX surveys_asked ON surveys (asked_at) WHERE asked_at <> 0;
CREATE TABLE survey_settings (
  id       BIGINT PRIMARY KEY,
  value    TEXT   NOT NULL DEFAULT '{}',
  seen_at  BIGINT NOT NULL DEFAULT 0, -- closings up to here have been looked at
  seen_id  BIGINT NOT NULL DEFAULT 0
);
