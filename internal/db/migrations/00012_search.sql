-- +goose Up
-- Whose conversation a document is of, so that an erasure finds what it must take out. Owner: internal/search
ALTER TABLE search_docs ADD COLUMN thread_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE search_docs ADD COLUMN contact_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX search_docs_thread ON search_docs (thread_id) WHERE thread_id <> 0;
CREATE INDEX search_docs_contact ON search_docs (contact_id) WHERE contact_id <> 0;
-- What a word is without its endings, and in which languages (bits): other forms of a word are found by it.
CREATE TABLE search_stems (
  term  TEXT   NOT NULL,
  stem  TEXT   NOT NULL,
  langs BIGINT NOT NULL,
  PRIMARY KEY (term, stem)
);
CREATE INDEX search_stems_stem ON search_stems (stem, term);
-- Words of names, subjects and files with a letter left out: a mistyped word shares one with what was meant.
CREATE TABLE search_gaps (
  gap   TEXT NOT NULL,
  term  TEXT NOT NULL,
  shown TEXT NOT NULL,
  PRIMARY KEY (gap, term)
);
-- Text taken out of attached files, as far as it is found.
CREATE TABLE search_files (
  attachment_id BIGINT PRIMARY KEY,
  message_id    BIGINT NOT NULL,
  body          TEXT   NOT NULL
);
CREATE INDEX search_files_message ON search_files (message_id);
-- Everything is read anew, for the above.
DELETE FROM search_state;
