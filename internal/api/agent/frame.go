package agent

import (
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
	"github.com/kanalhq/kanal/internal/view"
)

// The kinds of signed addresses.
const (
	signImage = "image"
	signFile  = "file"
)

// frame answers the document of a message for a sandboxed frame: the third line of defence after sanitising and the frame itself. The images in it have
// signed addresses, because a frame with an opaque origin sends no cookie.
func (a *agents) frame(w http.ResponseWriter, r *http.Request, v access.Viewer) {
	id, err := desk.ParseID[desk.MessageID](r.PathValue("id"))
	if err != nil {
		a.server.Fail(w, r, desk.Errorf(desk.NotFound, "message.not_found", "There is no such message, or you may not see it."))
		return
	}
	m, err := a.View.Message(r.Context(), view.SightOf(v), id)
	if err != nil {
		a.server.Fail(w, r, err)
		return
	}
	q := r.URL.Query()
	body, blocked := a.body(m, q.Get("images") == "1", q.Get("quoted") == "1")
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", api.FramePolicy)
	h.Set("Kanal-Blocked-Images", strconv.Itoa(blocked))
	h.Set("Cache-Control", "private, no-store")
	h.Del("Cross-Origin-Opener-Policy")
	_, _ = w.Write([]byte(`<!doctype html><html data-blocked-images="` + strconv.Itoa(blocked) + `">` + frameHead + body + "</body></html>"))
}

// frameHead lets a message keep its own look and keeps it inside its frame: long words break, but not those of a table of four columns or more,
// which scrolls sideways when it is too wide. Links open elsewhere.
const frameHead = `<head><meta charset="utf-8"><base target="_blank"><meta name="referrer" content="no-referrer"><style>
html{color-scheme:light}body{margin:0;padding:4px;font:14px/1.5 system-ui,sans-serif;color:#1f2328;background:#fff;overflow-wrap:anywhere}
img{max-width:100%;height:auto}table{max-width:100%}tr:has(>:nth-child(4))>*{overflow-wrap:break-word}pre{white-space:pre-wrap}blockquote{margin:0 0 0 8px;padding-left:8px;border-left:2px solid #d0d7de;color:#59636e}
img[data-blocked-src]{min-width:16px;min-height:16px;outline:1px dashed #afb8c1}</style></head><body>`

// body is the message's HTML with addresses that work in the frame; text becomes HTML. blocked is how many remote images are left out.
func (a *agents) body(m view.Message, images, quoted bool) (out string, blocked int) {
	clean := m.HTML
	if clean == "" {
		clean = plain(m.Text)
	}
	if quoted {
		switch {
		case m.QuotedHTML != "":
			clean += m.QuotedHTML
		case m.QuotedText != "":
			clean += "<blockquote>" + plain(m.QuotedText) + "</blockquote>"
		}
	}
	files := map[string]desk.AttachmentID{}
	for _, f := range m.Attachments {
		if f.ContentID != "" {
			files[strings.ToLower(strings.Trim(f.ContentID, "<>"))] = f.ID
		}
	}
	inline := func(src string) string {
		cid, ok := cutCID(src)
		if !ok {
			return ""
		}
		if id, known := files[strings.ToLower(cid)]; known {
			return "/api/attachments/" + id.String() + "?inline=1&sig=" + a.server.Sign(signFile, id.String())
		}
		return ""
	}
	remote := func(u string) string {
		if !images {
			blocked++
			return ""
		}
		return "/api/proxy/image?u=" + url.QueryEscape(u) + "&sig=" + a.server.Sign(signImage, u)
	}
	return richtext.Rewrite(clean, inline, remote), blocked
}

func cutCID(src string) (string, bool) {
	if len(src) < 4 || !strings.EqualFold(src[:4], "cid:") {
		return "", false
	}
	cid := src[4:]
	if u, err := url.PathUnescape(cid); err == nil {
		cid = u
	}
	return strings.Trim(cid, "<>"), true
}

func plain(text string) string {
	return `<div style="white-space:pre-wrap">` + html.EscapeString(text) + "</div>"
}

// image answers a remote image through the proxy: only addresses that we signed, only images, only from the public internet.
func (a *agents) image(w http.ResponseWriter, r *http.Request, _ access.Viewer) {
	q := r.URL.Query()
	u := q.Get("u")
	if err := a.server.Signed(signImage, u, q.Get("sig")); err != nil {
		a.server.Fail(w, r, err)
		return
	}
	select {
	case a.fetching <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	kind, data, err := a.Images.Fetch(r.Context(), u)
	<-a.fetching // a slow reader holds nobody else up
	if err != nil {
		a.server.Fail(w, r, desk.Errorf(desk.NotFound, "image.unavailable", "The picture could not be fetched.").Because(err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Content-Security-Policy", api.FilePolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the frame's origin is opaque
	h.Set("Cache-Control", "private, max-age=86400")
	_, _ = w.Write(data)
}
