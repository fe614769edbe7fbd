package widget

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	_ "image/gif"  // their sizes are read
	_ "image/jpeg" //
	_ "image/png"  //
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

const (
	receiptLife = 6 * time.Hour // an upload waits so long for its message
	headBytes   = 256 << 10     // of a picture, to read its size from
)

// receipt is what an upload's signature says.
type receipt struct {
	Visitor desk.VisitorID `json:"v"`
	Until   int64          `json:"x"`
	File    webchat.File   `json:"f"`
}

func (w *widget) sealReceipt(rc receipt) (string, error) {
	b, err := json.Marshal(rc)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(b)
	return body + "." + w.receiptMAC(body), nil
}

func (w *widget) receiptMAC(body string) string {
	m := hmac.New(sha256.New, w.Key)
	m.Write([]byte("widget upload\x00" + body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:24])
}

// receipts are the files that a message names: uploads of the same visitor, not too old, as large as the account takes.
func (w *widget) receipts(v visitor.Visitor, acc account, given []string) ([]webchat.File, error) {
	if len(given) == 0 {
		return nil, nil
	}
	if !acc.set.Files.Enabled {
		return nil, desk.Errorf(desk.Forbidden, "files.off", "This chat takes no files.").In("files")
	}
	out := make([]webchat.File, 0, len(given))
	for _, s := range given {
		body, mac, _ := strings.Cut(s, ".")
		if !hmac.Equal([]byte(mac), []byte(w.receiptMAC(body))) {
			return nil, desk.Errorf(desk.Invalid, "files.receipt", "A file was not uploaded here. Attach it again.").In("files")
		}
		var rc receipt
		b, err := base64.RawURLEncoding.DecodeString(body)
		if err != nil || json.Unmarshal(b, &rc) != nil || rc.Visitor != v.ID || rc.Until < w.Clock.Now().Unix() {
			return nil, desk.Errorf(desk.Invalid, "files.receipt", "A file was not uploaded here, or too long ago. Attach it again.").In("files")
		}
		if rc.File.Size > maxBytes(acc.set) {
			return nil, tooLarge(maxBytes(acc.set)).In("files")
		}
		out = append(out, rc.File)
	}
	return out, nil
}

func maxBytes(s webchat.Settings) int64 { return int64(s.Files.MaxMB) << 20 }

func tooLarge(limit int64) *desk.Error {
	return desk.Errorf(desk.TooLarge, "files.too_large", "A file may have at most %d MB.", limit>>20)
}

// upload answers POST /widget/files?name=: the body is the file. What it is, is found by looking, not by what it says.
func (w *widget) upload(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Upload)
	if err != nil {
		return err
	}
	limit, err := w.uploadLimit(r, v)
	if err != nil {
		return err
	}
	if r.ContentLength > limit {
		return tooLarge(limit)
	}
	api.Body(rw, r, limit)
	head := make([]byte, headBytes)
	n, err := io.ReadFull(r.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		if api.TooLarge(err) {
			return tooLarge(limit)
		}
		return err
	}
	head = head[:n]
	if n == 0 {
		return desk.Errorf(desk.Invalid, "files.empty", "The file is empty.")
	}
	kind := http.DetectContentType(head)
	f := webchat.File{Name: fileName(r.URL.Query().Get("name")), Type: typeOf(kind, r.URL.Query().Get("name"))}
	if strings.HasPrefix(kind, "image/") {
		if cfg, _, err := image.DecodeConfig(bytes.NewReader(head)); err == nil && cfg.Width < 1<<15 && cfg.Height < 1<<15 {
			f.Width, f.Height = cfg.Width, cfg.Height
		}
	}
	if f.SHA256, f.Size, err = w.Blobs.Put(r.Context(), io.MultiReader(bytes.NewReader(head), r.Body)); err != nil {
		if api.TooLarge(err) {
			return tooLarge(limit)
		}
		return err
	}
	s, err := w.sealReceipt(receipt{Visitor: v.ID, Until: w.Clock.Now().Add(receiptLife).Unix(), File: f})
	if err != nil {
		return err
	}
	w.server.JSON(rw, http.StatusCreated, Uploaded{Receipt: s, Name: f.Name, Type: f.Type, Size: f.Size})
	return nil
}

