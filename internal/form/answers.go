package form

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
)

// File is an uploaded file, stored as a blob.
type File struct {
	Field  string `json:"field"`
	Name   string `json:"name"`
	Type   string `json:"type"` // sniffed
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Posted is what came: values by name, files, and what the page says of itself.
type Posted struct {
	Values map[string][]string
	Files  []File
	Page   Page
}

// Page is where a form stood.
type Page struct {
	URL      string
	Title    string
	Referrer string
}

// Fault is what is wrong with an answer: a code that the page words in its language, with a number where one belongs to it.
type Fault struct {
	Code  string `json:"code"`
	Value string `json:"value,omitempty"`
}

// Faults of answers.
const (
	FaultRequired = "required"
	FaultEmail    = TypeEmail
	FaultPhone    = "phone"
	FaultNumber   = "number"
	FaultMin      = "min"
	FaultMax      = "max"
	FaultDate     = "date"
	FaultPattern  = "pattern"
	FaultChoice   = "choice"
	FaultLong     = "too_long"
	FaultFileType = "file_type"
	FaultFileSize = "file_size"
	FaultFileMany = "file_count"
	FaultConsent  = "consent"
)

// Agreed is what somebody agreed to, or not, in the words that they saw (FM-20).
type Agreed struct {
	Slug  string    `json:"slug"`
	Field bool      `json:"field,omitempty"` // a box among the questions
	Text  string    `json:"text"`
	Given bool      `json:"given"`
	At    desk.Time `json:"at"`
}

// Result is what the answers come to.
type Result struct {
	Answers  map[string]any    // by field: string, or []string of several
	Shown    map[string]bool   // fields that were asked
	Faults   map[string]Fault  // by field; consents as "consent.processing", "consent.<slug>"
	Files    []File            // of fields that were asked
	Agreed   []Agreed          //
	Place    map[string]string // pipeline and status, by what they fill
	Language string
}

// The names under which the boxes of the consent part are posted.
const (
	ProcessingName    = "consent-processing"
	CommunicationName = "consent-to-"
	ProcessingSlug    = "processing"
	maxLine, maxLong  = 1000, 20_000
	maxHidden         = 2000
)

// evaluation is one submission on its way.
type evaluation struct {
	def   *Definition
	in    Posted
	facts condition.Facts
	shown map[string]int // 1: being looked at, 2: yes, 3: no
	out   *Result
}

// Evaluate takes what was posted to what was asked: pure, whatever the browser did. Answers to fields that were not shown are dropped, and required is only what was.
func (d *Definition) Evaluate(in Posted, language string) Result {
	e := &evaluation{def: d, in: in, facts: condition.Facts{}, shown: map[string]int{},
		out: &Result{Answers: map[string]any{}, Shown: map[string]bool{}, Faults: map[string]Fault{}, Place: map[string]string{}, Language: language}}
	for i := range d.Fields {
		e.look(&d.Fields[i])
	}
	for i := range d.Fields {
		if f := &d.Fields[i]; f.Type == TypeFile && e.out.Shown[f.Name] {
			e.files(f)
		}
	}
	e.consents()
	return *e.out
}

// look settles a field, after those that it depends on.
func (e *evaluation) look(f *Field) {
	if e.shown[f.Name] != 0 {
		return
	}
	e.shown[f.Name] = 1
	for _, c := range f.conditions() {
		for i := range e.def.Fields {
			if e.def.Fields[i].Name == c.Field {
				e.look(&e.def.Fields[i])
			}
		}
	}
	if f.ShowIf != nil && !condition.Holds(*f.ShowIf, e.facts) {
		e.shown[f.Name] = 3
		return
	}
	e.shown[f.Name] = 2
	e.out.Shown[f.Name] = true
	switch f.Type {
	case TypeHeading, TypeFile:
		return
	}
	v, fault := e.value(f)
	if fault != nil {
		e.out.Faults[f.Name] = *fault
	}
	if v == nil || v == "" {
		return
	}
	e.facts[f.Name] = v
	if f.Placed() {
		e.out.Place[f.Maps] = v.(string)
	}
	e.out.Answers[f.Name] = v
}

// value is what a field holds. Who says so is the form where the field is the form's: pipeline, status, read-only and hidden ones without a source.
func (e *evaluation) value(f *Field) (any, *Fault) {
	for _, s := range f.SetBy {
		if condition.Holds(s.If, e.facts) {
			return s.Value, nil
		}
	}
	switch {
	case f.Placed():
		if f.Default != "" {
			return f.Default, nil
		}
		if f.Maps == MapsPipeline {
			return e.def.Ticket.Pipeline, nil
		}
		return e.def.Ticket.Status, nil
	case f.ReadOnly:
		return f.Default, nil
	case f.Concealed():
		return e.hidden(f), nil
	}
	given := e.in.Values[f.Name]
	if len(given) > MaxOptions {
		given = given[:MaxOptions]
	}
	if f.Type == TypeMulti {
		return several(f, given)
	}
	v := ""
	if len(given) > 0 {
		v = given[0]
	}
	return one(f, v)
}

// hidden fields are filled by where they come from.
func (e *evaluation) hidden(f *Field) string {
	switch f.From {
	case "":
		return f.Default
	case "page.url":
		return cut(e.in.Page.URL, maxHidden)
	case "page.title":
		return cut(e.in.Page.Title, maxHidden)
	case "referrer":
		return cut(e.in.Page.Referrer, maxHidden)
	}
	if v := e.in.Values[f.Name]; len(v) > 0 && v[0] != "" {
		return cut(line(v[0]), maxHidden)
	}
	if kind, name, _ := strings.Cut(f.From, ":"); kind == "query" {
		if u, err := url.Parse(e.in.Page.URL); err == nil {
			if v := u.Query().Get(name); v != "" {
				return cut(line(v), maxHidden)
			}
		}
	}
	return f.Default
}

func several(f *Field, given []string) (any, *Fault) {
	var out []string
	for _, v := range given {
		if v = line(v); v == "" || slices.Contains(out, v) {
			continue
		}
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v }) {
			return nil, &Fault{Code: FaultChoice}
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		if f.Required {
			return nil, &Fault{Code: FaultRequired}
		}
		return nil, nil
	}
	return out, nil
}

