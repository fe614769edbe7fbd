package submission

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/netx"
)

// Signs are what tells a person from a program, without anybody else being asked.
type Signs struct {
	Stamp  string // when the form was shown, signed; "" for a form that somebody wrote themselves
	Work   string // the proof of work, where a script ran
	Trap   string // the field that no person sees
	Answer string // to the question, where the form asks one
}

// AnswerName is the field of the question, in faults.
const AnswerName = "kanal_answer"

// FaultAnswer and FaultStale: the question was answered wrongly, or asked too long ago.
const (
	FaultAnswer = "captcha"
	FaultStale  = "stale"
)

// Why a submission is held.
const (
	HeldTrap     = "honeypot"
	HeldFast     = "too_fast"
	HeldOld      = "too_old"
	HeldUnsigned = "unsigned"
	HeldWork     = "bad_work"
	HeldLinks    = "links"
	HeldMany     = "too_many"
)

const (
	stampLife    = 24 * time.Hour
	fastStandard = 2 * time.Second
	fastStrict   = 4 * time.Second
	// DefaultWork and StrictWork are the bits of the proof: a tenth of a second and a second of a phone.
	DefaultWork = 14
	StrictWork  = 17
)

// WorkOf is how many bits a form asks for.
func WorkOf(d form.Definition) int {
	switch {
	case d.Options.Spam == "off":
		return 0
	case d.Options.Work > 0:
		return d.Options.Work
	case d.Options.Spam == "strict":
		return StrictWork
	}
	return DefaultWork
}

func fresh() string { return rand.Text() }

// Stamp signs that a form is shown now. It carries nothing that tells who saw it.
func (s *Service) Stamp(f desk.FormID) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.Clock.Now().UnixMilli()))
	_, _ = rand.Read(b[8:])
	body := base64.RawURLEncoding.EncodeToString(b[:])
	return body + "." + s.mac("stamp", f, body)
}

func (s *Service) mac(what string, f desk.FormID, body string) string {
	m := hmac.New(sha256.New, s.Key)
	m.Write([]byte(what + "\x00" + f.String() + "\x00" + body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:18])
}

// shown is when a stamp was made; ok is false for one that is not ours.
func (s *Service) shown(f desk.FormID, stamp string) (at time.Time, ok bool) {
	body, mac, _ := strings.Cut(stamp, ".")
	if !hmac.Equal([]byte(mac), []byte(s.mac("stamp", f, body))) {
		return at, false
	}
	b, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || len(b) != 16 {
		return at, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]))), true
}

// young reports whether a stamp is ours and not so old that nothing is remembered of it any more.
func (s *Service) young(f desk.FormID, stamp string) bool {
	at, ok := s.shown(f, stamp)
	return ok && s.Clock.Now().Sub(at) <= stampLife
}

// Question is what a stamp asks: two numbers to add, of one digit each.
func (s *Service) Question(f desk.FormID, stamp string) (a, b int) {
	m := hmac.New(sha256.New, s.Key)
	m.Write([]byte("question\x00" + f.String() + "\x00" + stamp))
	sum := m.Sum(nil)
	return 1 + int(sum[0])%9, 1 + int(sum[1])%9
}

// question checks the answer to a form's question. One answer lets one submission through.
func (s *Service) question(f form.Form, in Signs, spent bool) *form.Fault {
	if !f.Definition.Options.Captcha {
		return nil
	}
	if spent || !s.young(f.ID, in.Stamp) {
		return &form.Fault{Code: FaultStale}
	}
	a, b := s.Question(f.ID, in.Stamp)
	if n, err := strconv.Atoi(strings.TrimSpace(in.Answer)); err != nil || n != a+b {
		return &form.Fault{Code: FaultAnswer}
	}
	return nil
}

// Worked checks a proof: a number that, after the stamp, makes a hash begin with so many zero bits.
func Worked(stamp, work string, want int) bool {
	if len(work) == 0 || len(work) > 24 {
		return false
	}
	sum := sha256.Sum256([]byte(stamp + ":" + work))
	zero := 0
	for _, b := range sum {
		n := bits.LeadingZeros8(b)
		if zero += n; n < 8 {
			break
		}
	}
	return zero >= want
}

// Reads refuses a line that sends too much, before anything of it is read.
func (s *Service) Reads(ip string) error { return s.pace.reading(ip) }

