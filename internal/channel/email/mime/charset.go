package mime

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// aliases are names seen in mail that the registries do not have, or have for a narrower set than senders mean.
var aliases = map[string]encoding.Encoding{
	"iso-8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "latin-1": charmap.Windows1252, "iso8859-1": charmap.Windows1252,
	"iso_8859-1": charmap.Windows1252, "iso-8859-1-windows-3.1-latin-1": charmap.Windows1252, "ansi": charmap.Windows1252, "cp1252": charmap.Windows1252,
	"x-ansi": charmap.Windows1252, "windows1252": charmap.Windows1252, "iso-8859-9": charmap.Windows1254, "iso-8859-11": charmap.Windows874,
	"tis-620": charmap.Windows874, "cp874": charmap.Windows874, "ibm874": charmap.Windows874, "x-mac-thai": charmap.Windows874, "gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "gb_2312-80": simplifiedchinese.GB18030,
	"x-gbk": simplifiedchinese.GB18030, "cp936": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030, "euc-cn": simplifiedchinese.GB18030,
	"x-euc-cn": simplifiedchinese.GB18030, "ms936": simplifiedchinese.GB18030, "windows-936": simplifiedchinese.GB18030,
	"hz": simplifiedchinese.HZGB2312, "hz-gb-2312": simplifiedchinese.HZGB2312,
	"ks_c_5601-1987": korean.EUCKR, "ks_c_5601": korean.EUCKR, "cp949": korean.EUCKR, "ms949": korean.EUCKR, "uhc": korean.EUCKR, "windows-949": korean.EUCKR,
	"x-windows-949": korean.EUCKR, "big5-hkscs": traditionalchinese.Big5, "cp950": traditionalchinese.Big5, "big5hkscs": traditionalchinese.Big5,
	"x-sjis": japanese.ShiftJIS, "sjis": japanese.ShiftJIS, "cp932": japanese.ShiftJIS, "ms932": japanese.ShiftJIS, "ms_kanji": japanese.ShiftJIS,
	"windows-31j": japanese.ShiftJIS, "x-ms-cp932": japanese.ShiftJIS, "shift-jis": japanese.ShiftJIS, "cp51932": japanese.EUCJP, "x-euc-jp": japanese.EUCJP,
	"iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP, "iso-2022-jp-3": japanese.ISO2022JP, "iso-2022-jp-ms": japanese.ISO2022JP,
	"cp50220": japanese.ISO2022JP, "cp50221": japanese.ISO2022JP, "cp50222": japanese.ISO2022JP, "iso2022jp": japanese.ISO2022JP,
	"cp1250": charmap.Windows1250, "cp1251": charmap.Windows1251, "win-1251": charmap.Windows1251, "windows1251": charmap.Windows1251,
	"cp1253": charmap.Windows1253, "cp1254": charmap.Windows1254, "cp1255": charmap.Windows1255, "cp1256": charmap.Windows1256,
	"cp1257": charmap.Windows1257, "cp1258": charmap.Windows1258, "koi8r": charmap.KOI8R, "koi-8-r": charmap.KOI8R, "koi8-ru": charmap.KOI8U,
	"koi8": charmap.KOI8R, "cp850": charmap.CodePage850, "cp437": charmap.CodePage437, "cp866": charmap.CodePage866, "cp852": charmap.CodePage852,
	"x-mac-roman": charmap.Macintosh, "macintosh": charmap.Macintosh, "mac": charmap.Macintosh, "x-mac-cyrillic": charmap.MacintoshCyrillic,
	"iso-8859-8-i": charmap.ISO8859_8, "iso-8859-8-e": charmap.ISO8859_8, "iso-8859-6-e": charmap.ISO8859_6, "iso-8859-6-i": charmap.ISO8859_6,
	"utf-16": xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM), "ucs-2": xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM),
	"iso-10646-ucs-2": xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM), "unicode": xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM),
	"utf-32": utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "utf-32be": utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
	"utf-32le": utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), "ucs-4": utf32.UTF32(utf32.BigEndian, utf32.UseBOM),
}

// unknown are labels that say nothing.
var unknown = map[string]bool{
	"": true, "us-ascii": true, "ascii": true, "ansi_x3.4-1968": true, "iso646-us": true, "unknown-8bit": true, "x-unknown": true, "unknown": true, "8bit": true,
	"7bit": true, "binary": true, "default": true, "default_charset": true, "none": true, "_autodetect": true, "x-user-defined": true, "iso-8859-1?": true,
}

