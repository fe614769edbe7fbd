package lobby

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// frame is one event of the stream, encoded once for everybody who gets it; seq 0 leaves it unnumbered.
type frame struct {
	seq  int64
	name string
	wire []byte
	data []byte         // within wire
	took desk.MessageID // the team's message in it: whoever is sent this has got it
}

func newFrame(seq int64, name string, data []byte) *frame {
	b := make([]byte, 0, len(data)+len(name)+48)
	if seq > 0 {
		b = append(strconv.AppendInt(append(b, "id: "...), seq, 10), '\n')
	}
	b = append(append(append(b, "event: "...), name...), '\n')
	b = append(append(append(b, "data: "...), data...), "\n\n"...)
	return &frame{seq: seq, name: name, wire: b, data: b[len(b)-2-len(data) : len(b)-2]}
}

func position(name string, seq int64) *frame {
	return newFrame(seq, name, append(strconv.AppendInt([]byte(`{"last":`), seq, 10), '}'))
}

// jittered asks for something within a time, each at a moment of their own.
func jittered(name, field string, within time.Duration) *frame {
	data := append([]byte(`{"`+field+`":`), strconv.FormatInt(rand.Int64N(within.Milliseconds()+1), 10)...)
	return newFrame(0, name, append(data, '}'))
}

var life = &frame{wire: []byte(": still here\n\n")}
