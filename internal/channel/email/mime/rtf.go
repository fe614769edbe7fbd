package mime

import (
	"encoding/binary"
	"strconv"
	"strings"
)

const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier" +
	"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// inflateRTF expands compressed RTF ([MS-OXRTFCP]). The error is a bomb; damaged input gives what could be read.
func inflateRTF(b []byte, lim Limits) ([]byte, error) {
	if len(b) < 16 {
		return nil, nil
	}
	size, magic := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	body := b[16:]
	switch magic {
	case 0x414c454d: // uncompressed
		return body[:min(len(body), int(size))], nil
	case 0x75465a4c:
	default:
		return nil, nil
	}
	most := int64(len(b))*int64(lim.TNEFRatio) + 64<<10
	if most > lim.TNEFExpanded {
		most = lim.TNEFExpanded
	}
	if int64(size) > most {
		return nil, bomb("compression_bomb", "a winmail.dat claims to expand to %d MB", size>>20)
	}
	var dict [4096]byte
	at := copy(dict[:], rtfDictionary)
	out := make([]byte, 0, min(int(size), 1<<20))
	put := func(c byte) {
		out = append(out, c)
		dict[at] = c
		at = (at + 1) & 4095
	}
	for i := 0; i < len(body) && len(out) < int(size); {
		control := body[i]
		i++
		for bit := 0; bit < 8 && i < len(body) && len(out) < int(size); bit++ {
			if control>>bit&1 == 0 {
				put(body[i])
				i++
				continue
			}
			if i+1 >= len(body) {
				return out, nil
			}
			word := int(body[i])<<8 | int(body[i+1])
			i += 2
			offset, length := word>>4, word&15+2
			if offset == at {
				return out, nil
			}
			for n := 0; n < length; n++ {
				put(dict[(offset+n)&4095])
			}
		}
	}
	return out, nil
}

// rtfState is what a group of RTF inherits.
type rtfState struct {
	skip    bool // a destination that is no text
	htmlTag bool // original HTML ([MS-OXRTFEX])
	htmlRTF bool // RTF that stands for HTML given elsewhere
	unicode int  // fallback characters after \u
}

type rtfReader struct {
	out      strings.Builder
	raw      []byte // bytes in the codepage that wait
	codepage string
	st       rtfState
	stack    []rtfState
	fromHTML bool
	swallow  int
}

var rtfSkip = map[string]bool{"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "header": true, "footer": true, "generator": true,
	"themedata": true, "listtable": true, "listoverridetable": true, "rsidtbl": true, "latentstyles": true, "datastore": true, "fldinst": true, "xmlnstbl": true}

// rtfText reads the text of RTF, or the HTML that it was made from.
func rtfText(b []byte, codepage string) (text string, isHTML bool) {
	r := rtfReader{codepage: codepage, st: rtfState{unicode: 1}}
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case '{':
			r.stack = append(r.stack, r.st)
			i++
			if len(r.stack) > 500 {
				return r.done()
			}
		case '}':
			if k := len(r.stack); k > 0 {
				r.st, r.stack = r.stack[k-1], r.stack[:k-1]
			}
			i++
		case '\\':
			i = r.control(b, i+1)
		case '\r', '\n':
			i++
		default:
			r.char(c)
			i++
		}
	}
	return r.done()
}

func (r *rtfReader) done() (string, bool) {
	r.flush()
	return Clean(r.out.String()), r.fromHTML
}

func (r *rtfReader) visible() bool {
	if r.st.skip {
		return false
	}
	return !r.fromHTML || !r.st.htmlRTF || r.st.htmlTag
}

func (r *rtfReader) char(c byte) {
	if r.swallow > 0 {
		r.swallow--
		return
	}
	if r.visible() {
		r.raw = append(r.raw, c)
	}
}

func (r *rtfReader) flush() {
	if len(r.raw) > 0 {
		s, _ := ToUTF8(r.raw, r.codepage)
		r.out.WriteString(s)
		r.raw = r.raw[:0]
	}
}

func (r *rtfReader) write(s string) {
	if r.visible() {
		r.flush()
		r.out.WriteString(s)
	}
}

// control reads one control word or symbol at b[i] and returns what follows it.
func (r *rtfReader) control(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch c := b[i]; c {
	case '\\', '{', '}':
		r.char(c)
		return i + 1
	case '\'':
		if i+2 < len(b) && hexValue(b[i+1]) >= 0 && hexValue(b[i+2]) >= 0 {
			r.char(byte(hexValue(b[i+1])<<4 | hexValue(b[i+2])))
			return i + 3
		}
		return i + 1
	case '*':
		if !(i+9 < len(b) && string(b[i+1:i+9]) == "\\htmltag") && !(i+10 < len(b) && string(b[i+1:i+10]) == "\\mhtmltag") {
			r.st.skip = true
		}
		return i + 1
	case '~':
		r.write("\u00a0")
		return i + 1
	case '_':
		r.write("-")
		return i + 1
	}
	j := i
	for j < len(b) && (b[j]|0x20) >= 'a' && (b[j]|0x20) <= 'z' {
		j++
	}
	if j == i {
		return i + 1
	}
	word := string(b[i:j])
	k := j
	if k < len(b) && b[k] == '-' {
		k++
	}
	for k < len(b) && b[k] >= '0' && b[k] <= '9' && k-j < 11 {
		k++
	}
	n, err := strconv.Atoi(string(b[j:k]))
	r.word(word, n, err == nil)
	if k < len(b) && b[k] == ' ' {
		k++
	}
	return k
}

func (r *rtfReader) word(word string, n int, has bool) {
	switch word {
	case "par", "line", "row", "sect":
		if !r.fromHTML || r.st.htmlTag || !r.st.htmlRTF {
			r.write("\n")
		}
	case "tab", "cell":
		r.write("\t")
	case "lquote", "rquote":
		r.write("'")
	case "ldblquote", "rdblquote":
		r.write("\"")
	case "emdash":
		r.write("—")
	case "endash":
		r.write("–")
	case "bullet":
		r.write("•")
	case "u":
		if has {
			r.write(string(rune(uint16(n))))
			r.swallow = r.st.unicode
		}
	case "uc":
		if has && n >= 0 && n < 10 {
			r.st.unicode = n
		}
	case "ansicpg":
		if has && n > 0 {
			if cp := "windows-" + strconv.Itoa(n); lookup(cp) != nil {
				r.codepage = cp
			}
		}
	case "fromhtml":
		r.fromHTML = true
	case "htmltag", "mhtmltag":
		r.st.htmlTag, r.st.skip = true, word == "mhtmltag"
	case "htmlrtf":
		r.st.htmlRTF = !has || n != 0
	default:
		if rtfSkip[word] {
			r.st.skip = true
		}
	}
}
