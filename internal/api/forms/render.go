package forms

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/submission"
)

//go:embed form.css
var styles string

// sheet is a form about to be shown.
type sheet struct {
	Form     form.Form
	Language string
	Scheme   string // "": the reader's
	Values   map[string][]string
	Faults   map[string]form.Fault
	Notice   string // above the form
	Preview  bool   // nothing can be sent
	Embed    bool   // in a frame of another page
	Stamp    string
	Client   string
	Nonce    string
	Page     form.Page
	Sent     string // instead of the form
	Title    string // of a page without a form
}

// item is one field as the template shows it.
type item struct {
	form.Field
	ID, Text, Hint, Holder, Kind, Value, Error, If string
	Choices                                        []choice
	Off, Must, Group, Radios, Ticked, Many         bool
	Types                                          string
	Described                                      string
}

type choice struct {
	ID, Value, Label string
	Chosen           bool
}

// paper is what the template gets.
type paper struct {
	sheet
	W                                   words
	Dir, Heading, Intro, Button, Action string
	Items                               []item
	Notice2                             string // of consents
	Boxes                               []item
	Ask, AskError                       string
	CSS                                 template.CSS
	Style                               template.CSS
	Work                                int
	Shown                               string
	Own, HasFiles, Frame, Conditions    bool
	Script                              string
}

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

func nonce() string { return rand.Text() }

// paper lays a sheet out.
func (h *forms) paper(s sheet) paper {
	d := s.Form.Definition
	w := wordsOf(s.Language)
	langs := []string{s.Language, d.Language, "en"}
	p := paper{sheet: s, W: w, Dir: direction(s.Language), Heading: d.Title.In(langs...), Intro: d.Intro.In(langs...), Button: d.Submit.In(langs...), Action: "/forms/" + s.Form.Slug,
		Own: !d.Options.Style.CSSOff, CSS: template.CSS(styles), Style: styleOf(d.Options.Style), Work: submission.WorkOf(d)} //nolint:gosec // our own
	if p.Heading == "" {
		p.Heading = or(s.Form.Name, s.Title)
	}
	if p.Button == "" {
		p.Button = w.Send
	}
	if s.Embed {
		p.Action += "/embed"
	}
	shown := d.Evaluate(form.Posted{Values: s.Values, Page: s.Page}, s.Language)
	var names []string
	for _, f := range d.Fields {
		if f.Concealed() {
			continue
		}
		it := h.item(f, s, w, langs)
		it.Off = !shown.Shown[f.Name]
		p.Conditions = p.Conditions || f.ShowIf != nil
		if f.Placed() || f.ReadOnly {
			it.Kind, it.Value = "fixed", submission.Words(f, shown.Answers[f.Name], langs...)
			if it.Value == "" {
				continue
			}
		}
		p.HasFiles = p.HasFiles || f.Type == form.TypeFile
		if !it.Off {
			names = append(names, f.Name)
		}
		p.Items = append(p.Items, it)
	}
	p.Shown = strings.Join(names, " ")
	p.consents(w, langs)
	if d.Options.Captcha {
		a, b := 2, 3
		if s.Stamp != "" {
			a, b = h.Flow.Question(s.Form.ID, s.Stamp)
		}
		p.Ask = fmt.Sprintf(w.Question, a, b)
		if f, bad := s.Faults[submission.AnswerName]; bad {
			p.AskError = w.fault(f)
		}
	}
	return p
}

func (p *paper) consents(w words, langs []string) {
	c := p.Form.Definition.Consent
	if c == nil {
		return
	}
	p.Notice2 = c.Notice.In(langs...)
	add := func(name, text string, must bool) {
		it := item{Field: form.Field{Name: name}, ID: "kf-" + name, Text: text, Must: must, Ticked: ticked(p.Values[name])}
		if f, bad := p.Faults[name]; bad {
			it.Error = w.fault(f)
		}
		p.Boxes = append(p.Boxes, it)
	}
	if c.Processing != nil {
		add(form.ProcessingName, c.Processing.Text.In(langs...), c.Processing.Required)
	}
	for _, x := range c.Communication {
		add(form.CommunicationName+x.Slug, x.Text.In(langs...), false)
	}
}

