package form

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
)

// Bounds of a form.
const (
	MaxFields     = 100
	MaxOptions    = 300
	MaxFilesField = 10
	MaxFilesAll   = 20
	MaxMB         = 100
	DefaultFiles  = 3
	DefaultMB     = 10
	maxTextBytes  = 8 << 10
	maxDefinition = 256 << 10
)

var (
	nameRule  = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,59}$`)
	mapsRule  = regexp.MustCompile(`^(contact|company|ticket)\.[a-z][a-z0-9_]{0,99}$`)
	colorRule = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	sizeRule  = regexp.MustCompile(`^[0-9]{1,2}(px)?$`)
	fontRule  = regexp.MustCompile(`^[A-Za-z0-9 ,'-]{0,100}$`)
)

// reserved are names that the form's own machinery posts.
var reserved = []string{"kanal_id", "kanal_time", "kanal_work", "kanal_website", "kanal_page", "kanal_title", "kanal_referrer", "kanal_visitor", "kanal_language", "kanal_answer", "kanal_back", "kanal_shown", "kanal_update"}

func wrong(field, reason, format string, args ...any) error {
	e := desk.Errorf(desk.Invalid, "form.definition", format, args...)
	e.Reason = "form." + reason
	return e.In(field)
}

// Check refuses what cannot be meant, naming the field as "fields.<name>.<part>".
func (d *Definition) Check() error {
	if len(d.Fields) > MaxFields {
		return wrong("fields", "too_many", "A form may have at most %d fields.", MaxFields)
	}
	if d.Language == "" {
		d.Language = "en"
	}
	seen := map[string]bool{}
	mapped := map[string]string{}
	for i := range d.Fields {
		f := &d.Fields[i]
		at := fmt.Sprintf("fields.%d", i)
		if !nameRule.MatchString(f.Name) || slices.Contains(reserved, f.Name) {
			return wrong(at+".name", "field_name", "%q is no name for a field: small letters, digits, _ and -, beginning with a letter.", f.Name)
		}
		if seen[f.Name] {
			return wrong("fields."+f.Name+".name", "field_twice", "Two fields are called %s.", f.Name)
		}
		seen[f.Name] = true
		if err := d.checkField(f); err != nil {
			return err
		}
		if f.Maps != "" && f.Type != TypeFile {
			if other := mapped[f.Maps]; other != "" {
				return wrong("fields."+f.Name+".maps", "maps_twice", "%s and %s both fill %s.", other, f.Name, f.Maps)
			}
			mapped[f.Maps] = f.Name
		}
	}
	if err := d.checkCycles(); err != nil {
		return err
	}
	return d.checkRest()
}

func (d *Definition) checkField(f *Field) error {
	at := "fields." + f.Name
	switch {
	case !slices.Contains(Types, f.Type):
		return wrong(at+".type", "field_type", "There is no kind of field %q.", f.Type)
	case f.Maps != "" && !mapsRule.MatchString(f.Maps):
		return wrong(at+".maps", "maps", "%q is nothing that a field can fill.", f.Maps)
	case (f.Type == TypeHeading || f.Type == TypeConsent) && f.Maps != "":
		return wrong(at+".maps", "maps", "A field of this kind fills nothing.")
	case (f.Type == TypeChoice || f.Type == TypeMulti) && len(f.Options) == 0 && !f.Placed():
		return wrong(at+".options", "options_missing", "%s needs something to choose from.", f.LabelIn(d.Language))
	case len(f.Options) > MaxOptions:
		return wrong(at+".options", "options", "A field may have at most %d options.", MaxOptions)
	case f.Type == TypeConsent && f.Label.In(d.Language) == "":
		return wrong(at+".label", "consent_words", "A consent needs the words that are agreed to.")
	case f.MaxFiles < 0 || f.MaxFiles > MaxFilesField:
		return wrong(at+".max_files", "max_files", "A field takes at most %d files.", MaxFilesField)
	case f.MaxMB < 0 || f.MaxMB > MaxMB:
		return wrong(at+".max_mb", "max_mb", "A file may have at most %d MB.", MaxMB)
	case f.Mode != "" && !slices.Contains([]string{"hidden", "read_only", "rules"}, f.Mode):
		return wrong(at+".mode", "mode", "It is hidden, read_only, or set by rules.")
	case !sourceFine(f.From):
		return wrong(at+".from", "from", "%q is nothing that a hidden field can be filled from.", f.From)
	}
	if f.Placed() {
		if f.Mode == "" {
			f.Mode = "hidden"
		}
		f.Hidden, f.Required = f.Mode != "read_only", false
	}
	if f.Type == TypeHidden {
		f.Hidden, f.Required = true, false
	}
	if f.Pattern != "" {
		if _, err := regexp.Compile("^(?:" + f.Pattern + ")$"); err != nil || len(f.Pattern) > 500 {
			return wrong(at+".pattern", "pattern", "The pattern cannot be read: %v.", err)
		}
	}
	return d.checkDependence(f, at)
}

