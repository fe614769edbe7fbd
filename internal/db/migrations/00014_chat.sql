-- +goose Up
-- Chat: who is on the website, what the widget says and asks, what was agreed to.

-- A browser on somebody's website (TR-04). token_hash is of its secret; contact_id is who it is, once that is known. Owner: internal/visitor
CREATE TABLE visitors (
  id            BIGINT   PRIMARY KEY,
  token_hash    TEXT     NOT NULL UNIQUE,
  contact_id    BIGINT   NOT NULL DEFAULT 0,
  proven        SMALLINT NOT NULL DEFAULT 0,  -- contact_id by a signed token, or by an answer from the address (TR-09)
  claimed_name  TEXT     NOT NULL DEFAULT '', -- what was typed
  claimed_email TEXT     NOT NULL DEFAULT '',
  claimed_phone TEXT     NOT NULL DEFAULT '',
  external_id   TEXT     NOT NULL DEFAULT '', -- the customer's own name for the person, from a signed token
  language      TEXT     NOT NULL DEFAULT '',
  timezone      TEXT     NOT NULL DEFAULT '',
  country       TEXT     NOT NULL DEFAULT '',
  user_agent    TEXT     NOT NULL DEFAULT '',
  ip            TEXT     NOT NULL DEFAULT '', -- as far as the installation keeps it (TR-12)
  utk           TEXT     NOT NULL DEFAULT '', -- the page's own cookie, for integrations that know it
  tracked       SMALLINT NOT NULL DEFAULT 0,  -- page views may be kept
  session_only  SMALLINT NOT NULL DEFAULT 0,  -- consent refused: forgotten when the session ends (TR-11)
  first_url     TEXT     NOT NULL DEFAULT '',
  referrer      TEXT     NOT NULL DEFAULT '',
  page_url      TEXT     NOT NULL DEFAULT '',
  page_title    TEXT     NOT NULL DEFAULT '',
  page_at       BIGINT   NOT NULL DEFAULT 0,
  visits        BIGINT   NOT NULL DEFAULT 1,
  views         BIGINT   NOT NULL DEFAULT 0,
  banned_at     BIGINT   NOT NULL DEFAULT 0,
  banned_by     BIGINT   NOT NULL DEFAULT 0,
  ban_reason    TEXT     NOT NULL DEFAULT '',
  ended_at      BIGINT   NOT NULL DEFAULT 0,  -- signed out: the token opens nothing any more (TR-08)
  first_seen    BIGINT   NOT NULL,
  last_seen     BIGINT   NOT NULL,
  expires_at    BIGINT   NOT NULL
);
CREATE INDEX visitors_contact ON visitors (contact_id) WHERE contact_id <> 0;
CREATE INDEX visitors_expire ON visitors (expires_at);
CREATE INDEX visitors_ip ON visitors (ip, banned_at) WHERE banned_at <> 0;
-- Pages seen and things done on them (TR-10).
CREATE TABLE visitor_views (
  id         BIGINT PRIMARY KEY,
  visitor_id BIGINT NOT NULL,
  kind       TEXT   NOT NULL DEFAULT 'page', -- page, event
  name       TEXT   NOT NULL DEFAULT '',
  url        TEXT   NOT NULL DEFAULT '',
  title      TEXT   NOT NULL DEFAULT '',
  referrer   TEXT   NOT NULL DEFAULT '',
  data       TEXT   NOT NULL DEFAULT '{}',
  at         BIGINT NOT NULL
);
CREATE INDEX visitor_views_visitor ON visitor_views (visitor_id, id);
-- Signed tokens that were shown to us: who showed them first, and those that are no good any more.
CREATE TABLE visitor_tokens (
  token_hash TEXT   PRIMARY KEY,
  visitor_id BIGINT NOT NULL DEFAULT 0,
  first_used BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL DEFAULT 0,
  expires_at BIGINT NOT NULL
);
CREATE INDEX visitor_tokens_visitor ON visitor_tokens (visitor_id);
CREATE INDEX visitor_tokens_expire ON visitor_tokens (expires_at);
-- Where a visitor wants to be told of answers while the page is closed (CH-36).
CREATE TABLE visitor_push (
  endpoint_hash TEXT   PRIMARY KEY,
  visitor_id    BIGINT NOT NULL,
  endpoint      TEXT   NOT NULL,
  p256dh        TEXT   NOT NULL,
  auth          TEXT   NOT NULL,
  created_at    BIGINT NOT NULL
);
CREATE INDEX visitor_push_visitor ON visitor_push (visitor_id);

