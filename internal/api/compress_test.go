package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func answer(accept, kind string, status int, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/api/x", nil)
	r.Header.Set("Accept-Encoding", accept)
	rec := httptest.NewRecorder()
	w := newResponse(rec, r)
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	for part := range strings.SplitAfterSeq(body, "\n") {
		_, _ = io.WriteString(w, part)
	}
	w.finish()
	return rec
}

func TestJSONIsCompressedForWhoAsks(t *testing.T) {
	long := `{"text":"` + strings.Repeat("kanal ", 1000) + `"}`
	for _, c := range []struct {
		accept, kind string
		status       int
		body         string
		gzip         bool
	}{
		{"gzip, deflate, br", "application/json", 200, long, true},
		{"br;q=1, gzip;q=0.5", "application/problem+json; charset=utf-8", 422, long, true},
		{"gzip;q=0", "application/json", 200, long, false},
		{"identity", "application/json", 200, long, false},
		{"", "application/json", 200, long, false},
		{"gzip", "application/json", 201, `{"a":1}`, false},
		{"gzip", "text/event-stream", 200, long, false},
		{"gzip", "application/octet-stream", 200, long, false},
		{"gzip", "application/json", 204, "", false},
	} {
		rec := answer(c.accept, c.kind, c.status, c.body)
		if rec.Code != c.status {
			t.Errorf("%+v: status %d", c, rec.Code)
		}
		if got := rec.Header().Get("Content-Encoding") == "gzip"; got != c.gzip {
			t.Errorf("%s %s %d: compressed %v", c.accept, c.kind, c.status, got)
		}
		body := io.Reader(rec.Body)
		if c.gzip {
			if rec.Body.Len() > len(c.body)/4 {
				t.Errorf("%d bytes of %d", rec.Body.Len(), len(c.body))
			}
			z, err := gzip.NewReader(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if b, err := io.ReadAll(body); err != nil || string(b) != c.body {
			t.Errorf("%+v: read %d bytes, %v", c.accept, len(b), err)
		}
	}
}

func TestAFlushSendsWhatIsHeld(t *testing.T) {
	r := httptest.NewRequest("GET", "/api/x", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	rec := httptest.NewRecorder()
	w := newResponse(rec, r)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	if err := http.NewResponseController(w).Flush(); err != nil {
		t.Fatal(err)
	}
	if rec.Code != http.StatusAccepted || !rec.Flushed {
		t.Errorf("status %d, flushed %v", rec.Code, rec.Flushed)
	}
}
