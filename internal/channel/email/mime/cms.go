package mime

import "bytes"

// An S/MIME message may carry its text inside the signature (RFC 8551 §3.5.2): CMS SignedData in BER. Only the content is taken out; the
// signature is not checked here, and the original stays a file.

var oidSignedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

// maxBER is how deep BER values of unknown length may nest.
const maxBER = 12

// berNext reads one value: its tag, its content and what follows.
func berNext(b []byte, depth int) (tag byte, body, rest []byte, ok bool) {
	if len(b) < 2 || depth > maxBER {
		return 0, nil, nil, false
	}
	tag = b[0]
	n, at := int(b[1]), 2
	switch {
	case n == 0x80: // to the end mark
		if tag&0x20 == 0 {
			return 0, nil, nil, false
		}
		rest = b[2:]
		for {
			if len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
				return tag, b[2 : len(b)-len(rest)], rest[2:], true
			}
			if _, _, rest, ok = berNext(rest, depth+1); !ok {
				return 0, nil, nil, false
			}
		}
	case n > 0x80:
		k := n & 0x7f
		if k > 4 || len(b) < 2+k {
			return 0, nil, nil, false
		}
		n = 0
		for _, c := range b[2 : 2+k] {
			n = n<<8 | int(c)
		}
		at += k
	}
	if n < 0 || n > len(b)-at {
		return 0, nil, nil, false
	}
	return tag, b[at : at+n], b[at+n:], true
}

// berPath walks into nested values: at each step it skips to the first value with the tag and enters it.
func berPath(b []byte, tags ...byte) ([]byte, bool) {
	for _, want := range tags {
		for n := 0; ; n++ {
			tag, body, rest, ok := berNext(b, 0)
			if !ok || n > 8 {
				return nil, false
			}
			if tag == want {
				b = body
				break
			}
			b = rest
		}
	}
	return b, true
}

// signedContent returns the content inside CMS SignedData, or nil.
func signedContent(b []byte) []byte {
	outer, ok := berPath(b, 0x30)
	if !ok {
		return nil
	}
	tag, oid, rest, ok := berNext(outer, 0)
	if !ok || tag != 0x06 || !bytes.Equal(oid, oidSignedData) {
		return nil
	}
	info, ok := berPath(rest, 0xa0, 0x30, 0x30, 0xa0) // [0] → SignedData → encapContentInfo → eContent
	if !ok {
		return nil
	}
	tag, body, _, ok := berNext(info, 0)
	if !ok {
		return nil
	}
	if tag == 0x04 {
		return body
	}
	if tag != 0x24 {
		return nil
	}
	var out []byte
	for len(body) > 0 { // a string in pieces
		var piece []byte
		if tag, piece, body, ok = berNext(body, 0); !ok || tag != 0x04 {
			break
		}
		out = append(out, piece...)
	}
	return out
}

// opaque shows the content of an opaquely signed part. It returns false when there is none to show.
func (c *collector) opaque(p *Part) bool {
	content := signedContent(c.t.Decode(p))
	if len(content) == 0 || p.Depth >= c.t.lim.Depth {
		return false
	}
	inner, err := c.t.entity(content, p.Depth+1, "text/plain")
	if err != nil {
		c.err = err
		return true
	}
	c.walk(inner, place{root: true})
	return true
}
