package db

import (
	"errors"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sentence says what keeps the database from working, what became of the data, and what to do, as far as the error tells.
func sentence(err error) string {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return "The disk that holds the database is full. Nothing was changed: make room, then try again."
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return "The database file is damaged, or is no database. Nothing was changed: stop the server, keep a copy of the file, and restore a backup."
		case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
			return "The database file cannot be opened for writing. Nothing was changed: check who owns it and its directory, and whether the disk is mounted read-only."
		}
	}
	if errors.Is(err, syscall.ENOSPC) {
		return "The disk that holds the database is full. Nothing was changed: make room, then try again."
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch {
		case pe.Code == "28P01", pe.Code == "28000":
			return "PostgreSQL refuses the user or the password. Nothing was changed: check --database-url."
		case pe.Code == "3D000":
			return "PostgreSQL has no database of that name. Nothing was changed: create it, or check --database-url."
		case pe.Code == "53100":
			return "The disk that holds the database is full. Nothing was changed: make room, then try again."
		case pe.Code == "53300":
			return "PostgreSQL has no connection left. Nothing was changed: raise its max_connections, or try again in a moment."
		}
	}
	var ce *pgconn.ConnectError
	if errors.As(err, &ce) {
		return "PostgreSQL cannot be reached. Nothing was changed: check that it runs and that --database-url names it, then try again."
	}
	return "The database cannot be written right now. Nothing was changed; try again in a moment."
}
