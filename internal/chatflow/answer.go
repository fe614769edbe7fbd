package chatflow

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// maxAnswer bounds what is kept of one answer, in characters.
const maxAnswer = 4000

// answer takes what the visitor said to the question or the buttons that the dialogue waits in.
func (r *run) answer(in Input) {
	s, ok := r.def.step(r.st.At)
	if !ok || !s.asks() {
		r.fail(r.st.At)
		return
	}
	text := clip(strings.TrimSpace(strings.ToValidUTF8(in.Text, "")), maxAnswer)
	pressed := ""
	if in.Quick != nil && in.Quick.Step == s.ID {
		if pressed = in.Quick.Value; pressed == "" && s.Type == StepQuestion && !s.Required {
			text = "" // the button that skips: its words are no answer
		}
	}
	if s.Type == StepMessage {
		r.pressed(s, text, pressed)
		return
	}
	a, next, fit := r.read(s, text, pressed, in)
	if !fit {
		r.again(s)
		return
	}
	r.st.Wait, r.st.Tries = "", 0
	r.st.Answers[s.ID] = a
	if s.Save["object"] == "consent" {
		r.agree(s, a)
	} else if a.Value != "" || s.Save["object"] == "answer" {
		r.set(s, s.Save["object"], s.Save["property"], a)
	}
	if next == "" {
		next = s.Next
	}
	r.from(next)
}

// agree keeps what the visitor said to being written to, with the very words that they were asked with (CF-08, CO-04).
func (r *run) agree(s *Block, a Answer) {
	if a.Value == "yes" || a.Value == "no" {
		r.do(Effect{Type: DoSet, Step: s.ID, Object: "consent", Property: s.Save["property"], Value: a.Value, Text: r.words(s.Text)})
	}
}

// read turns what was said into an answer of the kind that the question asks for. next is where a choice leads.
func (r *run) read(s *Block, text, pressed string, in Input) (a Answer, next string, fit bool) {
	if len(s.Choices) > 0 || s.Answer == "choice" {
		for _, said := range []string{pressed, text} {
			if c, ok := r.choose(s, said); ok {
				return Answer{c.value(), r.words(c.Label)}, c.Next, true
			}
		}
		if s.Answer == "choice" {
			return a, "", !s.Required && text == ""
		}
	}
	if text == "" {
		text = pressed
	}
	if s.Answer == "file" {
		if len(in.Files) > 0 {
			names := strings.Join(in.Files, ", ")
			return Answer{Value: names}, "", true
		}
		no, _ := readYesNo(text)
		return a, "", !s.Required && (text == "" || no == "no")
	}
	if text == "" {
		return a, "", !s.Required
	}
	if no, _ := readYesNo(text); no == "no" && !s.Required && s.Answer != "text" && s.Answer != "yes_no" {
		return a, "", true // "no" to what need not be answered
	}
	v, ok := Read(s.Answer, text, r.lang, r.env)
	a.Value = v
	if s.Answer == "yes_no" && ok {
		a.Text = said(v, r.lang)
	}
	return a, "", ok
}

// again asks once more, or goes the way for when it does not work.
func (r *run) again(s *Block) {
	r.st.Tries++
	if r.st.Tries <= s.Retries {
		text := r.words(s.Retry)
		if strings.TrimSpace(text) == "" {
			text = said("retry_"+s.Answer, r.lang)
		}
		r.speak(r.ask(s, text))
		return
	}
	r.st.Wait, r.st.Tries = "", 0
	switch {
	case s.OnFail != "":
		r.from(s.OnFail)
	case !s.Required:
		r.st.Answers[s.ID] = Answer{}
		r.from(s.Next)
	default:
		r.handOver(s, "no_answer")
	}
}

// pressed is an answer to a message with buttons: one of them by value, label or number; else what was typed leads to the step after it.
func (r *run) pressed(s *Block, text, value string) {
	for _, said := range []string{value, text} {
		for i, q := range s.Quick {
			if q.URL == "" && said != "" && (fold(said) == fold(q.value()) || q.Label.has(said) || said == strconv.Itoa(i+1)) {
				r.st.Wait = ""
				r.st.Answers[s.ID] = Answer{q.value(), r.words(q.Label)}
				next := q.Next
				if next == "" {
					next = s.Next
				}
				r.from(next)
				return
			}
		}
	}
	if s.Next != "" {
		r.st.Wait = ""
		r.st.Answers[s.ID] = Answer{Value: text}
		r.from(s.Next)
		return
	}
	if r.st.Tries++; r.st.Tries > 3 {
		r.handOver(s, "no_answer")
		return
	}
	e := Effect{Type: DoSay, Step: s.ID, Text: said("retry_choice", r.lang)}
	for _, q := range s.Quick {
		e.Quick = append(e.Quick, Button{Label: r.words(q.Label), Value: q.value(), URL: fillTokens(q.URL, r.escaped), Step: s.ID})
	}
	r.speak(e)
}

