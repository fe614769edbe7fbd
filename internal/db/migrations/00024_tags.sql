-- +goose Up
-- Words on tickets (TK-10). A row with into_id is a former name of another tag, which it leads to. Owner: internal/ticket
CREATE TABLE tags (
  id         BIGINT PRIMARY KEY,
  name       TEXT   NOT NULL,
  name_key   TEXT   NOT NULL UNIQUE, -- the name in small letters: each stands once
  into_id    BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE TABLE ticket_tags (
  ticket_id BIGINT NOT NULL,
  tag_id    BIGINT NOT NULL,
  PRIMARY KEY (ticket_id, tag_id)
);
CREATE INDEX ticket_tags_tag ON ticket_tags (tag_id, ticket_id);
