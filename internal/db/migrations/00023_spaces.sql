-- +goose Up
-- Named areas of the help desk: each shows the tickets of some teams (WS-07). Owner: internal/space
CREATE TABLE spaces (
  id         BIGINT   PRIMARY KEY,
  slug       TEXT     NOT NULL UNIQUE,
  name       TEXT     NOT NULL,
  teams      TEXT     NOT NULL DEFAULT '[]',
  extra      SMALLINT NOT NULL DEFAULT 0, -- extra members of the teams count as the main ones
  position   BIGINT   NOT NULL DEFAULT 0,
  version    BIGINT   NOT NULL DEFAULT 1,
  created_at BIGINT   NOT NULL,
  updated_at BIGINT   NOT NULL
);
-- A saved view stands in one space, or in none. Owner: internal/customview
ALTER TABLE custom_views ADD COLUMN space_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX custom_views_space ON custom_views (space_id) WHERE space_id <> 0;
-- Whose tickets a space shows: what a small one holds is found by these, a large one walks the view. Owner: internal/ticket
CREATE INDEX tickets_owned ON tickets (owner_id, open) WHERE owner_id <> 0 AND hidden = '';
CREATE INDEX tickets_team ON tickets (team_id, open) WHERE team_id <> 0 AND hidden = '';