// choose finds the choice that is meant: by value, by its text in any language, by its number, or by the beginning of only one.
func (r *run) choose(s *Block, said string) (Choice, bool) {
	want := fold(said)
	if want == "" {
		return Choice{}, false
	}
	for _, c := range s.Choices {
		if fold(c.value()) == want || c.Label.has(said) {
			return c, true
		}
	}
	if n, err := strconv.Atoi(strings.TrimRight(want, ".)")); err == nil && n >= 1 && n <= len(s.Choices) {
		return s.Choices[n-1], true
	}
	var found []Choice
	for _, c := range s.Choices {
		if len(want) >= 3 && strings.HasPrefix(fold(r.words(c.Label)), want) {
			found = append(found, c)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return Choice{}, false
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// has reports whether one of the languages has this very text.
func (w Words) has(text string) bool {
	for _, t := range w {
		if fold(t) != "" && fold(t) == fold(text) {
			return true
		}
	}
	return false
}

func (c Choice) value() string { return valueOf(c.Value, c.Label) }
func (q Quick) value() string  { return valueOf(q.Value, q.Label) }

func valueOf(value string, label Words) string {
	if value != "" {
		return value
	}
	return label.Pick("en")
}

// Read turns what somebody typed into a value of a kind, as it is kept: an address in its one form, a phone number in E.164 when its country is known, a
// number with a point, a date as 2026-03-31, an address of the web with its scheme, yes or no.
func Read(kind, text, language string, env Env) (string, bool) {
	text = strings.TrimSpace(text)
	switch kind {
	case "email":
		return readEmail(text)
	case "phone":
		return readPhone(text, env.Country)
	case "number":
		return readNumber(text, language)
	case "date":
		return readDate(text, language, env)
	case "url":
		return readURL(text)
	case "yes_no":
		return readYesNo(text)
	}
	return text, text != ""
}

// readEmail finds the one address in what was typed.
func readEmail(text string) (string, bool) {
	found := ""
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n,;<>()\"'", r) }) {
		f = strings.TrimRight(f, ".!?:")
		e := desk.NormalizeEmail(f)
		if _, domain, _ := strings.Cut(e, "@"); !strings.Contains(domain, ".") {
			continue
		}
		if found != "" && found != e {
			return "", false
		}
		found = e
	}
	return found, found != ""
}

// readPhone keeps digits; with + or 00 before them, or in a country that is known, as E.164.
func readPhone(text, country string) (string, bool) {
	text = strings.TrimSpace(strings.NewReplacer("(0)", "", "tel:", "", "Tel:", "", "\u00a0", " ").Replace(text))
	var b strings.Builder
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			b.WriteRune(c)
		case c == '+' && i == 0:
			b.WriteRune(c)
		case strings.ContainsRune(" -./()\t", c):
		default:
			return "", false
		}
	}
	s := b.String()
	if strings.HasPrefix(s, "00") {
		s = "+" + s[2:]
	}
	digits := strings.TrimPrefix(s, "+")
	switch {
	case len(digits) < 5 || len(digits) > 15:
		return "", false
	case strings.HasPrefix(s, "+"):
		return s, len(digits) >= 7 && digits[0] != '0'
	}
	if code, ok := callingCodes[strings.ToUpper(country)]; ok {
		if keepsZero := code == "39"; !keepsZero {
			digits = strings.TrimPrefix(digits, "0")
		}
		if full := code + digits; len(full) >= 7 && len(full) <= 15 {
			return "+" + full, true
		}
	}
	return s, len(digits) >= 6
}

// callingCodes are the numbers that countries are called by.
var callingCodes = map[string]string{
	"DK": "45", "SE": "46", "NO": "47", "FI": "358", "IS": "354", "DE": "49", "AT": "43", "CH": "41", "NL": "31", "BE": "32", "LU": "352", "FR": "33", "ES": "34", "PT": "351",
	"IT": "39", "IE": "353", "GB": "44", "PL": "48", "CZ": "420", "SK": "421", "HU": "36", "RO": "40", "BG": "359", "GR": "30", "HR": "385", "SI": "386", "EE": "372", "LV": "371",
	"LT": "370", "UA": "380", "TR": "90", "US": "1", "CA": "1", "AU": "61", "NZ": "64", "IN": "91", "JP": "81", "BR": "55", "MX": "52", "ZA": "27",
}

