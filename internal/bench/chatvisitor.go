package bench

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// browser is one visitor of the measurement: a stream as a widget has it, over a connection of its own from an address of its own.
type browser struct {
	token  string
	n      int
	thread string
	last   atomic.Int64
	hears  func(b *browser, name, data string, at time.Time)

	mu   sync.Mutex
	body io.Closer
}

// site is the server that is measured.
type site struct {
	host    string // of the address
	account string
	http2   bool
}

func (s *site) url(path string) string {
	if s.http2 {
		return "https://" + s.host + path
	}
	return "http://" + s.host + path
}

// from is the address that the n-th visitor comes from: loopback has sixteen million, so that the limits of one address hold as they do outside.
func from(n int) *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 1, byte(n>>8), byte(n))} }

// connect opens the stream and reads until everything missed is told; then it goes on reading in the background.
func (b *browser) connect(ctx context.Context, s *site) error {
	body, err := b.request(ctx, s)
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.body = body
	b.mu.Unlock()
	in := bufio.NewReaderSize(body, 512)
	for {
		name, err := b.event(in)
		if err != nil {
			body.Close()
			return err
		}
		if name == "ready" {
			break
		}
	}
	go func() {
		for {
			if _, err := b.event(in); err != nil {
				return
			}
		}
	}()
	return nil
}

// request asks for the stream and returns its body. Over HTTP/1.1 by hand, so that ten thousand cost the measuring process little.
func (b *browser) request(ctx context.Context, s *site) (io.ReadCloser, error) {
	path := "/widget/stream?account=" + s.account
	if last := b.last.Load(); last > 0 {
		path += "&after=" + strconv.FormatInt(last, 10)
	}
	dial := &net.Dialer{LocalAddr: from(b.n), Timeout: 10 * time.Second}
	if s.http2 {
		tr := &http.Transport{DialContext: dial.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true} //nolint:gosec // our own server of this run
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url(path), nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+b.token)
		res, err := tr.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
			res.Body.Close()
			return nil, fmt.Errorf("the stream answered %s over %s", res.Status, res.Proto)
		}
		return h2body{res.Body, tr}, nil
	}
	conn, err := dial.DialContext(ctx, "tcp", s.host)
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", path, s.host, b.token); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

type h2body struct {
	io.ReadCloser
	tr *http.Transport
}

func (h h2body) Close() error { err := h.ReadCloser.Close(); h.tr.CloseIdleConnections(); return err }

// event reads one event; the head of the answer is read as lines too.
func (b *browser) event(in *bufio.Reader) (name string, err error) {
	var data string
	for {
		raw, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		line := strings.TrimRight(raw, "\r\n")
		switch {
		case strings.HasPrefix(line, "HTTP/1.1 ") && !strings.HasPrefix(line, "HTTP/1.1 200"):
			return "", fmt.Errorf("the stream answered %s", line)
		case strings.HasPrefix(line, "id: "):
			if n, err := strconv.ParseInt(line[4:], 10, 64); err == nil {
				b.last.Store(n)
			}
		case strings.HasPrefix(line, "event: "):
			name = line[7:]
		case strings.HasPrefix(line, "data: "):
			data = line[6:]
		case line == "" && name != "":
			if name == "ready" {
				if n, err := strconv.ParseInt(strings.Trim(data, `{"last:}`), 10, 64); err == nil {
					b.last.Store(max(n, b.last.Load()))
				}
			}
			if b.hears != nil {
				b.hears(b, name, data, time.Now())
			}
			return name, nil
		}
	}
}

func (b *browser) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.body != nil {
		_ = b.body.Close()
		b.body = nil
	}
}

// together connects many, so many at a time, each again and again until it is there. It returns how long each took and how many attempts failed.
func together(ctx context.Context, s *site, all []*browser, atOnce int) (times []time.Duration, failed int64, err error) {
	times = make([]time.Duration, len(all))
	var next, bad atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	began := time.Now()
	for range min(atOnce, len(all)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(all) || ctx.Err() != nil {
					return
				}
				for try := 0; ; try++ {
					e := all[i].connect(ctx, s)
					if e == nil {
						times[i] = time.Since(began)
						break
					}
					bad.Add(1)
					if try > 50 || ctx.Err() != nil {
						once.Do(func() { err = fmt.Errorf("bench: visitor %d cannot connect: %w", i, e) })
						return
					}
					time.Sleep(time.Duration(20*(try+1)) * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	return times, bad.Load(), err
}
