package mime

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Attachment is one file of a message.
type Attachment struct {
	Name      string // safe, unique in the message
	Type      string
	Inline    bool // shown inside the HTML
	ContentID string
	Data      []byte
	SHA256    string

	related bool
}

// maxName is the longest file name kept, in bytes.
const maxName = 180

func (c *collector) attach(p *Part, related bool) {
	data := c.t.Decode(p)
	if data == nil && len(p.Body) > 0 {
		return // over a limit; a problem says so
	}
	name := p.Filename()
	typ := p.Type
	if ext := path.Ext(p.Header.Text("content-description")); name == "" && typeByExt[strings.ToLower(ext)] != "" { // all that some programs write
		name = p.Header.Text("content-description")
	}
	if p.IsMessage() {
		typ = "message/rfc822"
		if name == "" && p.Message != nil {
			name = shorten(p.Message.Header.Text("subject"), 80)
		}
		if name != "" && !strings.HasSuffix(strings.ToLower(name), ".eml") {
			name += ".eml"
		}
	}
	if len(data) == 0 && name == "" && p.ContentID() == "" {
		return // nothing, by no name
	}
	c.add(Attachment{Name: name, Data: data, ContentID: p.ContentID(), related: related || p.Disposition == "inline"}, typ)
}

// add gives a file its name, type and digest.
func (c *collector) add(a Attachment, claimed string) {
	sum := sha256.Sum256(a.Data)
	a.SHA256 = hex.EncodeToString(sum[:])
	a.Type = sniff(claimed, a.Name, a.Data)
	if a.Type == "text/calendar" || a.Type == "application/ics" { // calendars send the same invitation as a form of the text and as a file
		for _, b := range c.c.Attachments {
			if b.SHA256 == a.SHA256 {
				return
			}
		}
	}
	a.Name = c.unique(SafeName(a.Name), a.Type)
	c.c.Attachments = append(c.c.Attachments, a)
}

// deviceNames open a device on Windows, whatever extension they have.
var deviceNames = func() map[string]bool {
	m := map[string]bool{"con": true, "prn": true, "aux": true, "nul": true, "conin$": true, "conout$": true, "clock$": true}
	for _, n := range "0123456789¹²³" {
		m["com"+string(n)], m["lpt"+string(n)] = true, true
	}
	return m
}()

// SafeName makes a file name harmless: the last path component, without controls, direction marks or characters that some
// file system refuses, no hidden file and no device, at most 180 bytes with its extension kept. It may return "".
func SafeName(name string) string {
	name = Clean(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 && strings.Trim(name[i+1:], ". ") != "" {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0xfeff, r == 0x200b:
			return -1
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), " ")
	name = strings.TrimRight(name, ". ")
	if strings.Trim(name, "._ ") == "" {
		return ""
	}
	if stem, _, _ := strings.Cut(strings.ToLower(name), "."); name[0] == '.' || deviceNames[strings.TrimSpace(stem)] {
		name = "_" + name // hidden, or a device on Windows
	}
	if len(name) > maxName {
		ext := path.Ext(name)
		if len(ext) > 12 {
			ext = ""
		}
		cut := maxName - len(ext)
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = strings.TrimRight(name[:cut], ". ") + ext
	}
	return name
}

// unique names the nameless and tells equal names apart.
func (c *collector) unique(name, typ string) string {
	if name == "" {
		stem := "attachment"
		switch {
		case strings.HasPrefix(typ, "image/"):
			stem = "image"
		case typ == "message/rfc822":
			stem = "message"
		case typ == "text/calendar":
			stem = "invite"
		case strings.Contains(typ, "delivery-status"):
			stem = "delivery-status"
		case strings.HasSuffix(typ, "signature"):
			stem = "signature"
		}
		name = stem + extensionOf(typ)
		if typ != "text/calendar" && stem != "delivery-status" && stem != "signature" {
			name = fmt.Sprintf("%s-%d%s", stem, len(c.c.Attachments)+1, extensionOf(typ))
		}
	}
	key := strings.ToLower(name)
	c.names[key]++
	if n := c.names[key]; n > 1 {
		ext := path.Ext(name)
		for {
			next := fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
			if c.names[strings.ToLower(next)] == 0 {
				c.names[strings.ToLower(next)]++
				return next
			}
			n++
		}
	}
	return name
}

var typeByExt = map[string]string{
	".pdf": "application/pdf", ".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
	".zip": "application/zip", ".gz": "application/gzip", ".7z": "application/x-7z-compressed", ".rar": "application/vnd.rar",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".bmp": "image/bmp",
	".tif": "image/tiff", ".tiff": "image/tiff", ".heic": "image/heic", ".svg": "image/svg+xml", ".txt": "text/plain", ".log": "text/plain",
	".csv": "text/csv", ".htm": "text/html", ".html": "text/html", ".ics": "text/calendar", ".vcf": "text/vcard", ".eml": "message/rfc822",
	".msg": "application/vnd.ms-outlook", ".json": "application/json", ".xml": "application/xml", ".rtf": "application/rtf",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".wav": "audio/wav", ".ogg": "audio/ogg", ".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
	".p7s": "application/pkcs7-signature", ".p7m": "application/pkcs7-mime", ".dat": "application/octet-stream",
}