func one(f *Field, v string) (any, *Fault) {
	if f.Type == TypeLong {
		v = richtext.Typed(v)
	} else {
		v = line(v)
	}
	if f.Type == TypeCheckbox || f.Type == TypeConsent {
		return ticked(f, v)
	}
	if v == "" {
		if f.Required {
			return nil, &Fault{Code: FaultRequired}
		}
		return nil, nil
	}
	limit := maxLine
	if f.Type == TypeLong {
		limit = maxLong
	}
	if n, err := strconv.Atoi(f.Max); err == nil && n > 0 && n < limit && (f.Type == TypeText || f.Type == TypeLong) {
		limit = n
	}
	n := utf8.RuneCountInString(v)
	if n > limit {
		return string([]rune(v)[:limit]), &Fault{FaultLong, strconv.Itoa(limit)}
	}
	if least, err := strconv.Atoi(f.Min); err == nil && n < least && (f.Type == TypeText || f.Type == TypeLong) {
		return v, &Fault{FaultMin, f.Min}
	}
	return v, fits(f, v)
}

func ticked(f *Field, v string) (any, *Fault) {
	if v == "" || v == "false" || v == "0" || v == "off" || v == "no" {
		if !f.Required {
			return "false", nil
		}
		if f.Type == TypeConsent {
			return nil, &Fault{Code: FaultConsent}
		}
		return nil, &Fault{Code: FaultRequired}
	}
	return "true", nil
}

// fits checks one value by the kind of its field.
func fits(f *Field, v string) *Fault {
	switch f.Type {
	case TypeEmail:
		at := strings.LastIndexByte(v, '@')
		if desk.NormalizeEmail(v) == "" || at < 1 || !strings.Contains(v[at:], ".") {
			return &Fault{Code: FaultEmail}
		}
	case TypePhone:
		digits := 0
		for _, r := range v {
			switch {
			case unicode.IsDigit(r):
				digits++
			case !strings.ContainsRune(" +()-./", r):
				return &Fault{Code: FaultPhone}
			}
		}
		if digits < 4 || digits > 18 {
			return &Fault{Code: FaultPhone}
		}
	case TypeNumber:
		n, err := strconv.ParseFloat(strings.Replace(v, ",", ".", 1), 64)
		if err != nil || n != n || n > 1e15 || n < -1e15 {
			return &Fault{Code: FaultNumber}
		}
		if m, err := strconv.ParseFloat(f.Min, 64); err == nil && n < m {
			return &Fault{FaultMin, f.Min}
		}
		if m, err := strconv.ParseFloat(f.Max, 64); err == nil && n > m {
			return &Fault{FaultMax, f.Max}
		}
	case TypeDate:
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			return &Fault{Code: FaultDate}
		}
		if f.Min != "" && v < f.Min {
			return &Fault{FaultMin, f.Min}
		}
		if f.Max != "" && v > f.Max {
			return &Fault{FaultMax, f.Max}
		}
	case TypeChoice:
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v }) {
			return &Fault{Code: FaultChoice}
		}
	}
	if f.Pattern != "" {
		if re, err := regexp.Compile("^(?:" + f.Pattern + ")$"); err == nil && !re.MatchString(v) {
			return &Fault{Code: FaultPattern}
		}
	}
	return nil
}

