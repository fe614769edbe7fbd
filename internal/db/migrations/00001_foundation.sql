-- +goose Up
-- Conventions: ids and times are BIGINT (milliseconds UTC), booleans SMALLINT 0/1, JSON is TEXT, and 0 or '' says "none".

CREATE TABLE nodes (
  node        BIGINT PRIMARY KEY,
  holder      TEXT   NOT NULL,
  lease_until BIGINT NOT NULL,
  last_ms     BIGINT NOT NULL
);

-- settings of the installation: company, secrets' key check, counters of small things. Owner: internal/setting
CREATE TABLE settings (
  name       TEXT PRIMARY KEY,
  value      TEXT   NOT NULL,
  updated_at BIGINT NOT NULL
);

-- people ---------------------------------------------------------------------------------------- owner: internal/people
CREATE TABLE users (
  id               BIGINT   PRIMARY KEY,
  email            TEXT     NOT NULL UNIQUE,
  name             TEXT     NOT NULL DEFAULT '',
  first_name       TEXT     NOT NULL DEFAULT '',
  last_name        TEXT     NOT NULL DEFAULT '',
  role             TEXT     NOT NULL DEFAULT 'agent',
  active           SMALLINT NOT NULL DEFAULT 1,
  takes_work       SMALLINT NOT NULL DEFAULT 1,
  available        SMALLINT NOT NULL DEFAULT 1,
  locale           TEXT     NOT NULL DEFAULT '',
  timezone         TEXT     NOT NULL DEFAULT '',
  password_hash    TEXT     NOT NULL DEFAULT '',
  preferences      TEXT     NOT NULL DEFAULT '{}',
  last_assigned_at BIGINT   NOT NULL DEFAULT 0,
  last_seen_at     BIGINT   NOT NULL DEFAULT 0,
  created_at       BIGINT   NOT NULL,
  updated_at       BIGINT   NOT NULL
);
CREATE TABLE teams (
  id         BIGINT PRIMARY KEY,
  slug       TEXT   NOT NULL UNIQUE,
  name       TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE TABLE team_members (
  team_id BIGINT   NOT NULL,
  user_id BIGINT   NOT NULL,
  main    SMALLINT NOT NULL DEFAULT 1,
  PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id);

-- access ---------------------------------------------------------------------------------------- owner: internal/access
CREATE TABLE sessions (
  id           BIGINT PRIMARY KEY,
  user_id      BIGINT NOT NULL,
  token_hash   TEXT   NOT NULL UNIQUE,
  user_agent   TEXT   NOT NULL DEFAULT '',
  ip           TEXT   NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE api_tokens (
  id           BIGINT PRIMARY KEY,
  user_id      BIGINT NOT NULL,
  name         TEXT   NOT NULL,
  token_hash   TEXT   NOT NULL UNIQUE,
  hint         TEXT   NOT NULL,
  scopes       TEXT   NOT NULL,
  created_at   BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL DEFAULT 0,
  expires_at   BIGINT NOT NULL DEFAULT 0,
  revoked_at   BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE one_time_links (
  token_hash TEXT   PRIMARY KEY,
  purpose    TEXT   NOT NULL,
  user_id    BIGINT NOT NULL DEFAULT 0,
  email      TEXT   NOT NULL DEFAULT '',
  role       TEXT   NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL DEFAULT 0
);

-- inboxes and channel accounts -------------------------------------------------------------------- owner: internal/inbox
CREATE TABLE inboxes (
  id          BIGINT PRIMARY KEY,
  slug        TEXT   NOT NULL UNIQUE,
  kind        TEXT   NOT NULL,
  name        TEXT   NOT NULL,
  access      TEXT   NOT NULL DEFAULT '{"everyone":true}',
  created_at  BIGINT NOT NULL,
  archived_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX inboxes_one_helpdesk ON inboxes (kind) WHERE kind = 'helpdesk';
CREATE TABLE channel_accounts (
  id           BIGINT   PRIMARY KEY,
  slug         TEXT     NOT NULL UNIQUE,
  channel      TEXT     NOT NULL,
  inbox_id     BIGINT   NOT NULL,
  name         TEXT     NOT NULL,
  active       SMALLINT NOT NULL DEFAULT 1,
  authorized   SMALLINT NOT NULL DEFAULT 1,
  state        TEXT     NOT NULL DEFAULT 'connecting',
  state_reason TEXT     NOT NULL DEFAULT '',
  state_at     BIGINT   NOT NULL DEFAULT 0,
  address      TEXT     NOT NULL DEFAULT '',
  settings     TEXT     NOT NULL DEFAULT '{}',
  secrets      TEXT     NOT NULL DEFAULT '',
  ticket       TEXT     NOT NULL DEFAULT '{}',
  assign       TEXT     NOT NULL DEFAULT '{}',
  is_fallback  SMALLINT NOT NULL DEFAULT 0,
  verified_at  BIGINT   NOT NULL DEFAULT 0,
  verification TEXT     NOT NULL DEFAULT '',
  version      BIGINT   NOT NULL DEFAULT 1,
  created_at   BIGINT   NOT NULL,
  updated_at   BIGINT   NOT NULL,
  archived_at  BIGINT   NOT NULL DEFAULT 0
);
CREATE INDEX channel_accounts_inbox ON channel_accounts (inbox_id);
-- One registry of addresses: personal or team, never both (EM-09). The primary key is the race-free check.
CREATE TABLE address_registry (
  kind       TEXT   NOT NULL,
  value      TEXT   NOT NULL,
  holder     TEXT   NOT NULL,
  hosted     SMALLINT NOT NULL DEFAULT 0,
  account_id BIGINT NOT NULL DEFAULT 0,
  user_id    BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (kind, value)
);
CREATE INDEX address_registry_account ON address_registry (account_id);
CREATE TABLE terms_acceptances (
  id          BIGINT PRIMARY KEY,
  channel     TEXT   NOT NULL,
  account_id  BIGINT NOT NULL DEFAULT 0,
  user_id     BIGINT NOT NULL,
  version     TEXT   NOT NULL,
  text        TEXT   NOT NULL,
  accepted_at BIGINT NOT NULL
);
CREATE TABLE account_cursors (
  account_id BIGINT NOT NULL,
  name       TEXT   NOT NULL,
  value      TEXT   NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, name)
);
CREATE TABLE account_leases (
  account_id  BIGINT PRIMARY KEY,
  holder      TEXT   NOT NULL,
  lease_until BIGINT NOT NULL
);

-- contacts --------------------------------------------------------------------------------------- owner: internal/contact
CREATE TABLE contacts (
  id          BIGINT PRIMARY KEY,
  name        TEXT   NOT NULL DEFAULT '',
  first_name  TEXT   NOT NULL DEFAULT '',
  last_name   TEXT   NOT NULL DEFAULT '',
  email       TEXT   NOT NULL DEFAULT '',
  phone       TEXT   NOT NULL DEFAULT '',
  owner_id    BIGINT NOT NULL DEFAULT 0,
  language    TEXT   NOT NULL DEFAULT '',
  properties  TEXT   NOT NULL DEFAULT '{}',
  merged_into BIGINT NOT NULL DEFAULT 0,
  deleted_at  BIGINT NOT NULL DEFAULT 0,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL
);
CREATE TABLE contact_addresses (
  id         BIGINT   PRIMARY KEY,
  contact_id BIGINT   NOT NULL DEFAULT 0,
  kind       TEXT     NOT NULL,
  value      TEXT     NOT NULL,
  name       TEXT     NOT NULL DEFAULT '',
  verified   SMALLINT NOT NULL DEFAULT 0,
  source     TEXT     NOT NULL DEFAULT '',
  first_seen BIGINT   NOT NULL,
  last_seen  BIGINT   NOT NULL,
  UNIQUE (kind, value)
);
CREATE INDEX contact_addresses_contact ON contact_addresses (contact_id);

-- tickets ------------------------------------------------------------------------ owner: internal/ticket, internal/property
CREATE TABLE pipelines (
  id         BIGINT PRIMARY KEY,
  slug       TEXT   NOT NULL UNIQUE,
  name       TEXT   NOT NULL,
  position   BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  archived_at BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE pipeline_statuses (
  id          BIGINT PRIMARY KEY,
  pipeline_id BIGINT NOT NULL,
  slug        TEXT   NOT NULL,
  name        TEXT   NOT NULL,
  state       TEXT   NOT NULL,
  position    BIGINT NOT NULL DEFAULT 0,
  archived_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (pipeline_id, slug)
);
CREATE TABLE properties (
  id          BIGINT PRIMARY KEY,
  object      TEXT   NOT NULL,
  name        TEXT   NOT NULL,
  label       TEXT   NOT NULL,
  type        TEXT   NOT NULL,
  options     TEXT   NOT NULL DEFAULT '[]',
  position    BIGINT NOT NULL DEFAULT 0,
  archived_at BIGINT NOT NULL DEFAULT 0,
  UNIQUE (object, name)
);
CREATE SEQUENCE ticket_numbers START 1001; -- only: postgres
CREATE TABLE tickets (
  id               BIGINT   PRIMARY KEY,
  number           BIGINT   NOT NULL UNIQUE,
  subject          TEXT     NOT NULL DEFAULT '',
  description      TEXT     NOT NULL DEFAULT '',
  inbox_id         BIGINT   NOT NULL,
  channel          TEXT     NOT NULL DEFAULT '',
  account_id       BIGINT   NOT NULL DEFAULT 0,
  contact_id       BIGINT   NOT NULL DEFAULT 0,
  pipeline_id      BIGINT   NOT NULL,
  status_id        BIGINT   NOT NULL,
  open             SMALLINT NOT NULL DEFAULT 1,
  priority         TEXT     NOT NULL DEFAULT '',
  category         TEXT     NOT NULL DEFAULT '',
  owner_id         BIGINT   NOT NULL DEFAULT 0,
  team_id          BIGINT   NOT NULL DEFAULT 0,
  assignment       TEXT     NOT NULL DEFAULT '',
  properties       TEXT     NOT NULL DEFAULT '{}',
  hidden           TEXT     NOT NULL DEFAULT '',
  merged_into      BIGINT   NOT NULL DEFAULT 0,
  snippet          TEXT     NOT NULL DEFAULT '',
  last_direction   TEXT     NOT NULL DEFAULT '',
  message_count    BIGINT   NOT NULL DEFAULT 0,
  created_at       BIGINT   NOT NULL,
  updated_at       BIGINT   NOT NULL,
  last_activity_at BIGINT   NOT NULL,
  last_inbound_at  BIGINT   NOT NULL DEFAULT 0,
  first_reply_at   BIGINT   NOT NULL DEFAULT 0,
  closed_at        BIGINT   NOT NULL DEFAULT 0,
  version          BIGINT   NOT NULL DEFAULT 1
);
-- One index a built-in view: newest activity first, paged by (last_activity_at, id).
CREATE INDEX tickets_open ON tickets (last_activity_at DESC, id DESC) WHERE open = 1 AND hidden = '';
CREATE INDEX tickets_open_owner ON tickets (owner_id, last_activity_at DESC, id DESC) WHERE open = 1 AND hidden = '';
CREATE INDEX tickets_open_inbox ON tickets (inbox_id, last_activity_at DESC, id DESC) WHERE open = 1 AND hidden = '';
CREATE INDEX tickets_closed ON tickets (last_activity_at DESC, id DESC) WHERE open = 0 AND hidden = '';
CREATE INDEX tickets_status ON tickets (status_id, last_activity_at DESC, id DESC) WHERE hidden = '';
CREATE INDEX tickets_contact ON tickets (contact_id, id DESC);
CREATE INDEX tickets_hidden ON tickets (hidden, last_activity_at DESC, id DESC) WHERE hidden <> '';
CREATE TABLE ticket_links (
  ticket_id  BIGINT NOT NULL,
  other_id   BIGINT NOT NULL,
  kind       TEXT   NOT NULL,
  message_id BIGINT NOT NULL DEFAULT 0,
  reason     TEXT   NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  PRIMARY KEY (ticket_id, other_id, kind)
);
CREATE INDEX ticket_links_other ON ticket_links (other_id);

-- threads and messages ------------------------------------------------------------------------------ owner: internal/thread
CREATE TABLE threads (
  id              BIGINT   PRIMARY KEY,
  inbox_id        BIGINT   NOT NULL,
  account_id      BIGINT   NOT NULL,
  channel         TEXT     NOT NULL,
  contact_id      BIGINT   NOT NULL DEFAULT 0,
  ticket_id       BIGINT   NOT NULL DEFAULT 0,
  owner_id        BIGINT   NOT NULL DEFAULT 0,
  team_id         BIGINT   NOT NULL DEFAULT 0,
  subject         TEXT     NOT NULL DEFAULT '',
  open            SMALLINT NOT NULL DEFAULT 1,
  message_count   BIGINT   NOT NULL DEFAULT 0,
  created_at      BIGINT   NOT NULL,
  last_message_at BIGINT   NOT NULL,
  last_inbound_at BIGINT   NOT NULL DEFAULT 0
);
CREATE INDEX threads_ticket ON threads (ticket_id);
CREATE INDEX threads_contact ON threads (contact_id, last_message_at DESC);
CREATE INDEX threads_inbox ON threads (inbox_id, last_message_at DESC, id DESC);
-- A thread that turned out to be part of another: what still names it finds the other.
CREATE TABLE thread_aliases (
  thread_id BIGINT PRIMARY KEY,
  into_id   BIGINT NOT NULL
);
-- What joins items into a thread: for channels threaded by key or by contact.
CREATE TABLE thread_keys (
  account_id BIGINT NOT NULL,
  thread_key TEXT   NOT NULL,
  thread_id  BIGINT NOT NULL,
  PRIMARY KEY (account_id, thread_key)
);
-- Every message id seen in an inbox, own or referenced. A row without a message is a placeholder: the reply came before its root.
CREATE TABLE message_refs (
  inbox_id   BIGINT NOT NULL,
  ref        TEXT   NOT NULL,
  thread_id  BIGINT NOT NULL DEFAULT 0,
  message_id BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (inbox_id, ref)
);
CREATE INDEX message_refs_thread ON message_refs (thread_id);
-- Who has ever been in a thread's From, To or Cc: the stranger check.
CREATE TABLE thread_parties (
  thread_id BIGINT NOT NULL,
  kind      TEXT   NOT NULL,
  address   TEXT   NOT NULL,
  PRIMARY KEY (thread_id, kind, address)
);
CREATE TABLE messages (
  id            BIGINT PRIMARY KEY,
  thread_id     BIGINT NOT NULL,
  ticket_id     BIGINT NOT NULL DEFAULT 0,
  inbox_id      BIGINT NOT NULL DEFAULT 0,
  kind          TEXT   NOT NULL,
  direction     TEXT   NOT NULL DEFAULT '',
  channel       TEXT   NOT NULL DEFAULT '',
  account_id    BIGINT NOT NULL DEFAULT 0,
  actor         TEXT   NOT NULL DEFAULT '',
  contact_id    BIGINT NOT NULL DEFAULT 0,
  from_name     TEXT   NOT NULL DEFAULT '',
  from_address  TEXT   NOT NULL DEFAULT '',
  recipients    TEXT   NOT NULL DEFAULT '[]',
  subject       TEXT   NOT NULL DEFAULT '',
  text          TEXT   NOT NULL DEFAULT '',
  quoted_text   TEXT   NOT NULL DEFAULT '',
  html          TEXT   NOT NULL DEFAULT '',
  quoted_html   TEXT   NOT NULL DEFAULT '',
  truncation    TEXT   NOT NULL DEFAULT 'NOT_TRUNCATED',
  remote_id     TEXT   NOT NULL DEFAULT '',
  content_hash  TEXT   NOT NULL DEFAULT '',
  in_reply_to   BIGINT NOT NULL DEFAULT 0,
  reply_refs    TEXT   NOT NULL DEFAULT '[]',
  raw_id        BIGINT NOT NULL DEFAULT 0,
  disposition   TEXT   NOT NULL DEFAULT '',
  auto_reply    TEXT   NOT NULL DEFAULT '',
  flags         TEXT   NOT NULL DEFAULT '[]',
  forward       TEXT   NOT NULL DEFAULT '',
  auth          TEXT   NOT NULL DEFAULT '',
  status        TEXT   NOT NULL DEFAULT '',
  status_reason TEXT   NOT NULL DEFAULT '',
  client        TEXT   NOT NULL DEFAULT '',
  mentions      TEXT   NOT NULL DEFAULT '[]',
  extra         TEXT   NOT NULL DEFAULT '',
  sent_at       BIGINT NOT NULL DEFAULT 0,
  created_at    BIGINT NOT NULL
);
CREATE INDEX messages_thread ON messages (thread_id, id);
CREATE INDEX messages_ticket ON messages (ticket_id, id);
CREATE INDEX messages_remote ON messages (remote_id) WHERE remote_id <> '';
CREATE INDEX messages_outstanding ON messages (status, id) WHERE status IN ('queued', 'sending', 'failed', 'uncertain');
CREATE TABLE attachments (
  id         BIGINT   PRIMARY KEY,
  message_id BIGINT   NOT NULL DEFAULT 0,
  uploader   BIGINT   NOT NULL DEFAULT 0,
  name       TEXT     NOT NULL,
  type       TEXT     NOT NULL,
  size       BIGINT   NOT NULL,
  sha256     TEXT     NOT NULL,
  inline     SMALLINT NOT NULL DEFAULT 0,
  content_id TEXT     NOT NULL DEFAULT '',
  remote     TEXT     NOT NULL DEFAULT '',
  position   BIGINT   NOT NULL DEFAULT 0,
  created_at BIGINT   NOT NULL
);
CREATE INDEX attachments_message ON attachments (message_id, position);
CREATE INDEX attachments_blob ON attachments (sha256);
-- One row a recipient of an outgoing message: the delivery ledger's present.
CREATE TABLE deliveries (
  message_id BIGINT NOT NULL,
  recipient  TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  code       TEXT   NOT NULL DEFAULT '',
  detail     TEXT   NOT NULL DEFAULT '',
  attempt    BIGINT NOT NULL DEFAULT 0,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (message_id, recipient)
);
-- One row an attempt: the delivery ledger's past. marked_at is written before the irrevocable byte.
CREATE TABLE attempts (
  id         BIGINT PRIMARY KEY,
  message_id BIGINT NOT NULL,
  number     BIGINT NOT NULL,
  job_id     BIGINT NOT NULL DEFAULT 0,
  fence      BIGINT NOT NULL DEFAULT 0,
  recipients TEXT   NOT NULL DEFAULT '[]',
  started_at BIGINT NOT NULL,
  marked_at  BIGINT NOT NULL DEFAULT 0,
  settled_at BIGINT NOT NULL DEFAULT 0,
  outcome    TEXT   NOT NULL DEFAULT '',
  detail     TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX attempts_message ON attempts (message_id, id);
CREATE INDEX attempts_marked ON attempts (marked_at) WHERE marked_at > 0 AND settled_at = 0;
-- A status callback that came before our own settle.
CREATE TABLE early_statuses (
  id         BIGINT PRIMARY KEY,
  account_id BIGINT NOT NULL,
  remote_id  TEXT   NOT NULL,
  status     TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX early_statuses_remote ON early_statuses (account_id, remote_id);
CREATE TABLE drafts (
  id         BIGINT PRIMARY KEY,
  user_id    BIGINT NOT NULL,
  ticket_id  BIGINT NOT NULL DEFAULT 0,
  thread_id  BIGINT NOT NULL DEFAULT 0,
  kind       TEXT   NOT NULL,
  body       TEXT   NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (user_id, ticket_id, thread_id, kind)
);
CREATE TABLE mentions (
  message_id BIGINT NOT NULL,
  user_id    BIGINT NOT NULL,
  ticket_id  BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  read_at    BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id, message_id)
);

-- intake ---------------------------------------------------------------------------------------------- owner: internal/intake
CREATE TABLE inbound_raw (
  id          BIGINT PRIMARY KEY,
  account_id  BIGINT NOT NULL,
  channel     TEXT   NOT NULL,
  dedupe_key  TEXT   NOT NULL,
  at          BIGINT NOT NULL,
  size        BIGINT NOT NULL DEFAULT 0,
  body        BLOB   NOT NULL DEFAULT '', -- only: sqlite
  body        BYTEA  NOT NULL DEFAULT '', -- only: postgres
  blob        TEXT   NOT NULL DEFAULT '',
  envelope    TEXT   NOT NULL DEFAULT '{}',
  auth        TEXT   NOT NULL DEFAULT '',
  message_id  TEXT   NOT NULL DEFAULT '',
  state       TEXT   NOT NULL,
  disposition TEXT   NOT NULL DEFAULT '',
  thread_id   BIGINT NOT NULL DEFAULT 0,
  ticket_id   BIGINT NOT NULL DEFAULT 0,
  filed_as    BIGINT NOT NULL DEFAULT 0,
  reason      TEXT   NOT NULL DEFAULT '',
  error       TEXT   NOT NULL DEFAULT '',
  duplicates  BIGINT NOT NULL DEFAULT 0,
  updated_at  BIGINT NOT NULL,
  UNIQUE (account_id, dedupe_key)
);
CREATE INDEX inbound_raw_set_aside ON inbound_raw (id) WHERE state = 'set_aside';
CREATE INDEX inbound_raw_blob ON inbound_raw (blob) WHERE blob <> '';
CREATE INDEX inbound_raw_message ON inbound_raw (message_id) WHERE message_id <> '';

-- events and jobs --------------------------------------------------------------- owners: internal/event, internal/job
-- seq is NULL until numbered: PostgreSQL numbers right after commit, in the order of ord.
CREATE SEQUENCE event_order; -- only: postgres
CREATE TABLE events (
  id         BIGINT PRIMARY KEY,
  seq        BIGINT UNIQUE,
  ord        BIGINT NOT NULL DEFAULT nextval('event_order'), -- only: postgres
  at         BIGINT NOT NULL,
  type       TEXT   NOT NULL,
  actor      TEXT   NOT NULL,
  ticket_id  BIGINT NOT NULL DEFAULT 0,
  thread_id  BIGINT NOT NULL DEFAULT 0,
  message_id BIGINT NOT NULL DEFAULT 0,
  contact_id BIGINT NOT NULL DEFAULT 0,
  inbox_id   BIGINT NOT NULL DEFAULT 0,
  user_id    BIGINT NOT NULL DEFAULT 0,
  data       TEXT   NOT NULL DEFAULT '{}'
);
CREATE INDEX events_unnumbered ON events (ord) WHERE seq IS NULL; -- only: postgres
CREATE INDEX events_ticket ON events (ticket_id, id) WHERE ticket_id <> 0;
CREATE INDEX events_message ON events (message_id, id) WHERE message_id <> 0;
CREATE INDEX events_audit ON events (id) WHERE ticket_id = 0 AND contact_id = 0 AND thread_id = 0;
CREATE INDEX events_thread ON events (thread_id, id) WHERE ticket_id = 0 AND thread_id <> 0;
CREATE TABLE jobs (
  id          BIGINT   PRIMARY KEY,
  kind        TEXT     NOT NULL,
  order_key   TEXT     NOT NULL DEFAULT '',
  unique_key  TEXT,
  payload     TEXT     NOT NULL DEFAULT '{}',
  state       TEXT     NOT NULL DEFAULT 'ready',
  run_at      BIGINT   NOT NULL,
  attempts    BIGINT   NOT NULL DEFAULT 0,
  again       SMALLINT NOT NULL DEFAULT 0,
  fence       BIGINT   NOT NULL DEFAULT 0,
  lease_owner TEXT     NOT NULL DEFAULT '',
  lease_until BIGINT   NOT NULL DEFAULT 0,
  last_error  TEXT     NOT NULL DEFAULT '',
  created_at  BIGINT   NOT NULL,
  updated_at  BIGINT   NOT NULL
);
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead';
CREATE INDEX jobs_ready ON jobs (run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_order ON jobs (order_key, id) WHERE order_key <> '' AND state <> 'dead';
CREATE UNIQUE INDEX jobs_order_running ON jobs (order_key) WHERE order_key <> '' AND state = 'running';
CREATE TABLE schedules (
  name     TEXT   PRIMARY KEY,
  next_run BIGINT NOT NULL
);

-- an answer kept for a repeated write ------------------------------------------------------------------- owner: internal/api
CREATE TABLE idempotency_keys (
  actor      TEXT   NOT NULL,
  key        TEXT   NOT NULL,
  request    TEXT   NOT NULL,
  status     BIGINT NOT NULL,
  response   TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (actor, key)
);

-- search ------------------------------------------------------------------------------------------------ owner: internal/search
CREATE TABLE search_state (
  name     TEXT   PRIMARY KEY,
  position BIGINT NOT NULL
);
-- One row a message, ticket or contact, under its own id: so the newest come last.
CREATE TABLE search_docs (
  id         BIGINT PRIMARY KEY,
  kind       TEXT   NOT NULL,
  ticket_id  BIGINT NOT NULL DEFAULT 0,
  inbox_id   BIGINT NOT NULL DEFAULT 0,
  tsv        TSVECTOR NOT NULL, -- only: postgres
  at         BIGINT NOT NULL
);
CREATE INDEX search_docs_ticket ON search_docs (ticket_id, id);
CREATE INDEX search_docs_tsv ON search_docs USING GIN (tsv); -- only: postgres
-- Words come cut and folded by the program, so that both databases find the same; the tokenizer only splits at spaces.
CREATE VIRTUAL TABLE search_text USING fts5(body, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0', detail='full'); -- only: sqlite
-- Every word there is, to complete the last one typed.
CREATE TABLE search_terms (
  term TEXT PRIMARY KEY -- only: sqlite
  term TEXT COLLATE "C" PRIMARY KEY -- only: postgres
);