func extensionOf(typ string) string {
	switch typ {
	case "text/plain", "message/delivery-status", "message/disposition-notification", "message/feedback-report":
		return ".txt"
	case "image/jpeg":
		return ".jpg"
	case "text/html":
		return ".html"
	case "application/pgp-signature", "application/pgp-encrypted":
		return ".asc"
	case "application/octet-stream":
		return ".bin"
	case "image/tiff":
		return ".tif"
	}
	for _, ext := range [...]string{".pdf", ".png", ".gif", ".webp", ".bmp", ".heic", ".svg", ".csv", ".ics", ".vcf", ".eml", ".zip", ".gz", ".json", ".xml",
		".rtf", ".mp3", ".m4a", ".wav", ".ogg", ".mp4", ".mov", ".webm", ".p7s", ".p7m", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx"} {
		if typeByExt[ext] == typ {
			return ext
		}
	}
	if strings.HasPrefix(typ, "text/") || strings.HasPrefix(typ, "message/") {
		return ".txt"
	}
	return ".bin"
}

// sniff decides a file's type: what the bytes plainly are, else what the sender says, else what the name says.
func sniff(claimed, name string, data []byte) string {
	claimed = strings.ToLower(Clean(claimed))
	if !validType(claimed) {
		claimed = ""
	}
	switch claimed { // the bytes of these say nothing better
	case "message/rfc822", "text/calendar", "message/delivery-status", "application/ms-tnef", "application/pkcs7-mime", "application/pkcs7-signature":
		return claimed
	}
	seen, _, _ := strings.Cut(http.DetectContentType(data), ";")
	byName := typeByExt[strings.ToLower(path.Ext(name))]
	generic := claimed == "" || claimed == "application/octet-stream" || claimed == "application/unknown" || claimed == "application/x-unknown" ||
		claimed == "application/binary" || claimed == "application/download" || claimed == "application/force-download" || strings.HasPrefix(claimed, "multipart/")
	family := func(t string) string { f, _, _ := strings.Cut(t, "/"); return f }
	switch {
	case len(data) == 0:
		if generic && byName != "" {
			return byName
		}
	case family(seen) == "image" || seen == "application/pdf" || seen == "text/html" && claimed != "text/plain" && !strings.Contains(claimed, "xml") && claimed != "image/svg+xml":
		if generic || family(claimed) != family(seen) || family(seen) == "image" && claimed != "image/svg+xml" {
			return seen
		}
	case generic && byName != "" && byName != "text/html" && byName != "image/svg+xml":
		if family(byName) != "image" || seen == "application/octet-stream" {
			return byName
		}
		return seen
	case generic && seen == "text/plain" && byName != "":
		return byName
	case generic:
		return seen
	}
	if claimed == "" {
		return "application/octet-stream"
	}
	return claimed
}

func validType(t string) bool {
	major, minor, ok := strings.Cut(t, "/")
	if !ok || major == "" || minor == "" || len(t) > 100 {
		return false
	}
	return !strings.ContainsFunc(t, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("/.+-_!#$&^", r))
	})
}

// markInline marks the files that the HTML shows, and those only: what nobody refers to must be listed.
func (c *collector) markInline() {
	if c.c.HTML == "" {
		return
	}
	refs := cidRefs(c.c.HTML)
	for i := range c.c.Attachments {
		a := &c.c.Attachments[i]
		if a.ContentID != "" && refs[strings.ToLower(a.ContentID)] {
			a.Inline = true
		}
	}
}

// cidRefs lists the Content-IDs that HTML refers to, lower case.
func cidRefs(h string) map[string]bool {
	refs := map[string]bool{}
	low := strings.ToLower(h)
	for {
		i := strings.Index(low, "cid:")
		if i < 0 {
			return refs
		}
		low = low[i+4:]
		end := strings.IndexAny(low, "\"'> \t\r\n)")
		if end < 0 {
			end = len(low)
		}
		ref := low[:end]
		if u, err := url.PathUnescape(ref); err == nil {
			ref = u
		}
		refs[strings.TrimSpace(strings.ReplaceAll(ref, "&amp;", "&"))] = true
	}
}

// Attach adds a file of an embedded message, unless the same bytes are there already, under a name that is free.
func (c *Content) Attach(a Attachment) {
	names := map[string]bool{}
	for _, b := range c.Attachments {
		if b.SHA256 == a.SHA256 && b.ContentID == a.ContentID {
			return
		}
		names[strings.ToLower(b.Name)] = true
	}
	ext := path.Ext(a.Name)
	for n, stem := 2, strings.TrimSuffix(a.Name, ext); names[strings.ToLower(a.Name)]; n++ {
		a.Name = fmt.Sprintf("%s (%d)%s", stem, n, ext)
	}
	c.Attachments = append(c.Attachments, a)
}
