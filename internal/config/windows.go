package config

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// WindowSpec is a time window that KANAL_WINDOW_<Name> sets.
type WindowSpec struct {
	Name    string
	Default time.Duration
	Help    string
	Later   bool // kept for what comes: nothing reads it yet
}

const day = 24 * time.Hour

// Windows lists every time window. Tests and impatient installations shorten them, down to seconds.
var Windows = []WindowSpec{
	{"ATTACHMENT_ORPHAN", day, "an uploaded file that no message took is removed after this", false},
	{"BLOB_GC", 24 * time.Hour, "a stored file is collected this long after nothing refers to it", false},
	{"BLOB_GC_EVERY", 6 * time.Hour, "how often stored files without a reference are looked for", false},

	{"CONTACT_KEEP", 90 * day, "a deleted contact can be restored this long; then nothing of it is kept", false},
	{"BULK_KEEP", 30 * day, "how long an action on many tickets can be looked at and undone", false},
	{"MOVE_UNDO", 30 * day, "how long the move of a channel to another inbox can be undone", false},
	{"CHAT_GONE", 5 * time.Second, "answers to a visitor who has gone are gathered this long and then leave as one mail", false},
	{"CHAT_UNSEEN", 0, "an answer that a visitor with an open page has not seen for this long leaves by mail; 0: as the chat channel says", false},
	{"DRAIN", 30 * time.Second, "how long work in progress may go on once the server is told to stop", false},
	{"FILE_LINK", 30 * day, "how long a file that was too large for a mail can be fetched by its link", false},
	{"IDEMPOTENCY", day, "how long the answer to a repeated request is kept", false},
	{"IMAP_IDLE_RESTART", 9 * time.Minute, "IDLE is begun anew before servers drop it", false},
	{"IMAP_POLL", time.Minute, "how often a mailbox without IDLE is looked at, and one with it besides", false},
	{"INVITE", 7 * day, "how long a one-time link of an invitation or password reset works", false},
	{"JOB_DEAD", 30 * day, "how long a job that was given up is kept", false},
	{"JOB_LEASE", time.Minute, "a worker that is not heard of for this long has lost its job", false},
	{"JOB_POLL", time.Second, "how often the queue is looked at without a wake-up", false},
	{"META_HUMAN_AGENT", 168 * time.Hour, "Meta's reply window for human agents", true},
	{"META_STANDARD", 24 * time.Hour, "Meta's standard reply window", true},
	{"NODE_LEASE", time.Minute, "a node not heard of for this long may lose its number to another, and takes no writes meanwhile", false},
	{"NOTIFY_BUNDLE", 2 * time.Minute, "news of one ticket that comes within this goes out in one mail", false},
	{"NOTIFY_EVERY", 20 * time.Second, "how often mails and held news that are due are looked for", false},
	{"DECISIONS_KEEP", 14 * day, "what automatic assignments were decided from is kept this long, so that another rule can be tried on it; 0 keeps nothing", false},
	{"NOTIFY_KEEP", 90 * day, "what people were told is forgotten after this", false},
	{"OWNER_MAIL", time.Minute, "what a visitor writes to a contact's owner who is away is gathered this long and then leaves as one mail", false},
	{"OWNER_LETTER", 30 * day, "what a contact's owner answers by mail to a letter older than this goes to nobody; 0: letters live on", false},
	{"PRESENCE", 45 * time.Second, "an agent not heard of for this long no longer views a ticket", false},
	{"RAW_KEEP", 0, "originals of what came in are pruned after this; 0 keeps them", false},
	{"RECEIVER_LEASE", 30 * time.Second, "another node takes over a mailbox whose reader is not heard of for this long", false},
	{"RECONNECT_BASE", 2 * time.Second, "wait before connecting again after the first failure; doubles", false},
	{"RECONNECT_MAX", 5 * time.Minute, "longest wait before connecting again", false},
	{"REOPEN", 0, "a reply to a ticket closed for longer than this begins a new, linked one; 0: every reply reopens", false},
	{"RETRY_BASE", 10 * time.Second, "wait after the first failed try of a send or job; doubles", false},
	{"RETRY_MAX", time.Hour, "longest wait between tries", false},
	{"SEARCH_EVERY", 500 * time.Millisecond, "how long the search index gathers changes before it takes them in", false},
	{"SEND_GIVE_UP", 2 * day, "a message that still cannot be handed over after this has failed", false},
	{"SEND_TIMEOUT", 5 * time.Minute, "one attempt to send may take this long", false},
	{"SESSION", 14 * day, "a sign-in not used for this long ends", false},
	{"PURGE_EVERY", time.Hour, "how often spam and trash that is old enough is looked for", false},
	{"SPAM_PURGE", 90 * day, "spam is deleted for good after this; 0 keeps it", false},
	{"SURVEY", 30 * day, "how long a customer may answer how it went", false},
	{"TRASH_PURGE", 30 * day, "what was deleted is gone for good after this; 0 keeps it", false},
	{"UNDO_SEND", 0, "a reply waits this long before it leaves, and can be undone", false},
}

const windowPrefix = "KANAL_WINDOW_"

// Window is the length of a window: KANAL_WINDOW_<name>, or its default. CheckWindows has refused unreadable ones at start-up. An unknown name is a
// programming error and panics.
func Window(name string) time.Duration {
	for _, w := range Windows {
		if w.Name == name {
			if d, err := ParseWindow(os.Getenv(windowPrefix + name)); err == nil {
				return d
			}
			return w.Default
		}
	}
	panic("config: no window " + name)
}

// ParseWindow reads a Go duration, such as 90s or 1h30m, or a number of days, such as 90d. It may not be negative.
func ParseWindow(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if n, ok := strings.CutSuffix(s, "d"); ok {
		if days, err := strconv.ParseFloat(n, 64); err == nil && days >= 0 && days < 36500 {
			return time.Duration(days * float64(day)), nil
		}
	}
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("%s is negative", s)
	}
	return d, err
}

// CheckWindows refuses an environment with an unreadable or unknown window, naming it. environ is as os.Environ gives it.
func CheckWindows(environ []string) error {
	known := map[string]bool{}
	for _, w := range Windows {
		known[w.Name] = true
	}
	for _, kv := range environ {
		key, value, _ := strings.Cut(kv, "=")
		name, ok := strings.CutPrefix(key, windowPrefix)
		if !ok || value == "" {
			continue
		}
		if !known[name] {
			return desk.Errorf(desk.Invalid, "config.window_unknown", "%s is no time window. `kanal config windows` lists them.", key).In(key)
		}
		if _, err := ParseWindow(value); err != nil {
			return desk.Errorf(desk.Invalid, "config.window", "%s=%s cannot be read: write a duration such as 90s, 15m, 24h or 30d.", key, value).In(key).Because(err)
		}
	}
	return nil
}

// WindowRow is a line of `kanal config windows`.
type WindowRow struct {
	Env     string `json:"env"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Set     bool   `json:"set"`
	Help    string `json:"help"`
	Later   bool   `json:"later"` // nothing reads it yet
}

// WindowRows lists every window with its present value, by name.
func WindowRows() []WindowRow {
	rows := make([]WindowRow, 0, len(Windows))
	for _, w := range Windows {
		v := Window(w.Name)
		rows = append(rows, WindowRow{Env: windowPrefix + w.Name, Value: v.String(), Default: w.Default.String(), Set: os.Getenv(windowPrefix+w.Name) != "", Help: w.Help, Later: w.Later})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Env < rows[j].Env })
	return rows
}
