package lobby

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/sse"
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
	b := sse.Event(seq, name, data)
	return &frame{seq: seq, name: name, wire: b, data: b[len(b)-2-len(data) : len(b)-2]}
}

func position(name string, seq int64) *frame { return newFrame(seq, name, sse.Last(seq)) }

// jittered asks for something within a time, each at a moment of their own.
func jittered(name, field string, within time.Duration) *frame {
	data := append([]byte(`{"`+field+`":`), strconv.FormatInt(rand.Int64N(within.Milliseconds()+1), 10)...)
	return newFrame(0, name, append(data, '}'))
}

var life = &frame{wire: sse.Alive}
