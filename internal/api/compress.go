package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

// worthCompressing is the size in bytes below which an answer fits a packet anyway.
const worthCompressing = 1400

var gzips = sync.Pool{New: func() any { z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); return z }}

// response remembers the status, and compresses JSON for who asked for it. Only JSON waits for its first bytes before its head leaves; streams and files
// pass straight through. Unwrap lets http.ResponseController reach the connection.
type response struct {
	http.ResponseWriter
	status int
	gzip   bool // the client reads it
	held   bool // the head waits for the first bytes
	z      *gzip.Writer
}

func newResponse(w http.ResponseWriter, r *http.Request) *response {
	return &response{ResponseWriter: w, gzip: r.Method != http.MethodHead && acceptsGzip(r.Header.Get("Accept-Encoding"))}
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, 12.5.3): named, and not refused with q=0.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.ReplaceAll(q, " ", ""), "q="), "0.") != "" || q == ""
		}
	}
	return false
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 || w.status < 200 {
		w.status = status
	}
	h := w.Header()
	if w.gzip && status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified && isJSON(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" {
		h.Add("Vary", "Accept-Encoding")
		w.held = true
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return kind == "application/json" || kind == "application/problem+json"
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.held {
		w.held = false
		if len(b) >= worthCompressing {
			h := w.Header()
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
			w.z = gzips.Get().(*gzip.Writer)
			w.z.Reset(w.ResponseWriter)
		}
		w.ResponseWriter.WriteHeader(w.status)
	}
	if w.z != nil {
		return w.z.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

// finish sends what is held back.
func (w *response) finish() {
	if w.held {
		w.held = false
		w.ResponseWriter.WriteHeader(w.status)
	}
	if w.z != nil {
		_ = w.z.Close() // the connection is gone: the client knows
		w.z.Reset(io.Discard)
		gzips.Put(w.z)
		w.z = nil
	}
}

// Unwrap lets http.ResponseController reach the connection. What is held leaves first, so that a flush flushes it.
func (w *response) Unwrap() http.ResponseWriter {
	if w.held {
		w.held = false
		w.ResponseWriter.WriteHeader(w.status)
	}
	return w.ResponseWriter
}
