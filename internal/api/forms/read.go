package forms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
)

// Bounds of what is posted.
const (
	maxValues   = 500
	maxValue    = 64 << 10
	maxPosted   = 2 << 20   // values together
	maxUploads  = 60        // parts with a file, also those that nobody asked for
	maxBodyData = 300 << 20 // everything
)

var errMuch = desk.Errorf(desk.TooLarge, "form.posted_too_much", "That is more than a form takes.")

// reading is what was posted, as it comes in.
type reading struct {
	values map[string][]string
	files  []form.File
	n      int
	bytes  int
}

func (p *reading) add(name, value string) error {
	if p.n++; p.n > maxValues {
		return errMuch
	}
	if p.bytes += len(name) + len(value); p.bytes > maxPosted {
		return errMuch
	}
	p.values[clean(name)] = append(p.values[clean(name)], value)
	return nil
}

func clean(name string) string {
	if len(name) > 200 {
		name = name[:200]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "")
}

// read takes a body apart: what a browser's form sends in either encoding, or JSON. Files go to the store as they come; memory stays bounded whatever is sent.
func read(ctx context.Context, contentType string, body io.Reader, d form.Definition, store blob.Store) (*reading, error) {
	p := &reading{values: map[string][]string{}}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil && contentType != "" {
		kind = ""
	}
	switch kind {
	case "multipart/form-data":
		return p, p.multipart(ctx, multipart.NewReader(body, params["boundary"]), d, store)
	case "application/json":
		return p, p.json(body)
	case "application/x-www-form-urlencoded", "":
		b, err := io.ReadAll(io.LimitReader(body, maxPosted+1))
		if err != nil {
			return p, badBody(err)
		}
		if len(b) > maxPosted {
			return p, errMuch
		}
		vs, _ := url.ParseQuery(string(b)) // what can be read of it
		for name, list := range vs {
			for _, v := range list {
				if err := p.add(name, v); err != nil {
					return p, err
				}
			}
		}
		return p, nil
	}
	return p, desk.Errorf(desk.Invalid, "form.body", "Send the form as a browser does, or as JSON.")
}

func badBody(err error) error {
	if api.TooLarge(err) {
		return errMuch
	}
	var e *desk.Error
	if errors.As(err, &e) {
		return err
	}
	return desk.Errorf(desk.Invalid, "form.body", "The form could not be read.").Because(err)
}

