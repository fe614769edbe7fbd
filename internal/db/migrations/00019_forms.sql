-- +goose Up
-- Forms (FM): what they ask, and what was answered. Owner: internal/form
CREATE TABLE forms (
  id          BIGINT   PRIMARY KEY,
  slug        TEXT     NOT NULL UNIQUE,
  name        TEXT     NOT NULL,
  definition  TEXT     NOT NULL DEFAULT '{}', -- form.Definition: fields, texts, options
  version     BIGINT   NOT NULL DEFAULT 1,
  active      SMALLINT NOT NULL DEFAULT 1,
  created_at  BIGINT   NOT NULL,
  updated_at  BIGINT   NOT NULL,
  archived_at BIGINT   NOT NULL DEFAULT 0
);
-- What a form was when something was submitted: a submission is read by the version it was made with.
CREATE TABLE form_versions (
  form_id    BIGINT NOT NULL,
  version    BIGINT NOT NULL,
  definition TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (form_id, version)
);
CREATE TABLE form_submissions (
  id         BIGINT PRIMARY KEY,
  form_id    BIGINT NOT NULL,
  version    BIGINT NOT NULL,
  account_id BIGINT NOT NULL DEFAULT 0, -- 0: the form was no channel
  contact_id BIGINT NOT NULL DEFAULT 0,
  visitor_id BIGINT NOT NULL DEFAULT 0,
  ticket_id  BIGINT NOT NULL DEFAULT 0,
  thread_id  BIGINT NOT NULL DEFAULT 0,
  message_id BIGINT NOT NULL DEFAULT 0,
  dedupe     TEXT   NOT NULL UNIQUE,      -- the browser's own id of the submission
  email      TEXT   NOT NULL DEFAULT '',  -- as submitted, normalised
  fields     TEXT   NOT NULL DEFAULT '{}', -- answers by field name, hidden ones too
  context    TEXT   NOT NULL DEFAULT '{}', -- page, title, referrer, country, language, cookie (FM-17)
  state      TEXT   NOT NULL,              -- filed, held (looks like spam), test
  reason     TEXT   NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL
);
CREATE INDEX form_submissions_form ON form_submissions (form_id, id DESC);
CREATE INDEX form_submissions_contact ON form_submissions (contact_id, id DESC) WHERE contact_id <> 0;
CREATE INDEX form_submissions_ticket ON form_submissions (ticket_id) WHERE ticket_id <> 0;
CREATE INDEX form_submissions_message ON form_submissions (message_id) WHERE message_id <> 0;
-- A submission's files, until and after they hang on a message.
CREATE TABLE form_files (
  id            BIGINT PRIMARY KEY,
  submission_id BIGINT NOT NULL,
  field         TEXT   NOT NULL,
  name          TEXT   NOT NULL,
  type          TEXT   NOT NULL,
  size          BIGINT NOT NULL,
  sha256        TEXT   NOT NULL,
  created_at    BIGINT NOT NULL
);
CREATE INDEX form_files_submission ON form_files (submission_id);
CREATE INDEX form_files_blob ON form_files (sha256);
-- Who sent a form is known, as claimed, by the tracking id of the page (TR-05).
CREATE INDEX visitors_utk ON visitors (utk) WHERE utk <> '';
