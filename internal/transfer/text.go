package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Sections are the parts of a settings file, in its order.
func Sections() []string {
	out := []string{}
	t := reflect.TypeFor[File]()
	for i := range t.NumField() {
		if name := yamlName(t.Field(i)); name != "version" {
			out = append(out, name)
		}
	}
	return out
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

// Named tells which sections a text has, as far as it can be read: a page asks for the permissions of those.
func Named(text []byte) []string {
	var m map[string]yaml.Node
	if len(text) > maxFile || yaml.Unmarshal(text, &m) != nil {
		return nil
	}
	out := []string{}
	for _, name := range Sections() {
		if _, ok := m[name]; ok {
			out = append(out, name)
		}
	}
	return out
}

// Section writes one section as a file of its own that applies again; slug keeps only the thing of that name (users by address, properties as
// object.name). No section is the whole file.
func (s *Service) Section(ctx context.Context, section, slug string) ([]byte, error) {
	if section == "" {
		return s.Export(ctx)
	}
	var f File
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) { f, err = s.snapshot(ctx, tx); return err })
	if err != nil {
		return nil, err
	}
	v, found := reflect.ValueOf(&f).Elem(), false
	for i := range v.NumField() {
		switch name := yamlName(v.Type().Field(i)); {
		case name == "version":
		case name == section:
			found = true
			if slug != "" && v.Field(i).Kind() == reflect.Slice {
				only(v.Field(i), slug)
			}
		default:
			v.Field(i).SetZero()
		}
	}
	if !found {
		return nil, desk.Errorf(desk.NotFound, "config.section_unknown", "There is no section %q; there are %s.", section, strings.Join(Sections(), ", "))
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// only keeps the entries of one name.
func only(list reflect.Value, slug string) {
	kept := reflect.MakeSlice(list.Type(), 0, 1)
	for i := range list.Len() {
		if nameOf(list.Index(i)) == slug {
			kept = reflect.Append(kept, list.Index(i))
		}
	}
	list.Set(kept)
}

func nameOf(entry reflect.Value) string {
	text := func(field string) string {
		if f := entry.FieldByName(field); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
		return ""
	}
	switch {
	case text("Object") != "":
		return text("Object") + "." + text("Name")
	case text("Email") != "":
		return text("Email")
	}
	return text("Slug")
}

// Revision names the settings as they are, so that a text that was written to older ones is noticed.
func Revision(export []byte) string {
	sum := sha256.Sum256(export)
	return hex.EncodeToString(sum[:8])
}

// Fault is one fault of a text, with where it stands.
type Fault struct {
	Line int    `json:"line"`
	Path string `json:"path"`
	Text string `json:"text"`
}

var atLine = regexp.MustCompile(`^line (\d+)(?:, ([^:]+))?: (?s:(.*))$`)

// Faults takes a refusal of Diff or Apply apart; nil when the error is no fault of the text.
func Faults(err error) []Fault {
	var e *desk.Error
	if !errors.As(err, &e) || e.Code != desk.Invalid && e.Code != desk.Conflict && e.Code != desk.TooLarge && e.Code != desk.NotFound {
		return nil
	}
	out := []Fault{}
	for _, part := range strings.Split(e.Public, "\n") {
		p := Fault{Line: 1, Text: part}
		if m := atLine.FindStringSubmatch(part); m != nil {
			p.Line, _ = strconv.Atoi(m[1])
			p.Path, p.Text = m[2], m[3]
		}
		out = append(out, p)
	}
	return out
}
