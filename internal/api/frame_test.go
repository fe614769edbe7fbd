package api_test

import (
	"context"
	"encoding/base64"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/admin"
	"github.com/kanalhq/kanal/internal/api/agent"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/netx"
)

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// letter is a mail with everything that a frame must hold back: script, a remote image, an inline one, history, a file that is a web page.
func letter(remote string) string {
	return `From: Mira Bell <mira@customer.example>
To: support@acme.example
Cc: boss@customer.example
Subject: A bill
Message-ID: <bill-1@customer.example>
Date: Sat, 21 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=OUT

--OUT
Content-Type: multipart/related; boundary=REL

--REL
Content-Type: text/html; charset=utf-8

<html><body><p onclick="steal()">Dear team, see the bill.</p><script>steal()</script>
<img src="cid:logo@x"><img src="` + remote + `"><a href="javascript:steal()">no</a><a href="https://customer.example/">yes</a>
<form action="https://evil.example/"><input name=p></form></body></html>
--REL
Content-Type: image/png
Content-ID: <logo@x>
Content-Disposition: inline; filename=logo.png
Content-Transfer-Encoding: base64

` + pixel + `
--REL--
--OUT
Content-Type: text/html; name="page.html"
Content-Disposition: attachment; filename="page.html"

<script>steal()</script>
--OUT--
`
}

// EM-24 and the frame: sanitised, in its own policy, nothing remote until asked for, then only through the proxy; images by signed addresses.
func TestAMessageIsShownInASafeFrame(t *testing.T) {
	var hits atomic.Int32
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if r.URL.Path == "/script.svg" {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>steal()</script></svg>`))
			return
		}
		b, _ := base64.StdEncoding.DecodeString(pixel)
		_, _ = w.Write(b)
	}))
	defer remote.Close()
	reach := func(a *api.Deps, g *agent.Deps, _ *admin.Deps) {
		g.Images = netx.NewImages(netx.Guard{AllowPrivate: true})
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hits.Store(0)
		s := newSite(t, d, reach)
		ann := s.as(s.user("Ann Holm", desk.RoleAgent))
		s.mail(s.mailAccount("support@acme.example"), letter(remote.URL+"/pixel.png"))
		ticket := ann.do("GET", "/api/tickets", nil).want(200, "A bill").str("items.0.id")
		id, files := "", map[string]string{}
		for _, it := range ann.do("GET", "/api/tickets/"+ticket+"/timeline", nil).json()["items"].([]any) {
			m, ok := it.(map[string]any)["message"].(map[string]any)
			if !ok {
				continue
			}
			id = m["id"].(string)
			if m["blocked_images"].(float64) != 1 || m["has_source"] != true {
				t.Errorf("blocked %v, source %v", m["blocked_images"], m["has_source"])
			}
			for _, f := range m["attachments"].([]any) {
				files[f.(map[string]any)["name"].(string)] = f.(map[string]any)["id"].(string)
			}
		}
		r := ann.do("GET", "/api/messages/"+id+"/html", nil).want(200, "see the bill", "!script", "!onclick", "!javascript:", "!<form", "!steal", `data-blocked-images="1"`, "https://customer.example/")
		if strings.Contains(r.text, ` src="`+remote.URL) || r.header.Get("Kanal-Blocked-Images") != "1" {
			t.Errorf("a remote image is fetched unasked: %s", r.text)
		}
		csp := r.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "sandbox ") || strings.Contains(csp, "allow-scripts") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "img-src 'self' data:") {
			t.Errorf("policy %s", csp)
		}
		// The inline image works without a cookie, by its signed address, and only by it.
		src := html.UnescapeString(regexp.MustCompile(`src="(/api/attachments/[^"]+)"`).FindStringSubmatch(r.text)[1])
		img := s.nobody().do("GET", src, nil).want(200)
		if img.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(img.header.Get("Content-Disposition"), "inline") {
			t.Errorf("headers: %v", img.header)
		}
		s.nobody().do("GET", strings.Split(src, "&sig=")[0], nil).want(401)
		s.nobody().do("GET", strings.Replace(src, files["logo.png"], files["page.html"], 1), nil).want(403, "url.signature")
		if hits.Load() != 0 {
			t.Errorf("%d requests went out unasked", hits.Load())
		}
		shown := ann.do("GET", "/api/messages/"+id+"/html?images=1", nil).want(200, "/api/proxy/image?u=", `data-blocked-images="0"`)
		if strings.Contains(shown.text, `src="`+remote.URL) {
			t.Error("the browser is sent to the remote server")
		}
		proxied := html.UnescapeString(regexp.MustCompile(`src="(/api/proxy/image[^"]+)"`).FindStringSubmatch(shown.text)[1])
		if got := s.nobody().do("GET", proxied, nil).want(200); got.header.Get("Content-Type") != "image/png" || hits.Load() != 1 {
			t.Errorf("%v, %d requests", got.header, hits.Load())
		}
		s.nobody().do("GET", strings.Replace(proxied, "pixel.png", "other.png", 1), nil).want(403, "url.signature")
		s.nobody().do("GET", "/api/proxy/image?u="+url.QueryEscape(remote.URL+"/pixel.png"), nil).want(403)
		svg := remote.URL + "/script.svg"
		s.nobody().do("GET", "/api/proxy/image?u="+url.QueryEscape(svg)+"&sig="+s.api.Sign("image", svg), nil).want(404, "image.unavailable", "!steal")
		s.Clock.Advance(72 * time.Hour)
		s.nobody().do("GET", proxied, nil).want(403, "url.expired")

		// A web page among the files is downloaded, never opened.
		page := ann.do("GET", "/api/attachments/"+files["page.html"]+"?inline=1", nil).want(200)
		if page.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(page.header.Get("Content-Disposition"), `attachment`) || !strings.HasPrefix(page.header.Get("Content-Security-Policy"), "sandbox") ||
			page.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers: %v", page.header)
		}
		part := ann.with("Range", "bytes=0-7").do("GET", "/api/attachments/"+files["page.html"], nil).want(206)
		if part.text != "<script>" {
			t.Errorf("the range is %q", part.text)
		}
		source := ann.do("GET", "/api/messages/"+id+"/source?download=1", nil).want(200, "Message-ID: <bill-1@customer.example>", "<script>steal()</script>")
		if !strings.HasPrefix(source.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("headers: %v", source.header)
		}
	})
}