ALTER TABLE threads ADD COLUMN visitor_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN bot SMALLINT NOT NULL DEFAULT 0;             -- a bot holds the conversation, no person
ALTER TABLE threads ADD COLUMN chatflow_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN seen_by_visitor BIGINT NOT NULL DEFAULT 0;   -- the last message that the visitor has seen
ALTER TABLE threads ADD COLUMN seen_by_team BIGINT NOT NULL DEFAULT 0;
ALTER TABLE threads ADD COLUMN mailed_to BIGINT NOT NULL DEFAULT 0;         -- the last message that went out by mail because the visitor had left
ALTER TABLE threads ADD COLUMN origin TEXT NOT NULL DEFAULT '';             -- JSON: the page it began on (TR-10)
ALTER TABLE messages ADD COLUMN offers TEXT NOT NULL DEFAULT '';           -- JSON: what may be answered with a click, what is asked for (CH-32)
CREATE INDEX threads_visitor ON threads (visitor_id, last_message_at DESC, id DESC) WHERE visitor_id <> 0;
CREATE INDEX threads_chat ON threads (account_id, id DESC) WHERE visitor_id <> 0; -- who waits, and how soon others were answered
CREATE INDEX threads_bot ON threads (inbox_id, last_message_at DESC, id DESC) WHERE bot = 1;

-- What the widget says and asks, and where it shows (CF-01). A chat channel has many; position orders them (CF-17). Owner: internal/chatflow
CREATE TABLE chatflows (
  id          BIGINT   PRIMARY KEY,
  slug        TEXT     NOT NULL UNIQUE,
  account_id  BIGINT   NOT NULL,
  name        TEXT     NOT NULL,
  kind        TEXT     NOT NULL,              -- live_chat, bot
  active      SMALLINT NOT NULL DEFAULT 1,
  position    BIGINT   NOT NULL DEFAULT 0,
  draft       TEXT     NOT NULL DEFAULT '{}',
  published   BIGINT   NOT NULL DEFAULT 0,    -- number of the live version, 0: never published
  version     BIGINT   NOT NULL DEFAULT 1,    -- of this row, for who saves later
  created_at  BIGINT   NOT NULL,
  updated_at  BIGINT   NOT NULL,
  archived_at BIGINT   NOT NULL DEFAULT 0
);
CREATE INDEX chatflows_account ON chatflows (account_id);
CREATE TABLE chatflow_versions (
  chatflow_id  BIGINT NOT NULL,
  number       BIGINT NOT NULL,
  definition   TEXT   NOT NULL,
  note         TEXT   NOT NULL DEFAULT '',
  published_by BIGINT NOT NULL DEFAULT 0,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (chatflow_id, number)
);
-- Where a dialogue stands. One a conversation; it keeps the version that it began with (CF-23).
CREATE TABLE chatflow_runs (
  thread_id   BIGINT PRIMARY KEY,
  chatflow_id BIGINT NOT NULL,
  number      BIGINT NOT NULL,
  state       TEXT   NOT NULL DEFAULT '{}',
  status      TEXT   NOT NULL,                -- running, waiting, handed_over, ended, timed_out, failed
  step        BIGINT NOT NULL DEFAULT 0,      -- how often it has moved: what was computed for another step is not applied
  due_at      BIGINT NOT NULL DEFAULT 0,      -- a wait or the session's end
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL
);
CREATE INDEX chatflow_runs_flow ON chatflow_runs (chatflow_id, number);

-- Who agreed to what, in which words (CO-06). Never changed: a withdrawal is a row of its own. Owner: internal/consent
CREATE TABLE consents (
  id           BIGINT PRIMARY KEY,
  contact_id   BIGINT NOT NULL DEFAULT 0,
  visitor_id   BIGINT NOT NULL DEFAULT 0,
  thread_id    BIGINT NOT NULL DEFAULT 0,
  account_id   BIGINT NOT NULL DEFAULT 0,
  channel      TEXT   NOT NULL DEFAULT '',
  purpose      TEXT   NOT NULL,               -- process, track
  kind         TEXT   NOT NULL,               -- explicit, implicit
  action       TEXT   NOT NULL,               -- given, declined, withdrawn, shown
  locale       TEXT   NOT NULL DEFAULT '',
  wording      TEXT   NOT NULL DEFAULT '',
  wording_hash TEXT   NOT NULL DEFAULT '',
  ip           TEXT   NOT NULL DEFAULT '',
  user_agent   TEXT   NOT NULL DEFAULT '',
  at           BIGINT NOT NULL
);
CREATE INDEX consents_visitor ON consents (visitor_id, account_id, purpose, id);
CREATE INDEX consents_contact ON consents (contact_id, id);
