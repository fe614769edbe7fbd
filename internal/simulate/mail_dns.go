package simulate

import (
	"fmt"
	"net"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// DNS is a name server with a few records: for SPF, DKIM, DMARC and MX.
type DNS struct {
	pc net.PacketConn
	wg sync.WaitGroup

	mu      sync.Mutex
	records map[string][]string
	silent  bool
	asked   map[string]int
}

// NewDNS starts a server. Records are keyed "TXT name", "MX name" or "A name"; what is not listed does not exist.
func NewDNS(records map[string][]string) (*DNS, error) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("simulate: dns: %w", err)
	}
	d := &DNS{pc: pc, records: map[string][]string{}, asked: map[string]int{}}
	for k, v := range records {
		d.records[strings.ToLower(k)] = v
	}
	d.wg.Add(1)
	go d.serve()
	return d, nil
}

// Addr is host:port of the server.
func (d *DNS) Addr() string { return d.pc.LocalAddr().String() }

// Close ends the server.
func (d *DNS) Close() {
	d.pc.Close()
	d.wg.Wait()
}

// SetSilent makes the server keep silent.
func (d *DNS) SetSilent(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent = on
}

// Asked counts queries for a key.
func (d *DNS) Asked(key string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked[strings.ToLower(key)]
}

func (d *DNS) serve() {
	defer d.wg.Done()
	buf := make([]byte, 4096)
	for {
		n, from, err := d.pc.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply := d.answer(buf[:n]); reply != nil {
			_, _ = d.pc.WriteTo(reply, from) // a lost answer is asked for again
		}
	}
}

func (d *DNS) answer(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	kind := map[dnsmessage.Type]string{dnsmessage.TypeTXT: "txt", dnsmessage.TypeMX: "mx", dnsmessage.TypeA: "a"}[q.Type]
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked[kind+" "+name]++
	if d.silent {
		return nil
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	values := d.records[kind+" "+name]
	if len(values) == 0 && !d.exists(name) {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, v := range values {
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}}
		switch kind {
		case "txt":
			var parts []string
			for len(v) > 255 {
				parts, v = append(parts, v[:255]), v[255:]
			}
			r.Body = &dnsmessage.TXTResource{TXT: append(parts, v)}
		case "mx":
			r.Body = &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(v + ".")}
		case "a":
			r.Body = &dnsmessage.AResource{A: [4]byte(net.ParseIP(v).To4())}
		}
		m.Answers = append(m.Answers, r)
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

func (d *DNS) exists(name string) bool {
	for k := range d.records {
		if strings.HasSuffix(k, " "+name) {
			return true
		}
	}
	return false
}