// uploadLimit is the size that a file may have: of the account the request names, or the largest of all, which the message then meets.
func (w *widget) uploadLimit(r *http.Request, v visitor.Visitor) (limit int64, err error) {
	if id, err := desk.ParseID[desk.ChannelAccountID](r.URL.Query().Get("account")); err == nil {
		acc, err := w.accountOf(r.Context(), id)
		if err != nil {
			return 0, err
		}
		if !acc.set.Files.Enabled {
			return 0, desk.Errorf(desk.Forbidden, "files.off", "This chat takes no files.")
		}
		return maxBytes(acc.set), w.consented(r.Context(), v, acc)
	}
	all, err := w.accounts(r.Context())
	if err != nil {
		return 0, err
	}
	for _, a := range all {
		if a.Active && a.set.Files.Enabled {
			limit = max(limit, maxBytes(a.set))
		}
	}
	if limit == 0 {
		return 0, desk.Errorf(desk.Forbidden, "files.off", "This chat takes no files.")
	}
	return limit, nil
}

// typeOf keeps what was found; what looks like nothing in particular may be what its name says, unless a browser would run that.
func typeOf(found, name string) string {
	media, _, _ := mime.ParseMediaType(found)
	if media != "application/octet-stream" && media != "application/zip" {
		return media
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return media
	}
	by, _, _ := mime.ParseMediaType(mime.TypeByExtension(strings.ToLower(name[i:])))
	for _, bad := range []string{"text/", "image/", "application/xhtml", "application/xml", "application/javascript", "application/json"} {
		if strings.HasPrefix(by, bad) {
			return media
		}
	}
	if by == "" {
		return media
	}
	return by
}

func fileName(s string) string {
	if s = strings.TrimSpace(strings.ToValidUTF8(s, "")); s == "" {
		return "file"
	}
	if len(s) > 255 {
		s = strings.ToValidUTF8(s[len(s)-255:], "")
	}
	return s
}

// file answers GET /widget/files/{id}?sig=: a picture is shown, anything else is only handed over.
func (w *widget) file(rw http.ResponseWriter, r *http.Request) error {
	if err := w.Guard.Take(lobby.Other, 0, w.server.ClientIP(r)); err != nil {
		return err
	}
	none := desk.Errorf(desk.NotFound, "attachment.not_found", "There is no such file.")
	id, err := desk.ParseID[desk.AttachmentID](r.PathValue("id"))
	if err != nil {
		return none
	}
	if err := w.Mapper.Signer.Signed(signFile, id.String(), r.URL.Query().Get("sig")); err != nil {
		return err
	}
	a, err := w.fileOf(r.Context(), id)
	if err != nil {
		return err
	}
	f, err := w.Blobs.Open(r.Context(), a.SHA256)
	if err != nil {
		return err
	}
	defer f.Close()
	h := rw.Header()
	kind, disposition := "application/octet-stream", "attachment"
	if media, _, _ := mime.ParseMediaType(a.Type); pictures[media] {
		kind, disposition = media, "inline"
	}
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", named(disposition, a.Name))
	h.Set("Content-Security-Policy", api.FilePolicy)
	h.Set("Cache-Control", "private, max-age=86400")
	h.Set("ETag", `"`+a.SHA256+`"`)
	http.ServeContent(rw, r, "", time.Time{}, f)
	return nil
}

// fileOf is a file of a message that visitors see: a signature outlives what is taken back or erased.
func (w *widget) fileOf(ctx context.Context, id desk.AttachmentID) (desk.Attachment, error) {
	a, _, _, err := w.Threads.Attachment(ctx, w.DB, id)
	if err != nil {
		return a, err
	}
	ms, err := w.Mapper.messages(ctx, w.DB, []desk.MessageID{a.MessageID})
	if err == nil && (len(ms) == 0 || a.SHA256 == "") {
		err = desk.Errorf(desk.NotFound, "attachment.not_found", "There is no such file.")
	}
	return a, err
}

func named(kind, name string) string {
	if s := mime.FormatMediaType(kind, map[string]string{"filename": name}); s != "" {
		return s
	}
	return kind
}
