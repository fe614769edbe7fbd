-- +goose Up
-- How far the log was followed for what becomes of chats: answers nobody saw, endings. Owner: internal/afterchat
CREATE TABLE afterchat_state (
  name     TEXT   PRIMARY KEY,
  position BIGINT NOT NULL
);