// The proxy never reaches a private address, whatever a name resolves to.
func TestTheProxyStaysOutside(t *testing.T) {
	s := newSite(t, dbtest.SQLite(t), func(_ *api.Deps, g *agent.Deps, _ *admin.Deps) {
		g.Images = netx.NewImages(netx.Guard{Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}})
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	for _, u := range []string{"http://127.0.0.1:" + port + "/x.png", "http://inside.example:" + port + "/x.png", "http://[::1]:" + port + "/x.png", "file:///etc/passwd", "gopher://x/"} {
		s.nobody().do("GET", "/api/proxy/image?u="+url.QueryEscape(u)+"&sig="+s.api.Sign("image", u), nil).want(404, "image.unavailable")
	}
}

// An uploaded file is its uploader's alone until it is sent, and of any size up to the bound.
func TestAnUploadIsOnesOwnUntilItIsSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, func(_ *api.Deps, g *agent.Deps, _ *admin.Deps) { g.MaxUpload = 1 << 20 })
		ann, ben := s.as(s.user("Ann Holm", desk.RoleAgent)), s.as(s.user("Ben Ode", desk.RoleAgent))
		up := ann.do("POST", "/api/attachments?name=../../plan%20a.txt", []byte("the plan")).want(201, `"name":"plan a.txt"`, `"size":8`)
		id := up.str("id")
		ann.do("GET", "/api/attachments/"+id, nil).want(200, "the plan")
		ben.do("GET", "/api/attachments/"+id, nil).want(404)
		ann.do("POST", "/api/attachments?name=big", make([]byte, 1<<20+1)).want(413, "attachment.too_large")
		ann.do("POST", "/api/attachments?name=huge", make([]byte, 4<<20)).want(413)
		ann.do("POST", "/api/attachments?name=none", []byte{}).want(422, "attachment.empty")
		form := ann.with("Content-Type", "multipart/form-data; boundary=B")
		form.do("POST", "/api/attachments", []byte("--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: text/html\r\n\r\n\x89PNG\r\n\x1a\n0000\r\n--B--\r\n")).
			want(201, `"type":"image/png"`, `"name":"a.png"`)
		form.do("POST", "/api/attachments", []byte("--B--\r\n")).want(422, "attachment.missing")
	})
}