// json takes {"values": {name: value or [values]}, "id", "language", "page": {...}}, or HubSpot's {"fields": [{name, value}], "context": {...}}.
func (p *reading) json(body io.Reader) error {
	var in struct {
		Values   map[string]any `json:"values"`
		ID       string         `json:"id"`
		Language string         `json:"language"`
		Page     struct {
			URL      string `json:"url"`
			Title    string `json:"title"`
			Referrer string `json:"referrer"`
		} `json:"page"`
		Visitor string `json:"visitor"`
		Fields  []struct {
			Name  string `json:"name"`
			Value any    `json:"value"`
		} `json:"fields"`
		Context struct {
			UTK  string `json:"hutk"`
			URL  string `json:"pageUri"`
			Name string `json:"pageName"`
		} `json:"context"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxPosted)).Decode(&in); err != nil {
		return badBody(err)
	}
	for name, v := range in.Values {
		if err := p.addAny(name, v); err != nil {
			return err
		}
	}
	for _, f := range in.Fields {
		if err := p.addAny(f.Name, f.Value); err != nil {
			return err
		}
	}
	for _, x := range [][2]string{{"kanal_id", in.ID}, {"kanal_language", in.Language}, {"kanal_page", or(in.Page.URL, in.Context.URL)}, {"kanal_title", or(in.Page.Title, in.Context.Name)},
		{"kanal_referrer", in.Page.Referrer}, {"kanal_visitor", or(in.Visitor, in.Context.UTK)}} {
		if x[1] != "" {
			p.values[x[0]] = []string{x[1]}
		}
	}
	return nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (p *reading) addAny(name string, v any) error {
	switch v := v.(type) {
	case string:
		return p.add(name, v)
	case []any:
		for _, x := range v {
			if err := p.addAny(name, x); err != nil {
				return err
			}
		}
	case nil:
	case map[string]any:
	default:
		b, _ := json.Marshal(v)
		return p.add(name, string(b))
	}
	return nil
}

func (p *reading) multipart(ctx context.Context, r *multipart.Reader, d form.Definition, store blob.Store) error {
	for uploads := 0; ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return badBody(err)
		}
		name := clean(part.FormName())
		if part.FileName() == "" {
			b, err := io.ReadAll(io.LimitReader(part, maxValue+1))
			if err != nil {
				return badBody(err)
			}
			if len(b) > maxValue {
				return errMuch
			}
			if f, ok := d.Field(name); ok && f.Type == form.TypeFile {
				continue // no file was chosen
			}
			if err := p.add(name, string(b)); err != nil {
				return err
			}
			continue
		}
		if uploads++; uploads > maxUploads {
			return errMuch
		}
		f, ok := d.Field(name)
		if !ok || f.Type != form.TypeFile || len(p.files) >= form.MaxFilesAll {
			continue // nobody asked for it: the next part skips its bytes
		}
		x, err := keep(ctx, part, f, store)
		if err != nil {
			return badBody(err)
		}
		if x.Size > 0 {
			p.files = append(p.files, x)
		}
	}
}

// keep stores one file, as far as its field takes it: one that is too large is told of and not kept, one of a kind that is not taken neither.
func keep(ctx context.Context, part *multipart.Part, f form.Field, store blob.Store) (form.File, error) {
	_, mb := f.Bounds()
	limit := int64(mb) << 20
	head := make([]byte, 512)
	n, err := io.ReadFull(part, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return form.File{}, err
	}
	head = head[:n]
	out := form.File{Field: f.Name, Name: fileName(part.FileName())}
	out.Type = typeOf(head, out.Name)
	if n == 0 {
		return out, nil
	}
	if !f.Accepts(out.Type, out.Name) {
		out.Size = 1
		return out, nil
	}
	counted := &counting{r: io.MultiReader(bytes.NewReader(head), part), left: limit}
	out.SHA256, out.Size, err = store.Put(ctx, counted)
	if counted.over {
		out.SHA256, out.Size = "", limit+1
		return out, nil
	}
	return out, err
}

var errOver = errors.New("the file is larger than its field takes")

// counting ends with an error beyond its limit.
type counting struct {
	r    io.Reader
	left int64
	over bool
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if c.left -= int64(n); c.left < 0 {
		c.over = true
		return 0, errOver
	}
	return n, err
}

func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(clean(s), `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
	if s = strings.TrimSpace(s); s == "" || s == "." || s == "/" {
		return "file"
	}
	return s
}

// typeOf looks into a file; the name only says which of the kinds it is that look the same from inside.
func typeOf(head []byte, name string) string {
	if bytes.HasPrefix(head, []byte("MZ")) {
		return "application/x-msdownload"
	}
	if bytes.HasPrefix(head, []byte("\x7fELF")) || bytes.HasPrefix(head, []byte("#!")) {
		return "application/x-executable"
	}
	kind, _, _ := strings.Cut(http.DetectContentType(head), ";")
	lower := bytes.ToLower(head)
	if strings.HasPrefix(kind, "text/") && bytes.Contains(lower, []byte("<svg")) {
		return "image/svg+xml"
	}
	within := map[string][]string{
		"application/zip":          {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".pages", ".numbers"},
		"text/plain":               {".csv", ".ics", ".vcf", ".json"},
		"application/octet-stream": {".doc", ".xls", ".ppt", ".heic", ".msg"},
	}
	ext := strings.ToLower(path.Ext(name))
	for _, e := range within[kind] {
		if t, _, _ := strings.Cut(known[e], ";"); e == ext && t != "" {
			return t
		}
	}
	return kind
}

var known = map[string]string{
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".odt": "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
	".odp": "application/vnd.oasis.opendocument.presentation", ".csv": "text/csv", ".ics": "text/calendar", ".vcf": "text/vcard", ".json": "application/json", ".doc": "application/msword",
	".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint", ".heic": "image/heic", ".msg": "application/vnd.ms-outlook",
}