func ticked(v []string) bool { return len(v) > 0 && v[0] != "" && v[0] != "false" && v[0] != "0" }

func (h *forms) item(f form.Field, s sheet, w words, langs []string) item {
	it := item{Field: f, ID: "kf-" + f.Name, Text: f.LabelIn(langs...), Hint: f.Help.In(langs...), Holder: f.Placeholder.In(langs...), Must: f.Required}
	given := s.Values[f.Name]
	if len(given) == 0 && f.Default != "" {
		given = []string{f.Default}
	}
	if len(given) > 0 {
		it.Value = given[0]
	}
	it.Kind = map[string]string{form.TypeText: "text", form.TypeEmail: form.TypeEmail, form.TypePhone: "tel", form.TypeNumber: "text", form.TypeDate: "date", form.TypeLong: "area", form.TypeFile: "file",
		form.TypeHeading: "heading", form.TypeCheckbox: "box", form.TypeConsent: "box", form.TypeChoice: "select", form.TypeMulti: "boxes"}[f.Type]
	if f.Type == form.TypeChoice && len(f.Options) <= 5 {
		it.Kind, it.Radios = "boxes", true
	}
	it.Ticked = ticked(given)
	for i, o := range f.Options {
		l := o.Label.In(langs...)
		if l == "" {
			l = o.Value
		}
		it.Choices = append(it.Choices, choice{it.ID + "-" + itoa(i), o.Value, l, slices.Contains(given, o.Value)})
	}
	if f.Type == form.TypeFile {
		n, mb := f.Bounds()
		it.Many, it.Types = n > 1, strings.Join(f.Accept, ",")
		limit := fmt.Sprintf(w.Files, mb)
		if n > 1 {
			limit = fmt.Sprintf(w.UpTo, n, mb)
		}
		it.Hint = strings.TrimSpace(it.Hint + "\n" + limit)
	}
	if f.ShowIf != nil {
		b, _ := json.Marshal(f.ShowIf)
		it.If = string(b)
	}
	if x, bad := s.Faults[f.Name]; bad {
		it.Error = w.fault(x)
	}
	if it.Hint != "" {
		it.Described = it.ID + "-h "
	}
	it.Described += it.ID + "-e"
	return it
}

// styleOf are a form's own colours; words on its colour are the lighter or darker, whichever reads better.
func styleOf(s form.Style) template.CSS {
	var b strings.Builder
	if len(s.Color) == 7 {
		fmt.Fprintf(&b, "--accent:%s;--on:%s;", s.Color, onColor(s.Color))
	}
	if s.Radius != "" {
		fmt.Fprintf(&b, "--radius:%spx;", strings.TrimSuffix(s.Radius, "px"))
	}
	if s.Font != "" && s.Font != "inherit" {
		fmt.Fprintf(&b, "font-family:%s;", s.Font)
	}
	return template.CSS(b.String()) //nolint:gosec // checked when it was saved: a colour, a size, letters
}

