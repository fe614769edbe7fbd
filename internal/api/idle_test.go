package api_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
)

// CH-34: an answer over HTTP/2 goes on after its handler has returned, to its end and not beyond, behind a listener that shakes hands itself; HTTP/1.1 waits in the handler, and
// whoever speaks plain HTTP to the port is told what it is.
func TestAStreamOverHTTP2OutlastsItsHandler(t *testing.T) {
	s := api.New(api.Deps{})
	more, over, returned := make(chan string), make(chan struct{}), make(chan bool, 2)
	s.Handle("GET /widget/stream", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, ok := w.(interface {
			Outlast(done <-chan struct{}) (http.ResponseWriter, bool)
		}).Outlast(over)
		returned <- ok
		if !ok {
			_, _ = io.WriteString(w, "whole\n")
			return
		}
		_, _ = io.WriteString(out, "begun\n")
		go func() {
			defer close(over)
			for line := range more {
				_, _ = io.WriteString(out, line+"\n")
				_ = http.NewResponseController(out).Flush()
			}
		}()
	}))
	s.Handle("GET /widget/broken", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	certs := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer certs.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conf := &tls.Config{Certificates: certs.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}
	srv := &http.Server{Handler: s.Handler(), TLSConfig: conf, HTTP2: api.Lean(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(api.Shaken(ln, conf, slog.New(slog.DiscardHandler))) }()
	host := ln.Addr().String()

	plain, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(plain, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if said, _ := io.ReadAll(plain); !strings.HasPrefix(string(said), "HTTP/1.0 400") {
		t.Errorf("plain HTTP was answered %q", said)
	}

	get := func(h2 bool) *http.Response {
		t.Helper()
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: h2} //nolint:gosec // the server of this test
		t.Cleanup(tr.CloseIdleConnections)
		if res, err := (&http.Client{Transport: tr}).Get("https://" + host + "/widget/broken"); err == nil {
			res.Body.Close()
			t.Error("an aborted answer came whole")
		}
		res, err := (&http.Client{Transport: tr}).Get("https://" + host + "/widget/stream")
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	res := get(false)
	if said, _ := io.ReadAll(res.Body); string(said) != "whole\n" || <-returned {
		t.Errorf("HTTP/1.1: %q", said)
	}
	// The first line leaves with the second's flush, when the handler has long returned.
	go func() { more <- "later" }()
	res = get(true)
	if res.ProtoMajor != 2 || !<-returned {
		t.Fatalf("answered over %s", res.Proto)
	}
	in := bufio.NewReader(res.Body)
	for _, want := range []string{"begun\n", "later\n"} {
		if line, err := in.ReadString('\n'); line != want {
			t.Fatalf("%q, want %q: %v", line, want, err)
		}
	}
	close(more)
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("the end: %q %v", rest, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != http.ErrServerClosed {
		t.Errorf("serving ended with %v", err)
	}
}