// sixteen are labels of UTF-16 that leave the byte order to a mark.
var sixteen = map[string]bool{"utf-16": true, "ucs-2": true, "iso-10646-ucs-2": true, "unicode": true, "utf-16be": true}

func cleanLabel(label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\"'<>;,*"))
	label = strings.TrimPrefix(label, "charset=")
	label = strings.TrimPrefix(label, "cs")
	if i := strings.IndexAny(label, " ;*"); i > 0 {
		label = label[:i]
	}
	return strings.ReplaceAll(label, "_", "_")
}

func isUTF8(label string) bool {
	switch label {
	case "utf-8", "utf8", "utf_8", "unicode-1-1-utf-8", "utf-8-mac", "x-utf-8", "utf8mb4", "cp65001", "utf-8bom", "utf":
		return true
	}
	return false
}

func isUTF7(label string) bool {
	switch label {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "unicode-2-0-utf-7", "cp65000":
		return true
	}
	return false
}

func lookup(label string) encoding.Encoding {
	if e, ok := aliases[label]; ok {
		return e
	}
	if e, ok := codePages[label]; ok {
		return e
	}
	if e, err := htmlindex.Get(label); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(label); err == nil && e != nil {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(label); err == nil && e != nil {
		return e
	}
	alt := strings.NewReplacer("_", "-", "iso8859", "iso-8859", "iso-8859_", "iso-8859-", "windows-cp", "windows-", "x-windows-", "windows-").Replace(label)
	if alt != label {
		if e, ok := aliases[alt]; ok {
			return e
		}
		if e, err := htmlindex.Get(alt); err == nil && e != encoding.Replacement {
			return e
		}
	}
	return nil
}

// ToUTF8 reads bytes in a labelled charset. A label that is missing, unknown or plainly wrong is replaced by what the
// bytes look like; problem then says so in words. The result is valid UTF-8 without NUL.
func ToUTF8(b []byte, label string) (s, problem string) {
	label = cleanLabel(label)
	b = trimBOM(b, &label)
	ascii := isASCII(b)
	switch {
	case isUTF7(label):
		return Clean(decodeUTF7(b)), ""
	case strings.HasPrefix(label, "iso-2022-kr"):
		return Clean(iso2022KR(b)), ""
	case ascii && bytes.IndexByte(b, 0x1b) < 0 && !strings.HasPrefix(label, "utf-16") && !strings.HasPrefix(label, "utf-32") &&
		!strings.HasPrefix(label, "ucs") && !strings.HasPrefix(label, "hz") && label != "unicode" && !strings.HasPrefix(label, "iso-10646"):
		return Clean(string(b)), ""
	case isUTF8(label) && utf8.Valid(b):
		return Clean(string(b)), ""
	case isUTF8(label):
		return fixUTF8(b), "The text is labelled UTF-8 but is not; unreadable bytes were replaced."
	case unknown[label]:
		e, name := detect(b)
		if name == "utf-8" || ascii {
			return decodeWith(b, e), ""
		}
		return decodeWith(b, e), "The text has no usable character set label; it was read as " + name + "."
	}
	e := lookup(label)
	if sixteen[label] && !bytes.HasPrefix(b, []byte{0xff, 0xfe}) && !bytes.HasPrefix(b, []byte{0xfe, 0xff}) && littleEndian(b) {
		e = xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM)
	}
	if e == nil {
		g, name := detect(b)
		return decodeWith(b, g), "The character set \"" + shorten(Clean(label), 40) + "\" is unknown; the text was read as " + name + "."
	}
	if utf8.Valid(b) && singleByte(e) && multiByteRunes(b) >= 1 && plausible(string(b)) {
		return Clean(string(b)), "The text is labelled " + shorten(Clean(label), 40) + " but is UTF-8."
	}
	s = decodeWith(b, e)
	if n := strings.Count(s, "\uFFFD"); n > 0 && n > len(b)/200 {
		if utf8.Valid(b) {
			return Clean(string(b)), "The text is labelled " + shorten(Clean(label), 40) + " but is UTF-8."
		}
		if g, name := detect(b); name != "windows-1252" {
			if alt := decodeWith(b, g); strings.Count(alt, "\uFFFD") < n {
				return alt, "The text is labelled " + shorten(Clean(label), 40) + "; it was read as " + name + "."
			}
		}
		return s, "Some characters do not belong to the character set " + shorten(Clean(label), 40) + "; they were replaced."
	}
	return s, ""
}

