-- +goose Up
-- Known people: how lists are sorted and searched, where an address comes from, and what a deletion keeps. Owner: internal/contact
ALTER TABLE contacts ADD COLUMN sort_name TEXT NOT NULL DEFAULT ''; -- only: sqlite
ALTER TABLE contacts ADD COLUMN sort_name TEXT COLLATE "C" NOT NULL DEFAULT ''; -- only: postgres
ALTER TABLE contacts ADD COLUMN company_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN indexed SMALLINT NOT NULL DEFAULT 0; -- 0: its keys and suggestions are to be made
ALTER TABLE contacts ADD COLUMN deleted_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN purged SMALLINT NOT NULL DEFAULT 0; -- 1: deleted for good, nothing of the person is left
UPDATE contacts SET sort_name = LOWER(CASE WHEN name <> '' THEN name WHEN email <> '' THEN email ELSE phone END);
ALTER TABLE contact_addresses ADD COLUMN verified_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contact_addresses ADD COLUMN verified_by TEXT NOT NULL DEFAULT ''; -- an actor, or the evidence
CREATE INDEX contacts_sort_name ON contacts (sort_name, id) WHERE merged_into = 0 AND deleted_at = 0;
CREATE INDEX contacts_email ON contacts (email, id) WHERE merged_into = 0 AND deleted_at = 0;
CREATE INDEX contacts_updated ON contacts (updated_at DESC, id DESC) WHERE merged_into = 0 AND deleted_at = 0;
CREATE INDEX contacts_owner ON contacts (owner_id, id DESC) WHERE merged_into = 0 AND deleted_at = 0;
CREATE INDEX contacts_company ON contacts (company_id, id DESC) WHERE company_id <> 0 AND merged_into = 0 AND deleted_at = 0;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into <> 0;
CREATE INDEX contacts_deleted ON contacts (deleted_at, id) WHERE deleted_at <> 0 AND purged = 0;
CREATE INDEX contacts_unindexed ON contacts (id) WHERE indexed = 0;
-- What a person is found by: w:word for the list, the rest for duplicates.
CREATE TABLE contact_keys (
  key        TEXT   NOT NULL, -- only: sqlite
  key        TEXT COLLATE "C" NOT NULL, -- only: postgres
  contact_id BIGINT NOT NULL,
  PRIMARY KEY (key, contact_id)
);
CREATE INDEX contact_keys_contact ON contact_keys (contact_id, key);
-- An organisation, known by the domain of its people's addresses (CR-11).
CREATE TABLE companies (
  id         BIGINT PRIMARY KEY,
  domain     TEXT   NOT NULL UNIQUE,
  name       TEXT   NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL
);
CREATE INDEX messages_contact ON messages (contact_id, id) WHERE contact_id <> 0;
CREATE INDEX events_contact ON events (contact_id, id) WHERE contact_id <> 0;

-- Merges and what they moved. Owner: internal/identity
CREATE TABLE contact_merges (
  id         BIGINT PRIMARY KEY,
  from_id    BIGINT NOT NULL,
  into_id    BIGINT NOT NULL,
  actor      TEXT   NOT NULL,
  reasons    TEXT   NOT NULL DEFAULT '[]',
  changes    TEXT   NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL,
  undone_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX contact_merges_from ON contact_merges (from_id, id);
CREATE INDEX contact_merges_into ON contact_merges (into_id, id);
CREATE TABLE contact_merge_moves (
  merge_id  BIGINT NOT NULL,
  object    TEXT   NOT NULL,
  object_id BIGINT NOT NULL,
  PRIMARY KEY (merge_id, object, object_id)
);
CREATE INDEX contact_merge_moves_object ON contact_merge_moves (object, object_id);
-- Two contacts that may be one person; the lower id first. Dismissed ones are remembered.
CREATE TABLE contact_suggestions (
  a_id       BIGINT NOT NULL,
  b_id       BIGINT NOT NULL,
  score      BIGINT NOT NULL,
  reasons    TEXT   NOT NULL DEFAULT '[]',
  state      TEXT   NOT NULL DEFAULT 'open',
  decided_by TEXT   NOT NULL DEFAULT '',
  found_at   BIGINT NOT NULL,
  PRIMARY KEY (a_id, b_id)
);
CREATE INDEX contact_suggestions_b ON contact_suggestions (b_id, a_id);
CREATE INDEX contact_suggestions_queue ON contact_suggestions (score DESC, a_id DESC, b_id DESC) WHERE state = 'open';
