package netx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/netx"
)

func TestPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "1.1.1.1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.5": false,
		"::1": false, "::": false, "fe80::1": false, "fd00::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true,
		"64:ff9b::7f00:1": false, "64:ff9b::a00:1": false, "64:ff9b::808:808": true,
		"2002:7f00:1::": false, "2002:a00:1::1": false, "::7f00:1": false, "2001:db8::1": false, "fe80::1%eth0": false,
	} {
		if got := netx.Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Public(%s) = %v, want %v", addr, got, want)
		}
	}
}

// Whoever may type a private address may still not ask a cloud for the machine's keys (a webhook's answer is shown to visitors).
func TestKeysOfTheMachineAreNeverReached(t *testing.T) {
	names := lookup(map[string]string{"metadata.evil.example": "169.254.169.254", "mapped.evil.example": "::ffff:169.254.169.254", "nat.evil.example": "64:ff9b::a9fe:a9fe"})
	for _, host := range []string{"169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "metadata.evil.example", "mapped.evil.example", "nat.evil.example"} {
		if _, err := (netx.Guard{AllowPrivate: true, Lookup: names}).Dial(context.Background(), "tcp", host+":80"); !errors.Is(err, netx.ErrPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if netx.Metadata(netip.MustParseAddr("169.254.1.1")) || netx.Metadata(netip.MustParseAddr("10.0.0.1")) {
		t.Error("a private address is no cloud's")
	}
}

// A limit counts an IPv4 address however it is written, and of IPv6 the line: it has 2^64 addresses.
func TestNeighbourhood(t *testing.T) {
	for in, want := range map[string]string{
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::1%eth0": "2001:db8:1:2::/64", "2001:db8::1": "2001:db8::/64", "2001:db8::ffff:1": "2001:db8::/64", "2001:DB8:0:0:9::1": "2001:db8::/64",
		"::ffff:192.0.2.7": "192.0.2.7", "::ffff:c000:207": "192.0.2.7", "192.0.2.7": "192.0.2.7", "session": "session",
	} {
		if got := netx.Neighbourhood(in); got != want {
			t.Errorf("%s counts as %s, want %s", in, got, want)
		}
	}
}

func lookup(m map[string]string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(_ context.Context, _, host string) ([]netip.Addr, error) {
		if a, ok := m[host]; ok {
			return []netip.Addr{netip.MustParseAddr(a)}, nil
		}
		return nil, fmt.Errorf("no such host %s", host)
	}
}

func TestDialRefusesPrivateAddressBehindAName(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	u, _ := url.Parse(srv.URL)
	names := lookup(map[string]string{"evil.example": "127.0.0.1", "mapped.example": "::ffff:127.0.0.1"})
	for _, host := range []string{"127.0.0.1", "evil.example", "mapped.example"} {
		_, err := netx.Guard{Lookup: names}.Dial(context.Background(), "tcp", host+":"+u.Port())
		if !errors.Is(err, netx.ErrPrivate) {
			t.Errorf("%s: got %v, want ErrPrivate", host, err)
		}
	}
	c, err := netx.Guard{AllowPrivate: true, Lookup: names}.Dial(context.Background(), "tcp", "evil.example:"+u.Port())
	if err != nil {
		t.Fatalf("a host that an administrator typed may be private: %v", err)
	}
	c.Close()
}

func TestRefusesNetworkInsideTransaction(t *testing.T) {
	ctx := desk.MarkTx(context.Background())
	g := netx.Guard{AllowPrivate: true}
	if _, err := g.Dial(ctx, "tcp", "127.0.0.1:1"); !errors.Is(err, netx.ErrInTx) {
		t.Errorf("dial: %v", err)
	}
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1:1/", nil)
	if _, err := g.HTTP(netx.HTTPOptions{}).Do(req); !errors.Is(err, netx.ErrInTx) {
		t.Errorf("http: %v", err)
	}
}

func TestHTTPCapsBodyWithAnError(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	c := netx.Guard{AllowPrivate: true}.HTTP(netx.HTTPOptions{MaxBody: 1000})
	for size, ok := range map[int]bool{10: true, 1000: true, 1001: false, 100000: false} {
		srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush() // no Content-Length
			io.WriteString(w, strings.Repeat("x", size))
		})
		resp, err := c.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if ok && (err != nil || len(b) != size) {
			t.Errorf("%d bytes: got %d, %v", size, len(b), err)
		}
		if !ok && (!errors.Is(err, netx.ErrTooBig) || len(b) > 1000) {
			t.Errorf("%d bytes: got %d, %v; want ErrTooBig", size, len(b), err)
		}
	}
}

func TestRedirectToPrivateAddressIsRefused(t *testing.T) {
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Error("the private host was reached") }))
	defer inner.Close()
	// The guard sees the first host as public by name only in the check below; a redirect to loopback must fail.
	g := netx.Guard{Lookup: lookup(map[string]string{"inner.example": "127.0.0.1"})}
	c := g.HTTP(netx.HTTPOptions{})
	for _, target := range []string{inner.URL, strings.Replace(inner.URL, "127.0.0.1", "inner.example", 1), strings.Replace(inner.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		if _, err := c.Get(target); !errors.Is(err, netx.ErrPrivate) {
			t.Errorf("%s: %v", target, err)
		}
	}
	req := httptest.NewRequest("GET", "ftp://example.org/", nil)
	if err := c.CheckRedirect(req, []*http.Request{req}); !errors.Is(err, netx.ErrScheme) {
		t.Errorf("redirect to ftp: %v", err)
	}
}

func TestFetchImage(t *testing.T) {
	var buf bytes.Buffer
	png.Encode(&buf, image.NewRGBA(image.Rect(0, 0, 2, 2)))
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie")+r.Header.Get("Referer")+r.Header.Get("Authorization") != "" {
			t.Error("the fetch told who looks")
		}
		w.Header().Set("Content-Type", "text/html") // a lie
		w.Write(buf.Bytes())
	})
	mux.HandleFunc("/svg", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`)
	})
	mux.HandleFunc("/html", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		io.WriteString(w, "<html><script>")
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		w.Write(buf.Bytes())
		w.Write(make([]byte, netx.MaxImage))
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	f := netx.NewImages(netx.Guard{AllowPrivate: true})
	ct, data, err := f.Fetch(context.Background(), strings.Replace(srv.URL, "http://", "http://u:p@", 1)+"/ok")
	if err != nil || ct != "image/png" || !bytes.Equal(data, buf.Bytes()) {
		t.Errorf("ok: %s %d bytes %v", ct, len(data), err)
	}
	for path, want := range map[string]error{"/svg": netx.ErrNotImage, "/html": netx.ErrNotImage, "/big": netx.ErrTooBig} {
		if _, _, err := f.Fetch(context.Background(), srv.URL+path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if _, _, err := f.Fetch(context.Background(), "file:///etc/passwd"); !errors.Is(err, netx.ErrScheme) {
		t.Errorf("file: %v", err)
	}
	if _, _, err := netx.NewImages(netx.Guard{}).Fetch(context.Background(), srv.URL+"/ok"); !errors.Is(err, netx.ErrPrivate) {
		t.Errorf("loopback through the public fetcher: %v", err)
	}
}
