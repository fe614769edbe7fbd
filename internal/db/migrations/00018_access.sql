-- +goose Up
-- What people may do, and how they sign in.

-- Roles of one's own beside the built-in ones (PM-10, PM-12). Owner: internal/access
CREATE TABLE roles (
  slug        TEXT   PRIMARY KEY,
  name        TEXT   NOT NULL,
  description TEXT   NOT NULL DEFAULT '',
  permissions TEXT   NOT NULL DEFAULT '[]',
  tickets     TEXT   NOT NULL DEFAULT '{}', -- access.Reach: whose tickets are seen and changed
  contacts    TEXT   NOT NULL DEFAULT '{}',
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL
);
-- Whoever was mentioned in a ticket may read it: asked for each row of a list by who sees only part of the tickets.
CREATE INDEX mentions_user_ticket ON mentions (user_id, ticket_id);
-- Who may see and change one property (PM-11): {view: desk.Access, edit: desk.Access}; "" everybody who may at all. Owner: internal/property
ALTER TABLE properties ADD COLUMN access TEXT NOT NULL DEFAULT '';

-- A second factor: a secret that a device counts codes from. Owner: internal/door
CREATE TABLE second_factors (
  user_id      BIGINT PRIMARY KEY,
  secret       TEXT   NOT NULL,           -- sealed
  confirmed_at BIGINT NOT NULL DEFAULT 0, -- 0: not yet in force
  last_step    BIGINT NOT NULL DEFAULT 0, -- a code counts once (RFC 6238, 5.2)
  recovery     TEXT   NOT NULL DEFAULT '[]', -- hashes of codes that are left
  created_at   BIGINT NOT NULL
);
CREATE TABLE passkeys (
  id            BIGINT PRIMARY KEY,
  user_id       BIGINT NOT NULL,
  credential_id TEXT   NOT NULL UNIQUE, -- base64url
  credential    TEXT   NOT NULL,        -- public key, counter, transports
  name          TEXT   NOT NULL,
  created_at    BIGINT NOT NULL,
  last_used_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX passkeys_user ON passkeys (user_id);
-- Sign-in at somebody else's (OpenID Connect). Owner: internal/door
CREATE TABLE sign_in_providers (
  id            BIGINT   PRIMARY KEY,
  slug          TEXT     NOT NULL UNIQUE,
  name          TEXT     NOT NULL,
  issuer        TEXT     NOT NULL,
  client_id     TEXT     NOT NULL,
  client_secret TEXT     NOT NULL DEFAULT '', -- sealed
  settings      TEXT     NOT NULL DEFAULT '{}', -- domains, role of new users, create them, claims to teams
  active        SMALLINT NOT NULL DEFAULT 1,
  created_at    BIGINT   NOT NULL,
  updated_at    BIGINT   NOT NULL
);
CREATE TABLE sign_in_identities (
  provider_id BIGINT NOT NULL,
  subject     TEXT   NOT NULL,
  user_id     BIGINT NOT NULL,
  email       TEXT   NOT NULL DEFAULT '',
  created_at  BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (provider_id, subject)
);
CREATE INDEX sign_in_identities_user ON sign_in_identities (user_id);
-- A sign-in that is under way: state, nonce, challenge, or a password that still lacks its second factor. Short-lived.
CREATE TABLE sign_in_attempts (
  token_hash TEXT   PRIMARY KEY,
  kind       TEXT   NOT NULL, -- oidc, second_factor, passkey, passkey_new
  user_id    BIGINT NOT NULL DEFAULT 0,
  data       TEXT   NOT NULL DEFAULT '{}',
  expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempts_expire ON sign_in_attempts (expires_at);
-- How somebody signed in: password, passkey, oidc:SLUG; and whether a second factor was shown.
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN factor SMALLINT NOT NULL DEFAULT 0;
