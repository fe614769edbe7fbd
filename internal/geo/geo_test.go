package geo_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/geo"
)

// database writes a small MaxMind DB, as the format's specification 2.0 has it: a binary search tree with records of 24 bits, a data section, metadata.
func database(t *testing.T, kind string, networks map[string]string) string {
	t.Helper()
	str := func(s string) []byte { return append([]byte{2<<5 | byte(len(s))}, s...) }
	var data bytes.Buffer
	at := map[string]int{}
	for _, iso := range networks {
		if _, ok := at[iso]; ok {
			continue
		}
		at[iso] = data.Len()
		data.WriteByte(7<<5 | 1) // a map of one pair
		data.Write(str("country"))
		data.WriteByte(7<<5 | 1)
		data.Write(str("iso_code"))
		data.Write(str(iso))
	}
	type node [2]int // -1: nothing; below zero: data at -(n+2); else a node
	nodes := []node{{-1, -1}}
	for network, iso := range networks {
		p := netip.MustParsePrefix(network)
		b := p.Addr().As16()
		bits := p.Bits()
		if p.Addr().Is4() { // IPv4 lies under ::/96 in a tree of IPv6
			four := p.Addr().As4()
			b = [16]byte{}
			copy(b[12:], four[:])
			bits += 96
		}
		n := 0
		for i := range bits {
			bit := int(b[i/8]>>(7-i%8)) & 1
			if i == bits-1 {
				nodes[n][bit] = -(at[iso] + 2)
				break
			}
			if nodes[n][bit] < 0 {
				nodes = append(nodes, node{-1, -1})
				nodes[n][bit] = len(nodes) - 1
			}
			n = nodes[n][bit]
		}
	}
	var out bytes.Buffer
	for _, n := range nodes {
		for _, v := range n {
			r := v
			switch {
			case v == -1:
				r = len(nodes)
			case v < 0:
				r = len(nodes) + 16 + (-v - 2)
			}
			out.Write([]byte{byte(r >> 16), byte(r >> 8), byte(r)})
		}
	}
	out.Write(make([]byte, 16))
	out.Write(data.Bytes())
	out.WriteString("\xAB\xCD\xEFMaxMind.com")
	u16 := func(n int) []byte { return append([]byte{5<<5 | 2}, binary.BigEndian.AppendUint16(nil, uint16(n))...) }
	u32 := func(n int) []byte { return append([]byte{6<<5 | 4}, binary.BigEndian.AppendUint32(nil, uint32(n))...) }
	out.WriteByte(7<<5 | 9)
	for _, f := range []struct {
		name  string
		value []byte
	}{
		{"binary_format_major_version", u16(2)}, {"binary_format_minor_version", u16(0)}, {"build_epoch", []byte{0<<5 | 8, 2, 0, 0, 0, 0, 0x60, 0, 0, 0}},
		{"database_type", str(kind)}, {"description", []byte{7 << 5}}, {"ip_version", u16(6)}, {"languages", []byte{0<<5 | 0, 4}}, {"node_count", u32(len(nodes))}, {"record_size", u16(24)},
	} {
		out.Write(str(f.name))
		out.Write(f.value)
	}
	path := filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// CF-15: the country of a visitor, when a database is given.
func TestCountryOfAnAddress(t *testing.T) {
	d, err := geo.Open(database(t, "Test-Country", map[string]string{"192.0.2.0/24": "DK", "198.51.100.128/25": "SE", "2001:db8:1::/48": "FI"}))
	if err != nil {
		t.Fatal(err)
	}
	for ip, want := range map[string]string{
		"192.0.2.7": "DK", "::ffff:192.0.2.7": "DK", "198.51.100.200": "SE", "198.51.100.3": "", "2001:db8:1::9": "FI", "2001:db8:2::9": "", "10.0.0.1": "", "nonsense": "", "": "",
	} {
		if got := d.Country(ip); got != want {
			t.Errorf("%s: %q, want %q", ip, got, want)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if got := d.Country("192.0.2.7"); got != "" {
		t.Errorf("a closed database says %q", got)
	}
}

func TestWithoutADatabase(t *testing.T) {
	d, err := geo.Open("")
	if err != nil || d.Country("192.0.2.7") != "" || d.Close() != nil {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "x.mmdb")
	if err := os.WriteFile(bad, []byte("not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, reason := range map[string]string{bad: "geo.unreadable", bad + ".missing": "geo.unreadable", database(t, "Test-ASN", map[string]string{"192.0.2.0/24": "DK"}): "geo.no_countries"} {
		if _, err := geo.Open(path); desk.ReasonOf(err) != reason {
			t.Errorf("%s: %v", path, err)
		}
	}
}