func trimBOM(b []byte, label *string) []byte {
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		if unknown[*label] || isUTF8(*label) || utf8.Valid(b) {
			*label = "utf-8"
		}
		return b[3:]
	case len(b) >= 4 && (bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff})) && unknown[*label]:
		*label = "utf-16"
	}
	return b
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func singleByte(e encoding.Encoding) bool {
	switch e.(type) {
	case *charmap.Charmap, codePage:
		return true
	}
	return false
}

func multiByteRunes(b []byte) int {
	n := 0
	for i := 0; i < len(b); {
		_, w := utf8.DecodeRune(b[i:])
		if w > 1 {
			n++
		}
		i += w
	}
	return n
}

// plausible says whether text reads like text: no C1 controls, no unassigned characters.
func plausible(s string) bool {
	for _, r := range s {
		if r >= 0x80 && r < 0xa0 || r >= 0xe000 && r < 0xf900 {
			return false
		}
	}
	return true
}

func decodeWith(b []byte, e encoding.Encoding) string {
	if e == nil || e == encoding.Nop || e == xunicode.UTF8 {
		return Clean(string(b))
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return Clean(string(out)) + fixUTF8(b[min(len(b), len(out)):])
	}
	return Clean(string(out))
}

// fixUTF8 reads invalid bytes of mostly valid UTF-8 as windows-1252, and wholly other text by detection.
func fixUTF8(b []byte) string {
	valid, invalid := 0, 0
	for i := 0; i < len(b); {
		r, w := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && w <= 1 {
			invalid++
		} else if w > 1 {
			valid++
		}
		i += w
	}
	if invalid > valid {
		e, _ := detect(b)
		return decodeWith(b, e)
	}
	var out strings.Builder
	for i := 0; i < len(b); {
		r, w := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && w <= 1 {
			if i+4 > len(b) && !utf8.FullRune(b[i:]) || valid > 4*invalid {
				r = utf8.RuneError
			} else {
				r = charmap.Windows1252.DecodeByte(b[i])
			}
			w = 1
		}
		out.WriteRune(r)
		i += w
	}
	return Clean(out.String())
}