// files takes those of a field, as many and as large as it allows.
func (e *evaluation) files(f *Field) {
	var mine []File
	for _, x := range e.in.Files {
		if x.Field == f.Name {
			mine = append(mine, x)
		}
	}
	most, mb := f.Bounds()
	switch {
	case len(mine) == 0 && f.Required:
		e.out.Faults[f.Name] = Fault{Code: FaultRequired}
	case len(mine) > most:
		e.out.Faults[f.Name] = Fault{FaultFileMany, strconv.Itoa(most)}
	}
	for _, x := range mine {
		switch {
		case x.Size > int64(mb)<<20:
			e.out.Faults[f.Name] = Fault{FaultFileSize, strconv.Itoa(mb)}
		case !f.Accepts(x.Type, x.Name):
			e.out.Faults[f.Name] = Fault{Code: FaultFileType}
		}
	}
	e.out.Files = append(e.out.Files, mine...)
}

// Bounds are how many files a field takes, and how large in MB.
func (f Field) Bounds() (files, mb int) {
	if files = f.MaxFiles; files == 0 {
		files = DefaultFiles
	}
	if mb = f.MaxMB; mb == 0 {
		mb = DefaultMB
	}
	return files, mb
}

// dangerous are what a machine runs when it is opened: never taken, whatever the field accepts.
var dangerous = []string{".exe", ".dll", ".com", ".scr", ".msi", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta", ".jar", ".lnk", ".cpl", ".pif", ".reg", ".app", ".apk", ".iso", ".img", ".xll"}

// Accepts looks at the sniffed type and the name; a program is refused always (FM-15).
func (f Field) Accepts(kind, name string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	lower := strings.ToLower(name)
	if kind == "application/x-msdownload" || kind == "application/x-executable" || slices.ContainsFunc(dangerous, func(x string) bool { return strings.HasSuffix(lower, x) }) {
		return false
	}
	if len(f.Accept) == 0 {
		return true
	}
	for _, a := range f.Accept {
		a = strings.ToLower(strings.TrimSpace(a))
		switch {
		case a == kind, strings.HasSuffix(a, "/*") && strings.HasPrefix(kind, strings.TrimSuffix(a, "*")) && !runs(kind):
			return true
		case strings.HasPrefix(a, ".") && strings.HasSuffix(lower, a) && !runs(kind):
			return true
		}
	}
	return false
}

// runs: what a browser would run or show as a page of its own.
func runs(kind string) bool {
	return kind == "text/html" || kind == "image/svg+xml" || strings.Contains(kind, "javascript")
}

// consents takes the boxes with the very words that were shown.
func (e *evaluation) consents() {
	langs := []string{e.out.Language, e.def.Language, "en"}
	for _, f := range e.def.Fields {
		if f.Type == TypeConsent && e.out.Shown[f.Name] {
			e.out.Agreed = append(e.out.Agreed, Agreed{Slug: f.Name, Field: true, Text: f.LabelIn(langs...), Given: e.out.Answers[f.Name] == "true"})
		}
	}
	c := e.def.Consent
	if c == nil {
		return
	}
	given := func(name string) bool {
		v := e.in.Values[name]
		return len(v) > 0 && v[0] != "" && v[0] != "false" && v[0] != "0"
	}
	notice := c.Notice.In(langs...)
	words := func(t Text) string { return strings.TrimSpace(notice + "\n" + t.In(langs...)) }
	if c.Processing != nil {
		yes := given(ProcessingName)
		e.out.Agreed = append(e.out.Agreed, Agreed{Slug: ProcessingSlug, Text: words(c.Processing.Text), Given: yes})
		if c.Processing.Required && !yes {
			e.out.Faults[ProcessingName] = Fault{Code: FaultConsent}
		}
	} else if notice != "" {
		e.out.Agreed = append(e.out.Agreed, Agreed{Slug: ProcessingSlug, Text: notice, Given: true})
	}
	for _, x := range c.Communication {
		e.out.Agreed = append(e.out.Agreed, Agreed{Slug: x.Slug, Text: words(x.Text), Given: given(CommunicationName + x.Slug)})
	}
}

func line(s string) string { return strings.Join(strings.Fields(richtext.Typed(s)), " ") }

func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
