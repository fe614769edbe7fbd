package sse_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/sse"
)

// WS-03: what is written is read again, signs of life between make no event, and the end is no event.
func TestAnEventIsReadAsItWasWritten(t *testing.T) {
	in := bufio.NewReader(strings.NewReader(string(sse.Event(7, "message", []byte(`{"a":"b: c"}`))) + string(sse.Alive) + string(sse.Event(0, "typing", []byte(`{}`))) + string(sse.Position("ready", 9)) + "event: half\n"))
	for _, want := range []struct {
		seq        int64
		name, data string
	}{{7, "message", `{"a":"b: c"}`}, {0, "typing", `{}`}, {9, "ready", `{"last":9}`}} {
		seq, name, data, err := sse.Read(in)
		if err != nil || seq != want.seq || name != want.name || data != want.data {
			t.Errorf("got %d %s %s %v, want %v", seq, name, data, err, want)
		}
	}
	if _, name, _, err := sse.Read(in); err == nil {
		t.Errorf("half an event was read: %s", name)
	}
}

// A browser that connects again by itself repeats the first address: the header is newer.
func TestAfterIsTheLastNumberSeen(t *testing.T) {
	for _, c := range []struct {
		query, header string
		want          int64
		refused       bool
	}{{"", "", -1, false}, {"?after=12", "", 12, false}, {"?after=12", "15", 15, false}, {"?after=x", "", 0, true}, {"?after=-3", "", 0, true}} {
		r := httptest.NewRequest(http.MethodGet, "/"+c.query, nil)
		if c.header != "" {
			r.Header.Set("Last-Event-ID", c.header)
		}
		n, err := sse.After(r)
		if n != c.want || (desk.CodeOf(err) == desk.Invalid) != c.refused {
			t.Errorf("%q %q: %d %v", c.query, c.header, n, err)
		}
	}
}

// A taken connection gets a head that browsers read as a stream's.
func TestATakenConnectionAnswersAsAStream(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sse.Head(w.Header())
		c, ok := sse.Take(w, r)
		if !ok {
			t.Error("the connection was not given up")
			return
		}
		defer c.Close()
		if err := c.Write([][]byte{c.Answer(w.Header()), sse.Event(1, "hello", []byte("1"))}); err != nil {
			t.Error(err)
		}
		c.Watch()
	}))
	defer srv.Close()
	res, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if seq, name, _, err := sse.Read(bufio.NewReader(res.Body)); err != nil || seq != 1 || name != "hello" || res.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Errorf("got %d %s %v %v", seq, name, err, res.Header)
	}
}
