// Package desk holds the nouns of Kanal: typed ids, contacts, threads, messages, tickets, the
// error type, actors and events. It does no IO, knows no database and no channel, and is
// imported by everything. One file a noun. A noun here is scanned from SQL and encoded to JSON as
// it is: ids as strings, times as RFC 3339 in UTC with milliseconds.
package desk
