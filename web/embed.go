//go:build !noweb

// Package web carries the built workspace inside the binary. It owns the embedded files and nothing
// else: serving them, with headers and the fallback to index.html, is the API server's work.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS is the built workspace, rooted at its index.html, or nil when the binary was built before the
// workspace was (`npm run build` in web/).
func FS() fs.FS {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(root, "index.html"); err != nil {
		return nil
	}
	return root
}
