package email

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// updating says whether golden files are rewritten: go test -update. The conformance suite defines the flag.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// EM-34: every mail of the corpus reads as its golden file says: charsets, encoded words, nested and broken MIME, winmail.dat,
// bounces, forwards. A change of a golden file is reviewed like code.
func TestCorpusReadsAsGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.eml")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ParseReport(context.Background(), raw, ReportOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(r); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			if !utf8.ValidString(got) || strings.Contains(got, `\u0000`) {
				t.Error("not clean UTF-8")
			}
			golden := strings.TrimSuffix(file, ".eml") + ".json"
			if updating() {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s:\n%s", golden, got)
			}
		})
	}
}

// corpus returns the raw mails.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		if out[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// checkClean says what PostgreSQL and browsers would refuse.
func checkClean(t testing.TB, in channel.Inbound) {
	t.Helper()
	for _, a := range in.Attachments {
		if a.Name == "" || strings.ContainsAny(a.Name, "/\\\n\r\x00") {
			t.Errorf("name %q", a.Name)
		}
		if a.Size != int64(len(a.Data)) || len(a.SHA256) != 64 || a.Type == "" {
			t.Errorf("%q: size %d of %d, %q", a.Name, a.Size, len(a.Data), a.Type)
		}
	}
	dirty(t, reflect.ValueOf(in), "")
	if in.From.Address != desk.NormalizeEmail(in.From.Address) {
		t.Errorf("from %q", in.From.Address)
	}
	if strings.TrimSpace(in.Text) == "" && strings.TrimSpace(in.QuotedText) != "" && in.HTML == "" {
		t.Error("the latest part is empty and the quoted is not")
	}
}

func dirty(t testing.TB, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Errorf("%s: %q", path, s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				dirty(t, v.Field(i), path+"."+v.Type().Field(i).Name)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			dirty(t, v.Index(i), path)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			dirty(t, v.Elem(), path)
		}
	}
}

// No cut of a mail and no flipped byte makes parsing fail or leaves dirty strings.
func TestDamagedCorpusStillParses(t *testing.T) {
	for name, raw := range corpus(t) {
		for n := 1; n < 24; n++ {
			cut := raw[:len(raw)*n/24]
			flipped := append([]byte{}, raw...)
			flipped[len(raw)*n/24] ^= 0x80
			for _, b := range [][]byte{cut, flipped} {
				in, err := Parse(context.Background(), channel.Raw{Body: b})
				if err != nil {
					if len(strings.TrimSpace(string(b))) == 0 {
						continue
					}
					t.Fatalf("%s: %v", name, err)
				}
				checkClean(t, in[0])
			}
		}
	}
}
