-- +goose Up
-- Saved views of tickets (WS-06). slug names a shared one in the settings file; a private one has none. Owner: internal/customview
CREATE TABLE custom_views (
  id         BIGINT PRIMARY KEY,
  slug       TEXT   NOT NULL DEFAULT '',
  name       TEXT   NOT NULL,
  visibility TEXT   NOT NULL,
  owner_id   BIGINT NOT NULL DEFAULT 0,
  team_id    BIGINT NOT NULL DEFAULT 0,
  filter     TEXT   NOT NULL DEFAULT '{}',
  columns    TEXT   NOT NULL DEFAULT '[]',
  sort       TEXT   NOT NULL DEFAULT '',
  group_by   TEXT   NOT NULL DEFAULT '',
  layout     TEXT   NOT NULL DEFAULT '',
  position   BIGINT NOT NULL DEFAULT 0,
  version    BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX custom_views_slug ON custom_views (slug) WHERE slug <> '';
CREATE INDEX custom_views_owner ON custom_views (owner_id);
-- Orders of the built-in views beside newest activity. Owner: internal/ticket
-- Open and closed together, for saved views. id > 0 is always so: only who says it is given this index, and open views keep their own.
CREATE INDEX tickets_shown ON tickets (last_activity_at DESC, id DESC) WHERE hidden = '' AND snoozed = 0 AND id > 0;
CREATE INDEX tickets_open_created ON tickets (created_at DESC, id DESC) WHERE open = 1 AND hidden = '' AND snoozed = 0;
CREATE INDEX tickets_open_priority ON tickets ((CASE priority WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END) DESC, last_activity_at DESC, id DESC)
  WHERE open = 1 AND hidden = '' AND snoozed = 0;
CREATE INDEX tickets_closed_at ON tickets (closed_at DESC, id DESC) WHERE open = 0 AND hidden = '';
CREATE INDEX tickets_resting ON tickets (last_activity_at DESC, id DESC) WHERE snoozed = 1 AND hidden = '';
