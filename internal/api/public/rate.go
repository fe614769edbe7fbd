package public

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/survey"
)

// maxAnswer bounds the form of an answer, in bytes.
const maxAnswer = 32 << 10

// rate shows the question of a link, with the answer that the link chose. Nothing is kept yet: programs that look at mail follow its links too.
func (p *public) rate(w http.ResponseWriter, r *http.Request) {
	q, words, ok := p.asked(w, r)
	if !ok {
		return
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("s")); err == nil && n >= survey.Dissatisfied && n <= survey.Satisfied {
		q.Score = n
	}
	p.question(w, r, http.StatusOK, q, words, "")
}

// rated keeps an answer.
func (p *public) rated(w http.ResponseWriter, r *http.Request) {
	q, words, ok := p.asked(w, r)
	if !ok {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
	if err := r.ParseForm(); err != nil {
		p.question(w, r, http.StatusBadRequest, q, words, words.Choose)
		return
	}
	q.Score, _ = strconv.Atoi(r.PostForm.Get("score"))
	q.Comment = r.PostForm.Get("comment")
	err := p.Surveys.Say(r.Context(), r.PathValue("token"), q.Score, q.Comment)
	switch {
	case desk.CodeOf(err) == desk.Invalid:
		p.question(w, r, http.StatusUnprocessableEntity, q, words, words.Choose)
	case err != nil:
		p.broken(w, r, err)
	default:
		p.sheet(w, r, http.StatusOK, q.Locale, words.Thanks, "<p>"+html.EscapeString(words.ThanksText)+"</p>")
	}
}

// asked finds the question, or answers for what is in its way.
func (p *public) asked(w http.ResponseWriter, r *http.Request) (q survey.Question, words survey.Words, ok bool) {
	code, _ := choose(r.Header.Get("Accept-Language"), "")
	if err := p.server.Take(api.LimitLink, r); err != nil {
		w.Header().Set("Retry-After", "5")
		p.page(w, r, http.StatusTooManyRequests, "", wait)
		return q, words, false
	}
	q, err := p.Surveys.Asked(r.Context(), r.PathValue("token"))
	if q.Locale != "" {
		code, _ = choose("", q.Locale)
	}
	words = survey.Languages[code]
	q.Locale = code
	switch {
	case desk.CodeOf(err) == desk.NotFound:
		p.sheet(w, r, http.StatusNotFound, code, words.Missing, "<p>"+html.EscapeString(words.MissingText)+"</p>")
	case err != nil:
		p.broken(w, r, err)
	case q.Over:
		p.sheet(w, r, http.StatusGone, code, words.Over, "<p>"+html.EscapeString(words.OverText)+"</p>")
	default:
		return q, words, true
	}
	return q, words, false
}

func (p *public) question(w http.ResponseWriter, r *http.Request, status int, q survey.Question, words survey.Words, fault string) {
	var b strings.Builder
	fmt.Fprintf(&b, "<p>%s · #%d</p>", html.EscapeString(q.Subject), q.Number)
	if fault != "" {
		fmt.Fprintf(&b, `<p role="alert">%s</p>`, html.EscapeString(fault))
	}
	b.WriteString(`<form method="post"><fieldset><legend class="gone">` + html.EscapeString(words.Title) + `</legend>`)
	for i, label := range []string{words.Satisfied, words.Neutral, words.Dissatisfied} {
		score, checked := survey.Satisfied-i, ""
		if q.Score == score {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<label><input type="radio" name="score" value="%d" required%s> <span aria-hidden="true">%s</span> %s</label>`, score, checked, []string{"🙂", "😐", "🙁"}[i], html.EscapeString(label))
	}
	fmt.Fprintf(&b, `</fieldset><label for="comment">%s</label><textarea id="comment" name="comment" rows="4" maxlength="2000">%s</textarea><button>%s</button></form>`,
		html.EscapeString(words.Comment), html.EscapeString(q.Comment), html.EscapeString(words.Send))
	p.sheet(w, r, status, q.Locale, words.Title, b.String())
}

// sheet is a page with a form: it may send to us and do nothing else.
func (p *public) sheet(w http.ResponseWriter, r *http.Request, status int, locale, title, body string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	p.document(w, r, status, page{locale: locale, title: title, body: body, style: sheetStyle,
		policy: "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"})
}

const sheetStyle = `body{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:10vh auto;padding:0 1.5rem;color:#16211f;background:#fff}h1{font-size:1.4rem}form{display:grid;gap:1rem}fieldset{border:0;padding:0;margin:0;display:grid;gap:.5rem}` +
	`fieldset label{display:flex;gap:.75rem;align-items:center;padding:.75rem 1rem;border:1px solid #8d9996;border-radius:10px;cursor:pointer;min-height:44px;box-sizing:border-box}label:has(:checked){border-color:#0b6660;background:#dff0ed}` +
	`textarea{font:inherit;padding:.5rem;border:1px solid #8d9996;border-radius:6px;background:inherit;color:inherit}button{font:inherit;font-weight:600;padding:.7rem 1.2rem;border:0;border-radius:6px;background:#0b6660;color:#fff;justify-self:start;cursor:pointer}` +
	`.gone{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}[role=alert]{color:#ae2419}:focus-visible{outline:3px solid #0b6660;outline-offset:2px}` +
	`@media(prefers-color-scheme:dark){body{color:#e4ebe9;background:#151b1c}label:has(:checked){background:#14322f;border-color:#5cc7ba}button{background:#5cc7ba;color:#04211d}[role=alert]{color:#ff9a8f}:focus-visible{outline-color:#5cc7ba}}`
