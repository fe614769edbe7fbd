-- +goose Up
-- The list of banned visitors: few among many.
CREATE INDEX visitors_banned ON visitors (banned_at) WHERE banned_at <> 0;