// readNumber reads 12,5 and 1.234,56 and 1,234.56 alike. Where one sign could mean either, the language decides: 1,234 is a thousand in English.
func readNumber(text, language string) (string, bool) {
	s := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "\u2212", "-").Replace(text)
	comma, point := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	english := strings.HasPrefix(langCode(language), "en")
	switch {
	case comma >= 0 && point >= 0 && comma > point:
		s = strings.ReplaceAll(strings.ReplaceAll(s, ".", ""), ",", ".")
	case comma >= 0 && point >= 0:
		s = strings.ReplaceAll(s, ",", "")
	case comma >= 0 && (strings.Count(s, ",") > 1 || english && len(s)-comma == 4):
		s = strings.ReplaceAll(s, ",", "")
	case comma >= 0:
		s = strings.ReplaceAll(s, ",", ".")
	case strings.Count(s, ".") > 1 || point >= 0 && !english && len(s)-point == 4:
		s = strings.ReplaceAll(s, ".", "")
	}
	return plainNumber(s)
}

// plainNumber is a number as it is kept.
func plainNumber(s string) (string, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	for _, c := range s {
		if (c < '0' || c > '9') && c != '.' && c != '-' {
			return "", false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

func readURL(text string) (string, bool) {
	if strings.ContainsAny(text, " \t\n\"<>") {
		return "", false
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.Contains(strings.Trim(u.Hostname(), "."), ".") || u.User != nil {
		return "", false
	}
	return u.String(), true
}

// readDate reads what people write: 2026-03-31, 31.3.2026, 31/03/26, 31. März 2026, March 31, tomorrow. With a year of two digits it is this century's.
func readDate(text, language string, env Env) (string, bool) {
	now := env.Now.Time()
	if loc, err := time.LoadLocation(env.Timezone); err == nil && env.Timezone != "" {
		now = now.In(loc)
	}
	word := fold(strings.Trim(text, ".! "))
	if days, ok := nearDays[word]; ok && env.Now != 0 {
		return now.AddDate(0, 0, days).Format(time.DateOnly), true
	}
	if t, err := time.Parse(time.DateOnly, word); err == nil {
		return t.Format(time.DateOnly), true
	}
	var parts []string
	month := 0
	for _, f := range strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(" ./-,", r) }) {
		f = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(f, "st"), "nd"), "th")
		if m := monthOf(f); m != 0 && month == 0 {
			month = m
			continue
		}
		if _, err := strconv.Atoi(f); err != nil {
			if f == "" || f == "den" || f == "the" || f == "of" {
				continue
			}
			return "", false
		}
		parts = append(parts, f)
	}
	year, day := "", ""
	switch {
	case month != 0 && len(parts) == 2:
		day, year = parts[0], parts[1]
	case month != 0 && len(parts) == 1:
		day, year = parts[0], strconv.Itoa(now.Year())
	case month == 0 && len(parts) == 3 && len(parts[0]) == 4:
		year, day = parts[0], parts[2]
		month, _ = strconv.Atoi(parts[1])
	case month == 0 && len(parts) == 3:
		first, second := parts[0], parts[1]
		if langCode(language) == "en-us" || langCode(env.Language) == "en-us" {
			first, second = second, first
		}
		day, year = first, parts[2]
		month, _ = strconv.Atoi(second)
	default:
		return "", false
	}
	if len(year) == 2 {
		year = "20" + year
	}
	d, _ := strconv.Atoi(day)
	y, _ := strconv.Atoi(year)
	iso := fmt.Sprintf("%04d-%02d-%02d", y, month, d)
	if t, err := time.Parse(time.DateOnly, iso); err != nil || t.Year() < 1800 || t.Year() > 2200 {
		return "", false
	}
	return iso, true
}

// webhooked takes the outcome of a webhook: the parts that are asked for become answers.
func (r *run) webhooked(in Input) {
	s, ok := r.def.step(r.st.At)
	if !ok || s.Type != StepWebhook {
		r.fail(r.st.At)
		return
	}
	r.st.Wait = ""
	r.st.Answers[s.ID] = Answer{Value: strconv.Itoa(in.Status)}
	if !in.OK {
		if s.OnFail != "" {
			r.from(s.OnFail)
			return
		}
		r.fail(s.ID)
		return
	}
	var body any
	_ = json.Unmarshal([]byte(in.Body), &body)
	for name, path := range s.Save {
		r.st.Answers[name] = Answer{Value: clip(part(body, path), maxAnswer)}
	}
	r.from(s.Next)
}

// part is the value at a path such as $.order.items[0].name; "" where there is none.
func part(v any, path string) string {
	path = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(path), "$"), ".")
	path = strings.ReplaceAll(strings.ReplaceAll(path, "[", "."), "]", "")
	for _, key := range strings.Split(path, ".") {
		if key == "" {
			continue
		}
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return ""
			}
			v = x[i]
		default:
			return ""
		}
	}
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	}
	b, _ := json.Marshal(v)
	return string(b)
}
