-- +goose Up
-- Conversations without a ticket: the list of an inbox and the count beside its name. Owner: internal/thread
CREATE INDEX threads_ticketless ON threads (inbox_id, last_message_at DESC, id DESC) WHERE ticket_id = 0 AND open = 1;
