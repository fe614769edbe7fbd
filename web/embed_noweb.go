//go:build noweb

// Package web carries the built workspace inside the binary; this build leaves it out and serves the API alone.
package web

import "io/fs"

// FS is nil: the binary was built with -tags noweb.
func FS() fs.FS { return nil }
