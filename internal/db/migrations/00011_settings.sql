-- +goose Up
-- What closing asks for, and options that depend on another property (TK-10). Owner: internal/property
ALTER TABLE properties ADD COLUMN required_on_close SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE properties ADD COLUMN depends_on TEXT NOT NULL DEFAULT '';
ALTER TABLE properties ADD COLUMN options_by TEXT NOT NULL DEFAULT '{}';
