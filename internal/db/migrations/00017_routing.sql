-- +goose Up
-- Who gets the work: people's hours and absences, skills, limits, the queue of what waits for somebody, decisions with what they were made from.

-- availability: users.available is what counts now; the other columns say why it is so and what it becomes by itself.
ALTER TABLE users ADD COLUMN available_by TEXT NOT NULL DEFAULT '';      -- manual, manager, hours, out_of_office, idle, "" never changed
ALTER TABLE users ADD COLUMN available_at BIGINT NOT NULL DEFAULT 0;     -- since when
ALTER TABLE users ADD COLUMN available_actor BIGINT NOT NULL DEFAULT 0;  -- the manager who switched it (AV-06)
ALTER TABLE users ADD COLUMN hours TEXT NOT NULL DEFAULT '';             -- hours.Schedule in the user's own zone (AV-04); "" any time
ALTER TABLE users ADD COLUMN calendar TEXT NOT NULL DEFAULT '';          -- slug of a holiday calendar (AV-09); "" the team's
ALTER TABLE users ADD COLUMN available_until BIGINT NOT NULL DEFAULT 0;  -- a choice for so long alone; 0 until the next edge of hours or absences
ALTER TABLE users ADD COLUMN available_note TEXT NOT NULL DEFAULT '';    -- why, in a manager's or one's own words
ALTER TABLE users ADD COLUMN input_at BIGINT NOT NULL DEFAULT 0;         -- when they were last seen doing something in a browser
ALTER TABLE users ADD COLUMN next_change_at BIGINT NOT NULL DEFAULT 0;   -- when hours, an absence or idling next change something; 0 never
CREATE INDEX users_next_change ON users (next_change_at) WHERE next_change_at > 0;
ALTER TABLE users ADD COLUMN capacity TEXT NOT NULL DEFAULT '';          -- desk.Capacity of this user; "" the installation's (CP-03, CP-06)
ALTER TABLE teams ADD COLUMN parent_id BIGINT NOT NULL DEFAULT 0;        -- hierarchy (PM-04)
ALTER TABLE teams ADD COLUMN calendar TEXT NOT NULL DEFAULT '';
-- Days on which somebody is out of office (AV-05). Owner: internal/people
CREATE TABLE user_absences (
  id         BIGINT PRIMARY KEY,
  user_id    BIGINT NOT NULL,
  starts_at  BIGINT NOT NULL,
  ends_at    BIGINT NOT NULL,
  note       TEXT   NOT NULL DEFAULT '',
  created_by BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE INDEX user_absences_user ON user_absences (user_id, starts_at);
-- Every change of somebody's availability (AV-13, RP-07). Owner: internal/people
CREATE TABLE availability_log (
  id        BIGINT   PRIMARY KEY,
  user_id   BIGINT   NOT NULL,
  at        BIGINT   NOT NULL,
  available SMALLINT NOT NULL,
  by_what   TEXT     NOT NULL DEFAULT '', -- as users.available_by
  actor_id  BIGINT   NOT NULL DEFAULT 0,
  note      TEXT     NOT NULL DEFAULT ''
);
CREATE INDEX availability_log_user ON availability_log (user_id, at);
CREATE INDEX availability_log_at ON availability_log (at);
INSERT INTO availability_log (id, user_id, at, available) SELECT id, id, created_at, available FROM users WHERE active = 1;
-- Named hours that channels and teams keep, and calendars of holidays (AV-07, AV-09). Owner: internal/worktime
CREATE TABLE business_hours (
  id          BIGINT PRIMARY KEY,
  slug        TEXT   NOT NULL UNIQUE,
  name        TEXT   NOT NULL,
  schedule    TEXT   NOT NULL DEFAULT '{}', -- hours.Schedule
  calendars   TEXT   NOT NULL DEFAULT '[]', -- slugs of holiday calendars on top of the schedule's own holidays
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL
);
CREATE TABLE holiday_calendars (
  id          BIGINT PRIMARY KEY,
  slug        TEXT   NOT NULL UNIQUE,
  name        TEXT   NOT NULL,
  country     TEXT   NOT NULL DEFAULT '',
  days        TEXT   NOT NULL DEFAULT '[]', -- hours.Holiday
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL
);

-- Skills (SK). Owner: internal/skill
CREATE TABLE skill_categories (
  id         BIGINT PRIMARY KEY,
  slug       TEXT   NOT NULL UNIQUE, -- "language" is built in
  name       TEXT   NOT NULL,
  position   BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE TABLE skills (
  id          BIGINT PRIMARY KEY,
  category_id BIGINT NOT NULL,
  slug        TEXT   NOT NULL UNIQUE, -- a language's is its code: da, pt-br
  name        TEXT   NOT NULL DEFAULT '', -- "" for a built-in language: named in the reader's own
  position    BIGINT NOT NULL DEFAULT 0,
  created_at  BIGINT NOT NULL
);
CREATE INDEX skills_category ON skills (category_id, position, id);
CREATE TABLE user_skills (
  user_id    BIGINT   NOT NULL,
  skill_id   BIGINT   NOT NULL,
  level      BIGINT   NOT NULL DEFAULT 3, -- 1 to 5
  main       SMALLINT NOT NULL DEFAULT 0, -- a main language
  expires_at BIGINT   NOT NULL DEFAULT 0,
  created_at BIGINT   NOT NULL,
  PRIMARY KEY (user_id, skill_id)
);
CREATE INDEX user_skills_skill ON user_skills (skill_id);

-- What waits for somebody (RT-07, CP-08): a ticket, or a conversation without one. Owner: internal/waiting
CREATE TABLE assignment_queue (
  object     TEXT   NOT NULL, -- ticket, thread
  object_id  BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  inbox_id   BIGINT NOT NULL,
  rank       BIGINT NOT NULL DEFAULT 0, -- of the priority: 4 urgent … 0 none
  since      BIGINT NOT NULL,           -- when it began to wait
  reason     TEXT   NOT NULL DEFAULT '',
  next_at    BIGINT NOT NULL DEFAULT 0, -- tried again then by itself: a hold that ends, a rule that relaxes; 0 only when something happens
  tried_at   BIGINT NOT NULL DEFAULT 0,
  tries      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (object, object_id)
);
CREATE INDEX assignment_queue_order ON assignment_queue (rank DESC, since, object_id);
CREATE INDEX assignment_queue_next ON assignment_queue (next_at) WHERE next_at > 0;
-- What an automatic decision was made from, for replay. Pruned. Owner: internal/assignment
CREATE TABLE assignment_decisions (
  id         BIGINT PRIMARY KEY,
  at         BIGINT NOT NULL,
  ticket_id  BIGINT NOT NULL DEFAULT 0,
  thread_id  BIGINT NOT NULL DEFAULT 0,
  account_id BIGINT NOT NULL,
  inbox_id   BIGINT NOT NULL,
  cause      TEXT   NOT NULL DEFAULT '', -- arrived, reopened, queue, relaxed, hold_ended, left, reassigned
  input      TEXT   NOT NULL,            -- routing.Input
  owner_id   BIGINT NOT NULL DEFAULT 0,
  team_id    BIGINT NOT NULL DEFAULT 0,
  reason     TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX assignment_decisions_account ON assignment_decisions (account_id, at);
CREATE INDEX assignment_decisions_at ON assignment_decisions (at);
CREATE INDEX assignment_decisions_ticket ON assignment_decisions (ticket_id, id) WHERE ticket_id <> 0;
CREATE INDEX assignment_decisions_thread ON assignment_decisions (thread_id, id) WHERE thread_id <> 0;
-- Where the follower that runs the queue again stands in the log. Owner: internal/waiting
CREATE TABLE waiting_state (
  name     TEXT   PRIMARY KEY,
  position BIGINT NOT NULL
);
-- What everybody has: read for each decision, out of the index alone (RT-16, CP-03).
CREATE INDEX tickets_load ON tickets (owner_id, inbox_id, channel, priority, status_id) WHERE open = 1 AND hidden = '' AND snoozed = 0 AND owner_id <> 0;
CREATE INDEX threads_load ON threads (owner_id, channel) WHERE ticket_id = 0 AND open = 1 AND hidden = '' AND owner_id <> 0;
