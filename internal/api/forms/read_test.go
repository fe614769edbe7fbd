package forms

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/form"
)

// nowhere is a store that keeps nothing.
type nowhere struct{ blob.Store }

func (nowhere) Put(_ context.Context, r io.Reader) (string, int64, error) {
	n, err := io.Copy(io.Discard, r)
	return "00", n, err
}

func (nowhere) Delete(context.Context, string, time.Time) (bool, error) { return false, nil }

// Whatever is posted is read within its bounds, and its evaluation keeps the form's own word.
func FuzzRead(f *testing.F) {
	d := form.Starter("en")
	d.Fields = append(d.Fields, form.Field{Name: "file", Type: form.TypeFile, MaxMB: 1})
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.com\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a\"\r\n\r\nMZ\r\n--x--"))
	f.Add("application/json", []byte(`{"values":{"email":["a",1,null,{"x":1}],"status":"closed"},"fields":[{"name":"a","value":true}]}`))
	f.Add("application/x-www-form-urlencoded", []byte("a=%zz&b=1&b=2&status=closed"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		p, err := read(context.Background(), kind, bytes.NewReader(body), d, nowhere{})
		if err != nil {
			return
		}
		if p.n > maxValues || p.bytes > maxPosted || len(p.files) > form.MaxFilesAll {
			t.Fatalf("%d values, %d bytes, %d files", p.n, p.bytes, len(p.files))
		}
		r := d.Evaluate(form.Posted{Values: p.values, Files: p.files}, "en")
		if r.Place[form.MapsStatus] != "" || r.Answers["status"] != nil {
			t.Fatalf("a posted status was taken: %v", r.Answers)
		}
	})
}
