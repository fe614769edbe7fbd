package mime

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/kanalhq/kanal/internal/desk"
)

// winmail.dat is the Transport Neutral Encapsulation Format ([MS-OXTNEF]): a list of attributes, some of which hold lists of
// properties. Only what a reader needs is taken: bodies and files.
const (
	tnefSignature = 0x223e9f78

	attBody       = 0x800c
	attData       = 0x800f
	attTitle      = 0x8010
	attRendData   = 0x9002
	attProps      = 0x9003
	attFileProps  = 0x9005
	attCodepage   = 0x9007
	propBody      = 0x1000
	propRTF       = 0x1009
	propHTML      = 0x1013
	propData      = 0x3701
	propMethod    = 0x3705
	propName      = 0x3704
	propLongName  = 0x3707
	propMIME      = 0x370e
	propContentID = 0x3712

	maxTNEFFiles = 200
	maxTNEFDepth = 4
)

var errTNEF = errors.New("not a winmail.dat")

// tnefFile is one file inside.
type tnefFile struct {
	name, mime, cid string
	data            []byte
	embedded        bool // a message of the same format
}

// tnef is a winmail.dat read.
type tnef struct {
	lim      Limits
	codepage string
	text     string
	html     string
	files    []tnefFile
	expanded int64
}

func isTNEF(p *Part) bool {
	switch p.Type {
	case "application/ms-tnef", "application/vnd.ms-tnef", "application/x-tnef":
		return true
	}
	n := strings.ToLower(p.Filename())
	return n == "winmail.dat" || n == "win.dat"
}

// tnef takes the files out of a winmail.dat and keeps it as a file too. Its text counts only when the mail has no other.
func (c *collector) tnef(p *Part) {
	data := c.t.Decode(p)
	c.attach(p, false)
	c.openTNEF(data, 0)
}

func (c *collector) openTNEF(data []byte, depth int) {
	if len(data) < 6 {
		return
	}
	n, err := readTNEF(data, c.t.lim)
	var refused *desk.Error
	if errors.As(err, &refused) {
		c.err = refused
		return
	}
	if err != nil {
		c.t.Note("A winmail.dat cannot be read to its end; it is kept as it came.")
	}
	if n == nil {
		return
	}
	c.expanded += n.expanded
	for _, f := range n.files {
		c.expanded += int64(len(f.data))
		if c.expanded > c.t.lim.Decoded {
			c.t.Note("A winmail.dat holds too much; the rest is only in the original.")
			return
		}
		if f.embedded {
			if depth < maxTNEFDepth {
				c.openTNEF(f.data, depth+1)
			}
			continue
		}
		c.add(Attachment{Name: f.name, Data: f.data, ContentID: f.cid}, strings.ToLower(f.mime))
	}
	if depth == 0 && (strings.TrimSpace(n.text) != "" || strings.TrimSpace(n.html) != "") {
		c.sections = append(c.sections, bodySection{plain: n.text, html: n.html, spare: true})
	}
}

// readTNEF reads as much as there is. The error is a *desk.Error for a bomb.
func readTNEF(b []byte, lim Limits) (*tnef, error) {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != tnefSignature {
		return nil, errTNEF
	}
	t := &tnef{lim: lim, codepage: "windows-1252"}
	b = b[6:]
	for len(b) >= 9 {
		level, id := b[0], binary.LittleEndian.Uint32(b[1:])&0xffff
		size := binary.LittleEndian.Uint32(b[5:])
		b = b[9:]
		if uint64(size) > uint64(len(b)) {
			return t, errTNEF
		}
		if err := t.attribute(level, id, b[:size]); err != nil {
			return t, err
		}
		b = b[size:]
		if len(b) >= 2 { // checksum
			b = b[2:]
		}
	}
	return t, nil
}

func (t *tnef) attribute(level byte, id uint32, v []byte) error {
	last := len(t.files) - 1
	switch id {
	case attCodepage:
		if len(v) >= 4 {
			if cp := binary.LittleEndian.Uint32(v); cp == 65001 {
				t.codepage = "utf-8"
			} else if cp > 0 && cp < 70000 {
				t.codepage = "cp" + strconv.Itoa(int(cp))
				if lookup(t.codepage) == nil {
					t.codepage = "windows-" + strconv.Itoa(int(cp))
				}
			}
		}
	case attBody:
		t.text = t.string8(v)
	case attProps:
		return t.messageProps(v)
	case attRendData:
		if len(t.files) < maxTNEFFiles {
			t.files = append(t.files, tnefFile{})
		}
	case attTitle:
		if level == 2 && last >= 0 && t.files[last].name == "" {
			t.files[last].name = t.string8(v)
		}
	case attData:
		if level == 2 && last >= 0 {
			t.files[last].data = v
		}
	case attFileProps:
		if last >= 0 {
			return t.fileProps(&t.files[last], v)
		}
	}
	return nil
}

