package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/kanalhq/kanal/internal/desk"
)

// Text is what both databases store: valid UTF-8 without NUL. PostgreSQL refuses anything else, and SQLite would keep what can then never be copied; so
// the edge refuses it, in the address, in a header that is stored and in a JSON body. Files are bytes and pass as they are.

var errNotText = refuse(desk.Invalid, "request.not_text", "The request holds a NUL character or bytes that are no UTF-8. Neither can be stored.")

func isText(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

// sound refuses an address whose path or query is no text.
func sound(r *http.Request) error {
	query := r.URL.RawQuery
	if strings.IndexByte(query, '%') >= 0 {
		for pair := range strings.SplitSeq(query, "&") {
			if plain, err := url.QueryUnescape(pair); err == nil && !isText(plain) {
				return errNotText
			}
		}
	}
	if !isText(r.URL.Path) || !isText(query) {
		return errNotText
	}
	return nil
}

// jsonFormat reads JSON bodies that hold text only. Bytes that are no UTF-8 become the replacement character, as encoding/json has it.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(b []byte, v any) error {
	if escapesNUL(b) {
		return errNotText
	}
	return json.Unmarshal(b, v)
}}

// escapesNUL finds \u0000 in JSON, the only way to write a NUL in it; a backslash that is itself escaped does not count.
func escapesNUL(b []byte) bool {
	for i := 0; i+1 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		if i+6 <= len(b) && string(b[i+1:i+6]) == "u0000" {
			return true
		}
		i++
	}
	return false
}
