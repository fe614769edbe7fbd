// Package geo says from which country a request comes, by a database in the MaxMind DB format that the installation may name (--geo-db): GeoLite2-Country,
// DB-IP and others. It ships no data and asks nobody. Without a database, and for addresses that it does not know, the country is unknown. The widget's
// edge calls it, for rules that ask for a country (CF-15).
package geo

import (
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/oschwald/maxminddb-golang/v2"
)

// DB is an open database. Safe for concurrent use; a nil one knows no country.
type DB struct {
	reader atomic.Pointer[maxminddb.Reader]
}

// Open reads the file at path; "" gives nil. A file that is no such database, or has no countries in it, is refused with a sentence.
func Open(path string) (*DB, error) {
	if path == "" {
		return nil, nil
	}
	r, err := maxminddb.Open(path)
	if err != nil {
		return nil, desk.Errorf(desk.Invalid, "geo.unreadable", "%s cannot be read as a MaxMind DB. Name a country or city database (.mmdb), or leave --geo-db out.", path).Because(err)
	}
	if kind := strings.ToLower(r.Metadata.DatabaseType); !strings.Contains(kind, "country") && !strings.Contains(kind, "city") && !strings.Contains(kind, "enterprise") {
		r.Close()
		return nil, desk.Errorf(desk.Invalid, "geo.no_countries", "%s is a database of the kind %s, which has no countries. Name a country or city database.", path, r.Metadata.DatabaseType)
	}
	d := &DB{}
	d.reader.Store(r)
	return d, nil
}

// Country is the two letters of ISO 3166 of an address, in capitals, or "".
func (d *DB) Country(ip string) string {
	if d == nil {
		return ""
	}
	a, err := netip.ParseAddr(ip)
	r := d.reader.Load()
	if err != nil || r == nil {
		return ""
	}
	var code string
	if err := r.Lookup(a.Unmap().WithZone("")).DecodePath(&code, "country", "iso_code"); err != nil || len(code) != 2 {
		return ""
	}
	return strings.ToUpper(code)
}

// Close ends the use of the file; a nil DB has nothing to close.
func (d *DB) Close() error {
	if d == nil {
		return nil
	}
	if r := d.reader.Swap(nil); r != nil {
		if err := r.Close(); err != nil {
			return fmt.Errorf("geo: close: %w", err)
		}
	}
	return nil
}