func (t *tnef) string8(v []byte) string {
	s, _ := ToUTF8([]byte(strings.TrimRight(string(v), "\x00")), t.codepage)
	return s
}

func (t *tnef) messageProps(v []byte) error {
	var rtf []byte
	err := eachProp(v, func(id, typ uint16, data []byte) {
		switch id {
		case propBody:
			t.text = t.propString(typ, data)
		case propHTML:
			if typ == 0x1e || typ == 0x1f {
				t.html = t.propString(typ, data)
				return
			}
			label := metaCharset(data)
			if label == "" {
				label = t.codepage
			}
			t.html, _ = ToUTF8(data, label)
		case propRTF:
			rtf = data
		}
	})
	if len(rtf) > 0 && t.html == "" && t.text == "" {
		if bombed := t.rtf(rtf); bombed != nil {
			return bombed
		}
	}
	return err
}

func (t *tnef) rtf(v []byte) error {
	plain, err := inflateRTF(v, t.lim)
	t.expanded += int64(len(plain))
	if err != nil {
		return err
	}
	text, isHTML := rtfText(plain, t.codepage)
	if isHTML {
		t.html = text
	} else {
		t.text = text
	}
	return nil
}

func (t *tnef) fileProps(f *tnefFile, v []byte) error {
	method := uint32(0)
	var object []byte
	err := eachProp(v, func(id, typ uint16, data []byte) {
		switch id {
		case propLongName:
			f.name = t.propString(typ, data)
		case propName:
			if f.name == "" {
				f.name = t.propString(typ, data)
			}
		case propMIME:
			f.mime = t.propString(typ, data)
		case propContentID:
			f.cid = strings.Trim(t.propString(typ, data), "<> ")
		case propMethod:
			if len(data) >= 4 {
				method = binary.LittleEndian.Uint32(data)
			}
		case propData:
			object = data
			if typ == 13 && len(object) >= 16 { // an object begins with its interface id
				object = object[16:]
			}
		}
	})
	if len(object) > 0 && len(f.data) == 0 {
		f.data = object
	}
	f.embedded = method == 5 && len(f.data) >= 4 && binary.LittleEndian.Uint32(f.data) == tnefSignature
	return err
}

func (t *tnef) propString(typ uint16, v []byte) string {
	if typ != 0x1f {
		return t.string8(v)
	}
	u := make([]uint16, 0, len(v)/2)
	for i := 0; i+1 < len(v); i += 2 {
		c := binary.LittleEndian.Uint16(v[i:])
		if c == 0 && i+4 >= len(v) {
			break
		}
		u = append(u, c)
	}
	return Clean(strings.TrimRight(string(utf16.Decode(u)), "\x00"))
}

// eachProp walks a list of MAPI properties ([MS-OXTNEF] §2.1.3.4). Of several values the first is passed on.
func eachProp(b []byte, f func(id, typ uint16, data []byte)) error {
	r := propReader{b: b}
	count := r.u32()
	for n := uint32(0); n < count && n < 10_000 && !r.bad; n++ {
		head := r.u32()
		typ, id := uint16(head), uint16(head>>16)
		if id >= 0x8000 {
			r.take(16)
			if r.u32() == 0 {
				r.u32()
			} else {
				r.padded(r.u32())
			}
		}
		multi := typ&0x1000 != 0
		values := uint32(1)
		switch kind := typ &^ 0x1000; kind {
		case 0x1e, 0x1f, 13, 0x102:
			values = r.u32()
			for i := uint32(0); i < values && !r.bad; i++ {
				v := r.padded(r.u32())
				if i == 0 && !r.bad {
					f(id, kind, v)
				}
			}
		default:
			if multi {
				values = r.u32()
			}
			size, known := fixedSize[kind]
			if !known {
				return errTNEF
			}
			for i := uint32(0); i < values && !r.bad; i++ {
				v := r.take(size)
				if i == 0 && !r.bad {
					f(id, kind, v)
				}
			}
		}
	}
	if r.bad {
		return errTNEF
	}
	return nil
}

var fixedSize = map[uint16]uint32{0: 0, 1: 0, 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 0x40: 8, 0x48: 16}

type propReader struct {
	b   []byte
	bad bool
}

func (r *propReader) take(n uint32) []byte {
	if r.bad || uint64(n) > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *propReader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// padded takes n bytes and what fills them up to a multiple of four.
func (r *propReader) padded(n uint32) []byte {
	v := r.take(n)
	if pad := (4 - n%4) % 4; pad > 0 && uint32(len(r.b)) >= pad {
		r.take(pad)
	}
	return v
}