// checkDependence looks at what a field offers and at the answers that it hangs on.
func (d *Definition) checkDependence(f *Field, at string) error {
	values := map[string]bool{}
	for _, o := range f.Options {
		if o.Value == "" || values[o.Value] || len(o.Value) > 200 {
			return wrong(at+".options", "options", "Each option needs a value of its own.")
		}
		values[o.Value] = true
	}
	known := func(name string) bool {
		o, ok := d.Field(name)
		return ok && name != f.Name && o.Type != TypeHeading && o.Type != TypeFile
	}
	if f.ShowIf != nil {
		if len(f.ShowIf.When) == 0 {
			f.ShowIf = nil
		} else if err := condition.Check(*f.ShowIf, known, at+".show_if"); err != nil {
			return err
		}
	}
	for i, s := range f.SetBy {
		if err := condition.Check(s.If, known, fmt.Sprintf("%s.set_by.%d.if", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func sourceFine(from string) bool {
	switch from {
	case "", "page.url", "page.title", "referrer":
		return true
	}
	kind, name, _ := strings.Cut(from, ":")
	return (kind == "query" || kind == "cookie") && name != "" && len(name) <= 100
}

// checkCycles refuses fields that show each other.
func (d *Definition) checkCycles() error {
	state := map[string]int{}
	var walk func(name string) bool
	walk = func(name string) bool {
		if state[name] != 0 {
			return state[name] == 1
		}
		state[name] = 1
		if f, ok := d.Field(name); ok {
			for _, c := range f.conditions() {
				if walk(c.Field) {
					return true
				}
			}
		}
		state[name] = 2
		return false
	}
	for _, f := range d.Fields {
		if walk(f.Name) {
			return wrong("fields."+f.Name+".show_if", "cycle", "%s depends on itself by way of other fields.", f.LabelIn(d.Language))
		}
	}
	return nil
}

func (f Field) conditions() (out []desk.Condition) {
	if f.ShowIf != nil {
		out = append(out, f.ShowIf.When...)
	}
	for _, s := range f.SetBy {
		out = append(out, s.If.When...)
	}
	return out
}

func (d *Definition) checkRest() error {
	switch d.After.Do {
	case "":
		d.After.Do = "message"
	case "message":
	case "redirect":
		if !webAddress(d.After.URL) {
			return wrong("after.url", "redirect", "Say where to go with a whole address that begins with https:// or http://.")
		}
	default:
		return wrong("after.do", "after", "After sending there is a message or a redirect.")
	}
	o := &d.Options
	switch {
	case o.Spam == "":
		o.Spam = "standard"
	case !slices.Contains([]string{"standard", "strict", "off"}, o.Spam):
		return wrong("options.spam", "spam", "Spam protection is standard, strict or off.")
	case o.Work < 0 || o.Work > 24:
		return wrong("options.work", "work", "The proof of work has 0 to 24 bits.")
	case o.OncePer < 0 || o.OncePer > 7*24*60:
		return wrong("options.once_per_minutes", "once", "It is 0 to 10080 minutes.")
	case o.KeepDays < 0 || o.KeepDays > 3650:
		return wrong("options.keep_days", "keep", "It is 0 to 3650 days.")
	case o.Style.Color != "" && !colorRule.MatchString(o.Style.Color):
		return wrong("options.style.color", "color", "A colour is # and six digits, such as #1f4f8f.")
	case o.Style.Radius != "" && !sizeRule.MatchString(o.Style.Radius):
		return wrong("options.style.radius", "radius", "Corners are 0 to 99 px.")
	case !fontRule.MatchString(o.Style.Font):
		return wrong("options.style.font", "font", "A font is a name, or several with commas.")
	}
	for i, n := range o.Notify {
		if o.Notify[i] = desk.NormalizeEmail(n); o.Notify[i] == "" {
			return wrong("options.notify", "notify", "%q is no email address.", n)
		}
	}
	for i, host := range o.Domains {
		host = strings.ToLower(strings.TrimSpace(host))
		if u, err := url.Parse(host); err == nil && u.Host != "" {
			host = u.Host
		}
		if host == "" || strings.ContainsAny(host, " /;,'\"\r\n") {
			return wrong("options.domains", "domain", "%q is no domain.", o.Domains[i])
		}
		o.Domains[i] = host
	}
	if d.Consent != nil {
		for i, c := range d.Consent.Communication {
			if !nameRule.MatchString(c.Slug) || c.Text.In(d.Language) == "" {
				return wrong(fmt.Sprintf("consent.communication.%d", i), "consent_words", "Each consent needs a short name and the words that are agreed to.")
			}
		}
		if p := d.Consent.Processing; p != nil && p.Text.In(d.Language) == "" {
			return wrong("consent.processing.text", "consent_words", "A consent needs the words that are agreed to.")
		}
	}
	return nil
}

// webAddress: only the web's own, whole, and nobody's name before the host.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && len(s) <= 2000 && !strings.ContainsAny(s, " \r\n\t\\")
}
