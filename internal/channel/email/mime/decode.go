package mime

import (
	"bytes"
	"encoding/base64"
)

var b64value = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = int8(i)
	}
	return t
}()

// decodeBase64 reads base64 whatever stands between the characters: line ends, missing or early padding, several blocks in
// a row, lines of a list footer after the end. ok is false when the text does not look like base64 at all.
func decodeBase64(src []byte, max int64) (out []byte, bad int, ok bool) {
	n := len(src) / 4 * 3
	if int64(n) > max {
		n = int(max)
	}
	out = make([]byte, 0, n+4)
	if fast, done := fastBase64(src, out, max); done {
		return fast, 0, true
	}
	if bytes.ContainsAny(src, "-_") && !bytes.ContainsAny(src, "+/") && !bytes.ContainsAny(src, " .,:;!?") { // the alphabet of links (RFC 4648 §5)
		src = bytes.Map(func(r rune) rune {
			switch r {
			case '-':
				return '+'
			case '_':
				return '/'
			}
			return r
		}, src)
	}
	var acc uint32
	bits, padded, good, gaps := 0, false, 0, 0
	for i, c := range src {
		v := b64value[c]
		if v < 0 {
			switch c {
			case '\r', '\n', ' ', '\t':
				if c == ' ' && i > 0 && i+1 < len(src) && src[i-1] > ' ' && src[i+1] > ' ' {
					gaps++ // between words
				}
				if c == '\n' && padded && footer(src[i+1:]) {
					return out, bad, true
				}
			case '=':
				acc, bits, padded = 0, 0, true
			default:
				bad++
			}
			continue
		}
		good++
		padded = false
		acc = acc<<6 | uint32(v)
		bits += 6
		if bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
			acc &= 1<<bits - 1
		}
		if int64(len(out)) > max {
			return out, bad, true
		}
	}
	return out, bad, good > 0 && bad*8 < good+8 && gaps*20 <= good || len(bytes.TrimSpace(src)) == 0
}

// fastBase64 takes the ordinary case line by line with the standard decoder.
func fastBase64(src, out []byte, max int64) ([]byte, bool) {
	for len(src) > 0 {
		line, rest := cutLine(src)
		line = bytes.TrimSpace(line)
		if len(line)%4 != 0 {
			return nil, false
		}
		if len(line) > 0 && line[len(line)-1] == '=' && len(bytes.TrimSpace(rest)) > 0 {
			return nil, false
		}
		if int64(len(out)+len(line)/4*3) > max+3 {
			return out, true
		}
		var err error
		if out, err = base64.StdEncoding.AppendDecode(out, line); err != nil {
			return nil, false
		}
		src = rest
	}
	return out, true
}

// footer says whether what follows the padding is prose and no further base64: the next line has a space inside, or none of it is base64.
func footer(rest []byte) bool {
	for len(rest) > 0 {
		var line []byte
		line, rest = cutLine(rest)
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if bytes.IndexByte(line, ' ') > 0 {
			return true
		}
		for _, c := range line {
			if b64value[c] < 0 && c != '=' {
				return true
			}
		}
		return false
	}
	return false
}

// decodeQuoted reads quoted-printable; a "=" that begins nothing stays as it is (RFC 2045 §6.7).
func decodeQuoted(src []byte) (out []byte, bad int) {
	out = make([]byte, 0, len(src))
	for len(src) > 0 {
		i := bytes.IndexByte(src, '\n')
		var line []byte
		eol := ""
		if i < 0 {
			line, src = src, nil
		} else {
			line, src = src[:i], src[i+1:]
			eol = "\n"
			if len(line) > 0 && line[len(line)-1] == '\r' {
				line, eol = line[:len(line)-1], "\r\n"
			}
		}
		line = bytes.TrimRight(line, " \t\r")
		if len(line) > 0 && line[len(line)-1] == '=' {
			line, eol = line[:len(line)-1], ""
		}
		for j := 0; j < len(line); j++ {
			c := line[j]
			if c != '=' {
				out = append(out, c)
				continue
			}
			if j+2 < len(line) && hexValue(line[j+1]) >= 0 && hexValue(line[j+2]) >= 0 {
				out = append(out, byte(hexValue(line[j+1])<<4|hexValue(line[j+2])))
				j += 2
				continue
			}
			bad++
			out = append(out, '=')
		}
		out = append(out, eol...)
	}
	return out, bad
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decodeUU reads a uuencoded body, from "begin MODE NAME" to "end". ok is false when there is none. rest is what surrounds it.
func decodeUU(src []byte) (name string, out, before, after []byte, ok bool) {
	at := 0
	for at < len(src) {
		line, _ := cutLine(src[at:])
		if name, ok = uuBegin(line); ok {
			break
		}
		i := bytes.IndexByte(src[at:], '\n')
		if i < 0 {
			return "", nil, src, nil, false
		}
		at += i + 1
	}
	if !ok {
		return "", nil, src, nil, false
	}
	before = src[:at]
	_, rest := cutLine(src[at:])
	lines := 0
	for len(rest) > 0 {
		var line []byte
		line, after = cutLine(rest)
		if bytes.Equal(bytes.TrimSpace(line), []byte("end")) {
			return name, out, before, after, lines > 0
		}
		if len(line) == 0 || line[0] == '`' {
			rest = after
			continue
		}
		n := int(line[0]-' ') & 63
		if line[0] < ' ' || line[0] > '`' || len(line)-1 < n*4/3 && !uuTrimmed(line) || len(line) > n/3*4+8 {
			return "", nil, src, nil, false
		}
		out = uuLine(out, line[1:], n)
		lines++
		rest = after
	}
	return name, out, before, nil, lines > 2 // cut off: what is there is kept
}

// uuTrimmed says whether a short line may have lost blanks at its end on the way: it has no character that the encoding lacks.
func uuTrimmed(line []byte) bool {
	for _, c := range line {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}

func uuBegin(line []byte) (string, bool) {
	f := bytes.SplitN(line, []byte{' '}, 3)
	if len(f) != 3 || string(f[0]) != "begin" || len(f[1]) < 3 || len(f[1]) > 4 || len(bytes.TrimSpace(f[2])) == 0 {
		return "", false
	}
	for _, c := range f[1] {
		if c < '0' || c > '7' {
			return "", false
		}
	}
	return string(bytes.TrimSpace(f[2])), true
}

func uuLine(out, line []byte, n int) []byte {
	for i := 0; n > 0; i += 4 {
		var v [4]byte
		for j := range v { // what was trimmed were blanks, which are zeros
			if i+j < len(line) {
				v[j] = (line[i+j] - ' ') & 63
			}
		}
		group := [3]byte{v[0]<<2 | v[1]>>4, v[1]<<4 | v[2]>>2, v[2]<<6 | v[3]}
		k := min(n, 3)
		out = append(out, group[:k]...)
		n -= k
	}
	return out
}
