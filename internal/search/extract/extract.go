// Package extract takes the words out of attached files so that they can be found: plain text, HTML, CSV, calendars, and the documents, tables and
// slides of office programs. It is pure reading with bounds on bytes in, bytes out and parts of archives; what it does not know or cannot read has no
// text. The search index calls it, outside transactions.
package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"github.com/kanalhq/kanal/internal/richtext"
)

const (
	// MaxIn is the largest file that is looked into.
	MaxIn = 8 << 20
	// MaxOut is how much text of one file is kept.
	MaxOut = 64 << 10

	maxParts    = 200     // of an archive
	maxUnpacked = 4 << 20 // bytes of one part, packed small or not
)

// Knows tells from a file's type and name whether its text can be taken out.
func Knows(mediaType, name string) bool { return kindOf(mediaType, name) != "" }

func kindOf(mediaType, name string) string {
	mediaType, _, _ = strings.Cut(strings.ToLower(mediaType), ";")
	ext := strings.ToLower(path.Ext(name))
	switch {
	case mediaType == "text/html" || mediaType == "application/xhtml+xml" || ext == ".html" || ext == ".htm":
		return "html"
	case slices.Contains([]string{".docx", ".odt", ".xlsx", ".ods", ".pptx", ".odp"}, ext):
		return "office"
	case strings.HasPrefix(mediaType, "application/vnd.openxmlformats-officedocument.") || strings.HasPrefix(mediaType, "application/vnd.oasis.opendocument."):
		return "office"
	case strings.HasPrefix(mediaType, "text/") || mediaType == "application/json" || mediaType == "application/xml":
		return "text"
	case slices.Contains([]string{".txt", ".csv", ".tsv", ".ics", ".vcf", ".md", ".log", ".json", ".xml", ".yaml", ".yml"}, ext):
		return "text"
	}
	return ""
}

// Text is the text of a file, "" when it has none that can be read.
func Text(r io.Reader, mediaType, name string) (string, error) {
	kind := kindOf(mediaType, name)
	if kind == "" {
		return "", nil
	}
	raw, err := io.ReadAll(io.LimitReader(r, MaxIn))
	if err != nil {
		return "", err
	}
	switch kind {
	case "html":
		return clip(richtext.ToText(decoded(raw, mediaType))), nil
	case "office":
		return clip(office(raw)), nil
	}
	if bytes.IndexByte(raw[:min(len(raw), 8000)], 0) >= 0 && !utf16Mark(raw) {
		return "", nil // not text, whatever it is called
	}
	return clip(decoded(raw[:min(len(raw), 4*MaxOut)], mediaType)), nil
}

func utf16Mark(raw []byte) bool {
	return bytes.HasPrefix(raw, []byte{0xFF, 0xFE}) || bytes.HasPrefix(raw, []byte{0xFE, 0xFF})
}

// decoded is bytes as UTF-8, from what the type or the bytes say they are.
func decoded(raw []byte, mediaType string) string {
	if utf8.Valid(raw) && !strings.Contains(strings.ToLower(mediaType), "utf-16") {
		return string(raw)
	}
	enc, _, _ := charset.DetermineEncoding(raw[:min(len(raw), 1024)], mediaType)
	if out, err := enc.NewDecoder().Bytes(raw); err == nil {
		return strings.ToValidUTF8(string(out), " ")
	}
	return strings.ToValidUTF8(string(raw), " ")
}

func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == 0 {
			return -1 // PostgreSQL keeps none
		}
		return r
	}, strings.TrimPrefix(s, "\ufeff"))
	if len(s) > MaxOut {
		s = strings.ToValidUTF8(s[:MaxOut], "")
	}
	return s
}

// textParts of the office formats hold what a reader sees.
func textPart(name string) bool {
	return name == "word/document.xml" || name == "content.xml" || name == "xl/sharedStrings.xml" || strings.HasPrefix(name, "word/header") || strings.HasPrefix(name, "word/footer") ||
		name == "word/footnotes.xml" || strings.HasPrefix(name, "ppt/slides/slide") || strings.HasPrefix(name, "ppt/notesSlides/")
}

// office is the text in the XML parts of a zipped document.
func office(raw []byte) string {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return ""
	}
	var out strings.Builder
	for i, f := range z.File {
		if i >= maxParts || out.Len() > MaxOut {
			break
		}
		if !textPart(f.Name) {
			continue
		}
		part, err := f.Open()
		if err != nil {
			continue
		}
		characters(io.LimitReader(part, maxUnpacked), &out)
		_ = part.Close()
	}
	return out.String()
}

// characters writes the character data of XML: blocks and cells apart, runs within a word together.
func characters(r io.Reader, out *strings.Builder) {
	d := xml.NewDecoder(r)
	d.Strict = false
	for out.Len() <= MaxOut {
		tok, err := d.RawToken()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				out.WriteByte('\n')
			}
			return
		}
		switch tok := tok.(type) {
		case xml.CharData:
			out.Write(tok)
		case xml.EndElement:
			switch tok.Name.Local {
			case "p", "h", "si", "tab", "br", "tc", "table-cell", "line-break", "s":
				out.WriteByte('\n')
			}
		}
	}
}