// weigh says why a submission looks like a program's; nothing for a person's. The error is for more than anybody may send. What was worked for a stamp that is spent
// counts for nothing: such a submission is weighed as one without.
func (s *Service) weigh(ctx context.Context, in In, x form.Submission, spent bool) ([]string, error) {
	o := in.Form.Definition.Options
	if !in.Trusted {
		if err := s.pace.hard(in.IP); err != nil {
			return nil, err
		}
	}
	if o.OncePer > 0 {
		again, err := s.again(ctx, in, x, time.Duration(o.OncePer)*time.Minute)
		if err != nil {
			return nil, err
		}
		if again {
			return nil, desk.Errorf(desk.RateLimited, "form.once", "This form was sent a moment ago. Wait a little before you send it again.").After(time.Duration(o.OncePer) * time.Minute)
		}
	}
	if o.Spam == "off" {
		return nil, nil
	}
	strict := o.Spam == "strict"
	var why []string
	add := func(is bool, reason string) {
		if is {
			why = append(why, reason)
		}
	}
	add(in.Signs.Trap != "", HeldTrap)
	fast := fastStandard
	if strict {
		fast = fastStrict
	}
	at, signed := s.shown(in.Form.ID, in.Signs.Stamp)
	took := s.Clock.Now().Sub(at)
	add(signed && took < fast, HeldFast)
	add(signed && strict && took > stampLife, HeldOld)
	add(!signed && !in.Trusted && (strict || in.Signs.Stamp != ""), HeldUnsigned)
	done := signed && Worked(in.Signs.Stamp, in.Signs.Work, WorkOf(in.Form.Definition))
	worked := done && !spent && took <= stampLife
	add(in.Signs.Work != "" && !done, HeldWork)
	most := 5
	if strict {
		most = 1
	}
	add(links(x.Answers, in.Form.Definition) > most, HeldLinks)
	if !in.Trusted {
		add(s.pace.soft(in.Form.ID, in.IP, worked, strict), HeldMany)
	}
	return why, nil
}

// again: the same address, or without one the same line, sent it within a time.
func (s *Service) again(ctx context.Context, in In, x form.Submission, within time.Duration) (bool, error) {
	if x.Email != "" {
		return s.Forms.SentSince(ctx, s.DB, in.Form.ID, x.Email, s.Clock.Ms().Add(-within))
	}
	return s.pace.seen(in.Form.ID, in.IP, within, s.Clock.Now()), nil
}

// links counts addresses of pages in what was written.
func links(answers map[string]any, d form.Definition) (n int) {
	for _, f := range d.Fields {
		if v, ok := answers[f.Name].(string); ok && InSight(f) {
			v = strings.ToLower(v)
			n += strings.Count(v, "http://") + strings.Count(v, "https://") + strings.Count(v, "[url")
		}
	}
	return n
}

// pace counts what comes from where. Its memory is bounded.
type pace struct {
	mu   *sync.Mutex
	at   map[string]*bucket
	last map[string]time.Time
	now  func() time.Time
}

type bucket struct {
	left float64
	at   time.Time
}

func newPace() pace {
	return pace{mu: &sync.Mutex{}, at: map[string]*bucket{}, last: map[string]time.Time{}, now: time.Now}
}

const (
	hardBurst, hardPer     = 120, 10 * time.Minute
	softWorked, softSilent = 20, 6
	softPer                = 10 * time.Minute
	maxBuckets             = 50_000
)

// hard is the most that one line may send, to all forms together.
func (p *pace) hard(ip string) error {
	if wait := p.draw("hard "+netx.Neighbourhood(ip), hardBurst, hardPer); wait > 0 {
		return desk.Errorf(desk.RateLimited, "form.limited", "Too many forms were sent from here. Try again in a few minutes.").After(wait)
	}
	return nil
}

// reading is the most that one line may send to be read at all, also what is faulty: files are stored while they come.
func (p *pace) reading(ip string) error {
	if wait := p.draw("read "+netx.Neighbourhood(ip), 2*hardBurst, hardPer); wait > 0 {
		return desk.Errorf(desk.RateLimited, "form.limited", "Too many forms were sent from here. Try again in a few minutes.").After(wait)
	}
	return nil
}

// soft: more than a person sends to one form. Where a script has done its work, a whole office may.
func (p *pace) soft(f desk.FormID, ip string, worked, strict bool) bool {
	most := softSilent
	if worked {
		most = softWorked
	}
	if strict {
		most /= 2
	}
	return p.draw("soft "+strconv.FormatBool(worked)+f.String()+" "+netx.Neighbourhood(ip), most, softPer) > 0
}

func (p *pace) draw(key string, burst int, per time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if len(p.at) > maxBuckets {
		clear(p.at)
	}
	b := p.at[key]
	if b == nil {
		b = &bucket{left: float64(burst), at: now}
		p.at[key] = b
	}
	b.left = min(float64(burst), b.left+now.Sub(b.at).Seconds()*float64(burst)/per.Seconds())
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) * float64(per) / float64(burst))
	}
	b.left--
	return 0
}

// seen notes that a line sends, and says whether it did within a time.
func (p *pace) seen(f desk.FormID, ip string, within time.Duration, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.last) > maxBuckets {
		clear(p.last)
	}
	key := f.String() + " " + netx.Neighbourhood(ip)
	at, ok := p.last[key]
	if ok && now.Sub(at) < within {
		return true
	}
	p.last[key] = now
	return false
}
