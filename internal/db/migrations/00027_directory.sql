-- +goose Up
-- Stamps of forms that were sent: what was worked for them counts once, on every node (FM-14). Owner: internal/form
CREATE TABLE form_stamps (
  stamp    TEXT   PRIMARY KEY,
  spent_at BIGINT NOT NULL
);
CREATE INDEX form_stamps_spent ON form_stamps (spent_at);

-- What a company's directory calls people and teams (PM-13, SCIM 2.0). Owner: internal/directory
CREATE TABLE directory_users (
  user_id     BIGINT PRIMARY KEY,
  external_id TEXT   NOT NULL DEFAULT '',
  user_name   TEXT   NOT NULL DEFAULT '', -- where it is not their address
  role        TEXT   NOT NULL DEFAULT '', -- that a group gave; one that somebody gave by hand is left alone
  removed_at  BIGINT NOT NULL DEFAULT 0   -- the directory deleted them: here they are deactivated
);
CREATE TABLE directory_groups (
  team_id     BIGINT PRIMARY KEY,
  external_id TEXT   NOT NULL DEFAULT ''
);