// Clean makes any string fit for storage and display: valid UTF-8, no NUL, no other C0 controls but tab and line ends.
func Clean(s string) string {
	ok := utf8.ValidString(s)
	if ok {
		i := strings.IndexFunc(s, badRune)
		if i < 0 {
			return s
		}
	}
	return strings.Map(func(r rune) rune {
		if badRune(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func badRune(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r >= 0x80 && r < 0xa0 && r != 0x85 || r >= 0xd800 && r < 0xe000
}

func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}

// decodeUTF7 reads RFC 2152; sequences that are none stay as they are.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); {
		if b[i] != '+' {
			if b[i] >= 0x80 {
				out.WriteRune(charmap.Windows1252.DecodeByte(b[i]))
			} else {
				out.WriteByte(b[i])
			}
			i++
			continue
		}
		j := i + 1
		for j < len(b) && b64value[b[j]] >= 0 {
			j++
		}
		if j == i+1 {
			out.WriteByte('+')
			if j < len(b) && b[j] == '-' {
				j++
			}
			i = j
			continue
		}
		raw, _, _ := decodeBase64(b[i+1:j], int64(j-i))
		units := make([]uint16, 0, len(raw)/2)
		for k := 0; k+1 < len(raw); k += 2 {
			units = append(units, uint16(raw[k])<<8|uint16(raw[k+1]))
		}
		out.WriteString(string(utf16.Decode(units)))
		if j < len(b) && b[j] == '-' {
			j++
		}
		i = j
	}
	return out.String()
}

// detect guesses the charset of 8-bit text from its first bytes.
func detect(b []byte) (encoding.Encoding, string) {
	if len(b) > 16<<10 {
		b = b[:16<<10]
		for n := 0; n < 4 && len(b) > 0 && !utf8.Valid(b); n++ { // do not split a character
			b = b[:len(b)-1]
		}
	}
	if bytes.IndexByte(b, 0x1b) >= 0 && isASCII(b) {
		for _, esc := range [...]string{"\x1b$B", "\x1b$@", "\x1b(J", "\x1b(I", "\x1b$(D"} {
			if bytes.Contains(b, []byte(esc)) {
				return japanese.ISO2022JP, "iso-2022-jp"
			}
		}
	}
	if utf8.Valid(b) {
		return xunicode.UTF8, "utf-8"
	}
	best, name, top := encoding.Encoding(charmap.Windows1252), "windows-1252", 0
	for _, c := range candidates {
		if s := score(b, c.enc, c.script); s > top {
			best, name, top = c.enc, c.name, s
		}
	}
	return best, name
}

type candidate struct {
	name   string
	enc    encoding.Encoding
	script *unicode.RangeTable
}

var candidates = []candidate{
	{"windows-1252", charmap.Windows1252, unicode.Latin}, {"windows-1250", charmap.Windows1250, unicode.Latin},
	{"windows-1251", charmap.Windows1251, unicode.Cyrillic}, {"koi8-r", charmap.KOI8R, unicode.Cyrillic},
	{"windows-1253", charmap.Windows1253, unicode.Greek}, {"windows-1255", charmap.Windows1255, unicode.Hebrew},
	{"windows-1256", charmap.Windows1256, unicode.Arabic}, {"shift_jis", japanese.ShiftJIS, nil}, {"euc-jp", japanese.EUCJP, nil},
	{"gb18030", simplifiedchinese.GB18030, nil}, {"big5", traditionalchinese.Big5, nil}, {"euc-kr", korean.EUCKR, unicode.Hangul},
}

// score rates how much bytes read in an encoding look like text of its script, in thousandths of its non-ASCII characters.
func score(b []byte, e encoding.Encoding, script *unicode.RangeTable) int {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return 0
	}
	text := []rune(string(out))
	var high, points, run int
	for i, r := range text {
		if r < 0x80 {
			run = 0
			continue
		}
		high++
		run++
		switch {
		case r == utf8.RuneError || r >= 0xe000 && r < 0xf900 || r >= 0x80 && r < 0xa0:
			points -= 8
		case script == unicode.Latin:
			points += latinPoints(r, run)
		case script != nil:
			points += scriptPoints(text, i, script)
		default:
			points += eastAsian(r)
		}
	}
	if high == 0 {
		return 0
	}
	return 1000 * points / high
}

func latinPoints(r rune, run int) int {
	switch {
	case run > 3: // accents do not stand in rows
		return -1
	case strings.ContainsRune("äöüßéèêëàâçñøåæôîïûùáíóúÄÖÜÉÀÅØÆąćęłńśźżčďěňřšťůýžőűŁŚŻŠČŘŽãõìò", r):
		return 1
	case strings.ContainsRune("€–—‘’“”„«»…·©®°§£¿¡\u00a0", r):
		return 1
	case unicode.Is(unicode.Latin, r):
		return 0
	}
	return -1
}

// scriptPoints rates a letter of a script that does not mix with ASCII letters inside a word and does not change case there.
func scriptPoints(text []rune, i int, script *unicode.RangeTable) int {
	r := text[i]
	if !unicode.Is(script, r) {
		if unicode.IsPunct(r) || r == 0xa0 {
			return 0
		}
		return -2
	}
	for _, k := range [2]int{i - 1, i + 1} {
		if k >= 0 && k < len(text) && text[k] < 0x80 && unicode.IsLetter(text[k]) {
			return -2
		}
	}
	if i > 0 && unicode.IsUpper(r) && unicode.IsLower(text[i-1]) {
		return -1
	}
	return 1
}

// eastAsian rates a character: kana and common ideographs 1, punctuation of these scripts 1, rare ideographs 0, others -1.
func eastAsian(r rune) int {
	switch {
	case r >= 0x3040 && r < 0x3100, r >= 0x3000 && r < 0x3040, r >= 0xff00 && r < 0xff60:
		return 1
	case commonHan[r]:
		return 1
	case r >= 0x4e00 && r < 0xa000:
		return 0
	}
	return -1
}

var commonHan = func() map[rune]bool {
	m := map[rune]bool{}
	for _, r := range "的一是不了人我在有他这中大来上国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让認這個們來對時說國會為學過後點發經現實話電問給業間嗎樣動頭開關長門東無見書車請訂單退款謝謝您客服貨日本語件名返信注文送料金確認願致様方今後" {
		m[r] = true
	}
	return m
}()