func onColor(c string) string {
	n, err := strconv.ParseUint(c[1:], 16, 32)
	if err != nil {
		return "#fff"
	}
	part := func(shift uint) float64 {
		v := float64(n>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	if l := 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0); l > 0.179 {
		return "#000"
	}
	return "#fff"
}

// render makes a whole page of a sheet.
func (h *forms) render(s sheet) (string, error) {
	var b bytes.Buffer
	p := h.paper(s)
	err := pages.ExecuteTemplate(&b, "page", p)
	return b.String(), err
}

// fragment makes the form alone, for the script.
func (h *forms) fragment(s sheet) (string, error) {
	var b bytes.Buffer
	p := h.paper(s)
	err := pages.ExecuteTemplate(&b, "body", p)
	return b.String(), err
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{"dict": func(i item, w words) map[string]any { return map[string]any{"I": i, "W": w} }}).Parse(`{{define "page"}}<!doctype html>
<html lang="{{.Language}}" dir="{{.Dir}}"{{if .Scheme}} style="color-scheme:{{.Scheme}}"{{end}}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{{if .Title}}{{.Title}}{{else}}{{.Heading}}{{end}}</title>
<style{{if .Nonce}} nonce="{{.Nonce}}"{{end}}>{{.CSS}}{{if .Scheme}}.kf-page{color-scheme:{{.Scheme}}}{{end}}{{if .Own}}.kf{ {{- .Style -}} }{{end}}</style>
{{if not .Preview}}<script src="/forms.js" defer></script>{{end}}</head><body class="kf-page{{if .Embed}} kf-frame{{end}}"><main>{{template "body" .}}</main></body></html>{{end}}

{{define "body"}}<div class="kf{{if .Own}} kf-own{{end}}" lang="{{.Language}}" dir="{{.Dir}}">{{if .Sent}}<h1 class="kf-w">{{.Heading}}</h1><p class="kf-t" role="status" tabindex="-1">{{.Sent}}</p>{{else}}<h1>{{.Heading}}</h1>{{with .Intro}}<p class="kf-intro">{{.}}</p>{{end}}
<div class="kf-s" role="alert">{{.Notice}}</div>
<form method="post" action="{{.Action}}" enctype="multipart/form-data" novalidate data-kanal="{{.Form.Slug}}" data-work="{{.Work}}" data-wrong="{{.W.Wrong}}" data-failed="{{.W.Failed}}">
<input type="hidden" name="kanal_id" value="{{.Client}}"><input type="hidden" name="kanal_time" value="{{.Stamp}}"><input type="hidden" name="kanal_language" value="{{.Language}}"><input type="hidden" name="kanal_shown" value="{{.Shown}}">
<input type="hidden" name="kanal_page" value="{{.Page.URL}}"><input type="hidden" name="kanal_title" value="{{.Page.Title}}"><input type="hidden" name="kanal_referrer" value="{{.Page.Referrer}}">
<div class="kf-w" aria-hidden="true"><label for="kf-website">{{.W.Leave}}</label><input id="kf-website" name="kanal_website" tabindex="-1" autocomplete="off"></div>
{{range .Items}}{{template "item" dict . $.W}}{{end}}
{{if .Ask}}<div class="kf-f" data-f="kanal_answer"><label class="kf-l" for="kf-answer">{{.Ask}}</label><input class="kf-i{{if .AskError}} kf-bad{{end}}" id="kf-answer" name="kanal_answer" inputmode="numeric" autocomplete="off" aria-describedby="kf-answer-e"{{if .AskError}} aria-invalid="true"{{end}}><p class="kf-e" id="kf-answer-e">{{.AskError}}</p></div>{{end}}
{{with .Notice2}}<p class="kf-h kf-f">{{.}}</p>{{end}}
{{range .Boxes}}<div class="kf-f" data-f="{{.Name}}"><label class="kf-c"><input type="checkbox" id="{{.ID}}" name="{{.Name}}" value="true"{{if .Ticked}} checked{{end}}{{if .Must}} required{{end}} aria-describedby="{{.ID}}-e"{{if .Error}} aria-invalid="true"{{end}}><span>{{.Text}}</span></label><p class="kf-e" id="{{.ID}}-e">{{.Error}}</p></div>{{end}}
<button class="kf-b"{{if .Preview}} disabled{{end}}>{{.Button}}</button>{{if and .Conditions (not .Preview)}} <button class="kf-b kf-b2" name="kanal_update" value="1" data-plain>{{.W.Update}}</button>{{end}}</form>{{end}}</div>{{end}}

{{define "item"}}{{$i := .I}}{{$w := .W}}{{with $i}}{{if eq .Kind "heading"}}<div class="kf-f" data-f="{{.Name}}"{{with .If}} data-if="{{.}}"{{end}}{{if .Off}} hidden{{end}}><h2>{{.Text}}</h2>{{with .Hint}}<p class="kf-h">{{.}}</p>{{end}}</div>
{{else if eq .Kind "boxes"}}<fieldset class="kf-f" data-f="{{.Name}}"{{with .If}} data-if="{{.}}"{{end}}{{if .Off}} hidden disabled{{end}} aria-describedby="{{.Described}}"{{if .Radios}} role="radiogroup"{{if .Must}} aria-required="true"{{end}}{{end}}><legend>{{.Text}}{{if not .Must}} <span class="kf-o">({{$w.Optional}})</span>{{end}}</legend>
{{range .Choices}}<label class="kf-c"><input type="{{if $i.Radios}}radio{{else}}checkbox{{end}}" id="{{.ID}}" name="{{$i.Name}}" value="{{.Value}}"{{if .Chosen}} checked{{end}}><span>{{.Label}}</span></label>{{end}}{{with .Hint}}<p class="kf-h" id="{{$i.ID}}-h">{{.}}</p>{{end}}<p class="kf-e" id="{{.ID}}-e">{{.Error}}</p></fieldset>
{{else if eq .Kind "fixed"}}<div class="kf-f" data-f="{{.Name}}"><span class="kf-l">{{.Text}}</span>{{.Value}}</div>
{{else if eq .Kind "box"}}<fieldset class="kf-f" data-f="{{.Name}}"{{with .If}} data-if="{{.}}"{{end}}{{if .Off}} hidden disabled{{end}}><label class="kf-c"><input type="checkbox" id="{{.ID}}" name="{{.Name}}" value="true"{{if .Ticked}} checked{{end}}{{if .Must}} required{{end}} aria-describedby="{{.Described}}"{{if .Error}} aria-invalid="true"{{end}}><span>{{.Text}}</span></label>{{with .Hint}}<p class="kf-h" id="{{$i.ID}}-h">{{.}}</p>{{end}}<p class="kf-e" id="{{.ID}}-e">{{.Error}}</p></fieldset>
{{else}}<fieldset class="kf-f" data-f="{{.Name}}"{{with .If}} data-if="{{.}}"{{end}}{{if .Off}} hidden disabled{{end}}><label class="kf-l" for="{{.ID}}">{{.Text}}{{if not .Must}} <span class="kf-o">({{$w.Optional}})</span>{{end}}</label>
{{if eq .Kind "area"}}<textarea class="kf-i{{if .Error}} kf-bad{{end}}" id="{{.ID}}" name="{{.Name}}"{{with .Holder}} placeholder="{{.}}"{{end}}{{if .Must}} required{{end}} aria-describedby="{{.Described}}"{{if .Error}} aria-invalid="true"{{end}}>{{.Value}}</textarea>
{{else if eq .Kind "select"}}<select class="kf-i{{if .Error}} kf-bad{{end}}" id="{{.ID}}" name="{{.Name}}"{{if .Must}} required{{end}} aria-describedby="{{.Described}}"{{if .Error}} aria-invalid="true"{{end}}><option value="">{{$w.Choose}}</option>{{range .Choices}}<option value="{{.Value}}"{{if .Chosen}} selected{{end}}>{{.Label}}</option>{{end}}</select>
{{else if eq .Kind "file"}}<input class="kf-i{{if .Error}} kf-bad{{end}}" type="file" id="{{.ID}}" name="{{.Name}}"{{if .Many}} multiple{{end}}{{with .Types}} accept="{{.}}"{{end}}{{if .Must}} required{{end}} aria-describedby="{{.Described}}"{{if .Error}} aria-invalid="true"{{end}}>
{{else}}<input class="kf-i{{if .Error}} kf-bad{{end}}" type="{{.Kind}}" id="{{.ID}}" name="{{.Name}}" value="{{.Value}}"{{with .Holder}} placeholder="{{.}}"{{end}}{{if eq .Type "number"}} inputmode="decimal"{{end}}{{if eq .Maps "contact.email"}} autocomplete="email"{{else if eq .Maps "contact.name"}} autocomplete="name"{{else if eq .Maps "contact.phone"}} autocomplete="tel"{{else if eq .Maps "contact.first_name"}} autocomplete="given-name"{{else if eq .Maps "contact.last_name"}} autocomplete="family-name"{{else if eq .Maps "company.name"}} autocomplete="organization"{{end}}{{if .Must}} required{{end}} aria-describedby="{{.Described}}"{{if .Error}} aria-invalid="true"{{end}}>{{end}}
{{with .Hint}}<p class="kf-h" id="{{$i.ID}}-h">{{.}}</p>{{end}}<p class="kf-e" id="{{.ID}}-e">{{.Error}}</p></fieldset>{{end}}{{end}}{{end}}
`))
