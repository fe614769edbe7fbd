package forms

import (
	"html"
	"strings"

	"github.com/kanalhq/kanal/internal/form"
)

// Codes are the ways to put a form on a page.
type Codes struct {
	URL    string `json:"url" doc:"The form's own page."`
	Script string `json:"script" doc:"Shows the form in the page; falls back to the frame."`
	Inline string `json:"inline" doc:"The same, in the page's own style."`
	Iframe string `json:"iframe"`
	HTML   string `json:"html" doc:"To be changed at will: names are what counts."`
	API    string `json:"api" doc:"Where JSON is posted to."`
}

func (h *forms) codes(f form.Form) Codes {
	base := strings.TrimSuffix(h.Base.String(), "/")
	at := base + "/forms/" + f.Slug
	title := html.EscapeString(f.Definition.Title.In(f.Definition.Language, "en"))
	return Codes{
		URL: at, API: at,
		Script: `<script src="` + base + `/forms.js" data-form="` + f.Slug + `" async></script>`,
		Inline: `<script src="` + base + `/forms.js" data-form="` + f.Slug + `" data-style="inherit" async></script>`,
		Iframe: `<iframe src="` + at + `/embed" title="` + title + `" width="100%" height="640" frameborder="0"></iframe>`,
		HTML:   h.plain(f, at),
	}
}

// plain is a form in bare HTML, for pages that do everything themselves.
func (h *forms) plain(f form.Form, action string) string {
	var b strings.Builder
	d := f.Definition
	e := html.EscapeString
	b.WriteString(`<form method="post" action="` + e(action) + `" enctype="multipart/form-data" accept-charset="utf-8">` + "\n")
	b.WriteString(`  <input type="hidden" name="kanal_language" value="` + e(d.Language) + `">` + "\n")
	for _, x := range d.Fields {
		if x.Placed() || x.ReadOnly || x.Type == form.TypeHeading || x.Concealed() && x.From == "" {
			continue
		}
		plainField(&b, x, d.Language)
	}
	if c := d.Consent; c != nil {
		if n := c.Notice.In(d.Language); n != "" {
			b.WriteString("  <p>" + e(n) + "</p>\n")
		}
		if c.Processing != nil {
			plainBox(&b, form.ProcessingName, c.Processing.Text.In(d.Language), "")
		}
		for _, x := range c.Communication {
			plainBox(&b, form.CommunicationName+x.Slug, x.Text.In(d.Language), "")
		}
	}
	b.WriteString(`  <p hidden><input name="kanal_website" tabindex="-1" autocomplete="off"></p>` + "\n")
	b.WriteString("  <p><button>" + e(or(d.Submit.In(d.Language), wordsOf(d.Language).Send)) + "</button></p>\n</form>")
	return b.String()
}

func plainBox(b *strings.Builder, name, label, must string) {
	b.WriteString(`  <p><label><input type="checkbox" name="` + name + `" value="true"` + must + `> ` + html.EscapeString(label) + "</label></p>\n")
}

func plainField(b *strings.Builder, x form.Field, lang string) {
	e := html.EscapeString
	must := ""
	if x.Required && x.ShowIf == nil {
		must = " required"
	}
	label := e(x.LabelIn(lang, "en"))
	kind := or(map[string]string{form.TypeEmail: form.TypeEmail, form.TypePhone: "tel", form.TypeNumber: "number", form.TypeDate: "date", form.TypeFile: "file"}[x.Type], "text")
	switch {
	case x.Concealed():
		b.WriteString(`  <input type="hidden" name="` + x.Name + `" value="">` + "\n")
	case x.Type == form.TypeLong:
		b.WriteString(`  <p><label>` + label + `<br><textarea name="` + x.Name + `" rows="6"` + must + `></textarea></label></p>` + "\n")
	case x.Type == form.TypeChoice:
		b.WriteString(`  <p><label>` + label + `<br><select name="` + x.Name + `"` + must + `><option value=""></option>`)
		for _, o := range x.Options {
			b.WriteString(`<option value="` + e(o.Value) + `">` + e(o.Label.In(lang)) + `</option>`)
		}
		b.WriteString("</select></label></p>\n")
	case x.Type == form.TypeMulti:
		b.WriteString("  <fieldset><legend>" + label + "</legend>")
		for _, o := range x.Options {
			b.WriteString(`<label><input type="checkbox" name="` + x.Name + `" value="` + e(o.Value) + `"> ` + e(o.Label.In(lang)) + `</label> `)
		}
		b.WriteString("</fieldset>\n")
	case x.Type == form.TypeCheckbox || x.Type == form.TypeConsent:
		plainBox(b, x.Name, x.LabelIn(lang, "en"), must)
	default:
		b.WriteString(`  <p><label>` + label + `<br><input type="` + kind + `" name="` + x.Name + `"` + must + `></label></p>` + "\n")
	}
}
