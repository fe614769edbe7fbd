-- +goose Up
-- The language in which the customer writes, as ISO 639-1; '' unknown (SK-09, TK-10).
ALTER TABLE tickets ADD COLUMN language TEXT NOT NULL DEFAULT '';
