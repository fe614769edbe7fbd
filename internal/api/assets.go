package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// assets serves the built web app: hashed files for ever, index.html fresh each time with its nonce, everything else is index.html too, because the
// app has its own addresses. Files that the build left compressed (name.br, name.gz) are sent so; others are compressed once and kept.
type assets struct {
	files fs.FS
	index []byte
	mu    sync.Mutex
	small map[string][]byte // compressed by us
}

func newAssets(files fs.FS) *assets {
	a := &assets{files: files, small: map[string][]byte{}}
	if files != nil {
		a.index, _ = fs.ReadFile(files, "index.html")
	}
	return a
}

// noncePlace is what index.html has where the nonce of the answer belongs.
const noncePlace = "__CSP_NONCE__"

// withoutApp is what a build without the workspace shows.
const withoutApp = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Kanal</title>
<h1>Kanal</h1><p>This build serves the API without the workspace. The API describes itself at <a href="/api/openapi.json">/api/openapi.json</a>.
To have the workspace, build the web app first (<code>make run</code> does).</p></html>`

func (s *Server) serveApp(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if digits, ok := strings.CutSuffix(name, ".js"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		// A page that had HubSpot's code asks for its portal's script; the pattern of the mux cannot say so.
		r = r.Clone(r.Context())
		r.URL.Path = "/kanal.js"
		s.mux.ServeHTTP(w, r)
		return
	}
	a := s.assets
	if a.files == nil || len(a.index) == 0 {
		if name != "" && strings.Contains(path.Base(name), ".") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, withoutApp)
		return
	}
	if name != "" && name != "index.html" {
		if info, err := fs.Stat(a.files, name); err == nil && !info.IsDir() {
			a.serveFile(w, r, name, info.Size())
			return
		}
		if strings.HasPrefix(name, "assets/") || strings.HasPrefix(name, "widget/") {
			http.NotFound(w, r) // an old page asks for a file of an old build
			return
		}
	}
	a.serveIndex(w)
}

func (a *assets) serveIndex(w http.ResponseWriter) {
	n := nonce()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", appPolicy(n))
	h.Set("Cache-Control", "no-store") // the nonce is for one answer
	_, _ = w.Write(bytes.ReplaceAll(a.index, []byte(noncePlace), []byte(n)))
}

func (a *assets) serveFile(w http.ResponseWriter, r *http.Request, name string, size int64) {
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".js", ".mjs":
		kind = "text/javascript; charset=utf-8"
	case ".webmanifest":
		kind = "application/manifest+json"
	case ".woff2":
		kind = "font/woff2"
	}
	if kind != "" {
		h.Set("Content-Type", kind)
	}
	if strings.HasPrefix(name, "assets/") { // the build puts a hash of the content in the name
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=300")
	}
	h.Set("Vary", "Accept-Encoding")
	accepts := r.Header.Get("Accept-Encoding")
	for _, enc := range []struct{ name, ext string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !strings.Contains(accepts, enc.name) {
			continue
		}
		if body, err := fs.ReadFile(a.files, name+enc.ext); err == nil {
			h.Set("Content-Encoding", enc.name)
			send(w, r, body)
			return
		}
	}
	if strings.Contains(accepts, "gzip") && compressible(kind) && size > 1400 {
		if body, err := a.gzipped(name); err == nil {
			h.Set("Content-Encoding", "gzip")
			send(w, r, body)
			return
		}
	}
	body, err := fs.ReadFile(a.files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	send(w, r, body)
}

func send(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func compressible(kind string) bool {
	for _, p := range []string{"text/", "application/json", "application/manifest", "image/svg"} {
		if strings.HasPrefix(kind, p) {
			return true
		}
	}
	return false
}

func (a *assets) gzipped(name string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if b, ok := a.small[name]; ok {
		return b, nil
	}
	plain, err := fs.ReadFile(a.files, name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, err = z.Write(plain)
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	a.small[name] = b.Bytes()
	return b.Bytes(), nil
}
