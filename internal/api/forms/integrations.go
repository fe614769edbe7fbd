package forms

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/visitor"
)

// mountIntegrations adds the public API's own way to send a form (FM-18), under the paths and with the errors that its callers know. The portal may be anything: here is but one;
// the form is named by its id or its short name.
func (h *forms) mountIntegrations() {
	s := h.server
	const open, secure = "/submissions/v3/integration/submit/{portal}/{which}", "/submissions/v3/integration/secure/submit/{portal}/{which}"
	for _, end := range []string{"", "/{$}"} {
		s.FromAnywhere("POST " + open + end)
		s.Handle("POST "+open+end, http.HandlerFunc(h.integrate))
		s.FromAnywhere("POST " + secure + end)
		s.Handle("POST "+secure+end, http.HandlerFunc(h.integrateSecurely))
	}
	s.Handle("OPTIONS "+open, http.HandlerFunc(h.integratePreflight))
}

// sent is what an integration posts.
type sent struct {
	SubmittedAt json.RawMessage `json:"submittedAt"`
	Fields      []struct {
		Object string `json:"objectTypeId"`
		Name   string `json:"name"`
		Value  any    `json:"value"`
	} `json:"fields"`
	Context struct {
		UTK  *string `json:"hutk"`
		URL  string  `json:"pageUri"`
		Name string  `json:"pageName"`
		IP   string  `json:"ipAddress"`
	} `json:"context"`
	Legal *struct {
		Consent *struct {
			Process        bool   `json:"consentToProcess"`
			Text           string `json:"text"`
			Communications []struct {
				Value bool   `json:"value"`
				Type  any    `json:"subscriptionTypeId"`
				Text  string `json:"text"`
			} `json:"communications"`
		} `json:"consent"`
		Interest *struct {
			Value bool   `json:"value"`
			Text  string `json:"text"`
		} `json:"legitimateInterest"`
	} `json:"legalConsentOptions"`
	Skip bool `json:"skipValidation"`
}

// mistake is one thing that is wrong, in the words of the public API.
type mistake struct {
	Message string `json:"message"`
	Type    string `json:"errorType"`
}

const maxSent = 1000

// What errors are called there.
const (
	wrongMeta  = "INVALID_METADATA"
	wrongHutk  = "INVALID_HUTK"
	wrongIP    = "INVALID_IP_ADDRESS"
	wrongPage  = "INVALID_PAGE_URI"
	wrongLegal = "INVALID_LEGAL_OPTION_FORMAT"
)

var hutkForm = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

func (h *forms) integratePreflight(w http.ResponseWriter, r *http.Request) {
	f, err := h.named(r.Context(), r.PathValue("which"))
	h.mayPost(w, r, f, err)
}

// named is the form of an id or a short name.
func (h *forms) named(ctx context.Context, name string) (form.Form, error) {
	if id, err := desk.ParseID[desk.FormID](name); err == nil {
		if f, err := h.Forms.Get(ctx, h.DB, id); err == nil && f.ArchivedAt == 0 {
			return f, nil
		}
	}
	return h.open(ctx, name)
}

func (h *forms) integrate(w http.ResponseWriter, r *http.Request) {
	if err := h.server.Take(api.LimitPublic, r); err != nil {
		h.refuse(w, r, err)
		return
	}
	f, err := h.named(r.Context(), r.PathValue("which"))
	if err == nil && !h.cors(w, r, f.Definition) {
		err = desk.Errorf(desk.Forbidden, "form.domain", "This form is not for this site.")
	}
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	h.takeIn(w, r, f, false)
}

// integrateSecurely is for a server that brings a token: it speaks for the people whose answers it has, so it is no suspicious sender itself.
func (h *forms) integrateSecurely(w http.ResponseWriter, r *http.Request) {
	if err := h.server.Take(api.LimitPublic, r); err != nil {
		h.refuse(w, r, err)
		return
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || strings.TrimSpace(token) == "" {
		h.refuse(w, r, desk.Errorf(desk.Unauthorized, "token.missing", "Authentication credentials not found. This API supports OAuth 2.0 authentication and private app tokens."))
		return
	}
	v, err := h.server.Viewer(r.Context(), strings.TrimSpace(token))
	if err == nil {
		err = h.server.Admitted(r)
	}
	if err == nil && (v.Token == nil || !v.Can(access.FormsManage)) {
		err = desk.Errorf(desk.Forbidden, "token.scope", "This app hasn't been granted all required scopes to make this call. It needs %s.", access.FormsManage)
	}
	var f form.Form
	if err == nil {
		f, err = h.named(r.Context(), r.PathValue("which"))
	}
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	h.takeIn(w, r, f, true)
}

func (h *forms) takeIn(w http.ResponseWriter, r *http.Request, f form.Form, secure bool) {
	if kind := r.Header.Get("Content-Type"); kind != "" && !strings.HasPrefix(kind, "application/json") {
		h.answer(w, http.StatusUnsupportedMediaType, problem{Message: "Content-Type must be application/json"})
		return
	}
	api.Body(w, r, maxPosted)
	var x sent
	if err := json.NewDecoder(r.Body).Decode(&x); err != nil {
		if api.TooLarge(err) {
			h.refuse(w, r, errMuch)
			return
		}
		h.answer(w, http.StatusBadRequest, problem{Message: "Invalid input JSON: " + strings.TrimPrefix(err.Error(), "json: ")})
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	in, wrong := h.integrated(r, f, x, secure)
	if f.Definition.Options.Captcha && !secure {
		wrong = append(wrong, mistake{"The form has a question against programs, which this endpoint cannot ask.", "FORM_HAS_RECAPTCHA_ENABLED"})
	}
	if len(wrong) == 0 {
		out, err := h.Flow.Submit(r.Context(), in)
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		wrong = mistakes(f, out.Result.Faults)
	}
	if len(wrong) > 0 {
		h.answer(w, http.StatusBadRequest, problem{Message: "The request is not valid", Errors: wrong})
		return
	}
	text := "<p>" + strings.ReplaceAll(html.EscapeString(h.after(f.Definition, in.Language)), "\n", "<br>") + "</p>"
	if a := f.Definition.After; a.Do == "redirect" {
		h.reply(w, http.StatusOK, map[string]string{"redirectUri": a.URL})
		return
	}
	h.reply(w, http.StatusOK, map[string]string{"inlineMessage": text})
}

// integrated is a submission of what was posted, and all that is wrong with it before the form is asked.
func (h *forms) integrated(r *http.Request, f form.Form, x sent, secure bool) (submission.In, []mistake) {
	wrong := x.check(h.Clock.Now())
	p := &reading{values: map[string][]string{}}
	if len(x.Fields) > maxSent {
		wrong = append(wrong, mistake{fmt.Sprintf("More than %d values were sent.", maxSent), "MAX_NUMBER_OF_SUBMITTED_VALUES_EXCEEDED"})
		x.Fields = nil
	}
	wrong = append(wrong, x.fill(f.Definition, p)...)
	x.consents(f.Definition, p)
	for _, v := range [][2]string{{"kanal_page", x.Context.URL}, {"kanal_title", x.Context.Name}} {
		if v[1] != "" {
			p.values[v[0]] = []string{v[1]}
		}
	}
	if x.Context.UTK != nil {
		p.values["kanal_visitor"] = []string{strings.ToLower(*x.Context.UTK)}
	}
	in := h.in(r, f, p)
	in.Lax, in.Trusted, in.Test = x.Skip, secure, false
	if secure && x.Context.IP != "" { // only who brings a token is believed whose browser it was
		in.IP, in.KeepIP = x.Context.IP, visitor.Address("truncate", x.Context.IP)
		if in.Country = ""; h.Country != nil {
			in.Country = h.Country(x.Context.IP)
		}
	}
	return in, wrong
}

// fill takes the fields to those of the form.
func (x *sent) fill(d form.Definition, p *reading) (wrong []mistake) {
	first, last := "", ""
	for _, v := range x.Fields {
		if strings.HasPrefix(v.Name, "kanal_") {
			_ = p.addAny(v.Name, v.Value)
			continue
		}
		maps := fills(v.Object, v.Name)
		name, ok := fieldFor(d, v.Name, maps)
		switch {
		case !ok && (maps == "contact.first_name" || maps == "contact.last_name") && hasMaps(d, "contact.name"):
			s, _ := v.Value.(string)
			if maps == "contact.first_name" {
				first = s
			} else {
				last = s
			}
		case !ok && !x.Skip:
			wrong = append(wrong, mistake{fmt.Sprintf("Error in 'fields.%s'. %s is not in the form definition", clean(v.Name), clean(v.Name)), "FIELD_NOT_IN_FORM_DEFINITION"})
		case ok:
			if s, text := v.Value.(string); text && fieldType(d, name) == form.TypeMulti {
				for _, one := range strings.Split(s, ";") {
					_ = p.add(name, one)
				}
				continue
			}
			if err := p.addAny(name, v.Value); err != nil {
				wrong = append(wrong, mistake{fmt.Sprintf("Error in 'fields.%s'. The value is too large", clean(v.Name)), "INPUT_TOO_LARGE"})
			}
		}
	}
	if full := strings.TrimSpace(first + " " + last); full != "" {
		if name, ok := fieldFor(d, "", "contact.name"); ok {
			_ = p.add(name, full)
		}
	}
	return wrong
}

// check looks at what is not the form's.
func (x *sent) check(now time.Time) (wrong []mistake) {
	if at := strings.Trim(string(x.SubmittedAt), `"`); at != "" && at != "null" {
		ms, err := strconv.ParseInt(at, 10, 64)
		if t := time.UnixMilli(ms); err != nil || t.After(now.Add(24*time.Hour)) || t.Before(now.AddDate(0, -1, -1)) {
			wrong = append(wrong, mistake{"Error in 'submittedAt'. It must be a time in milliseconds, at most one month back", wrongMeta})
		}
	}
	if x.Context.UTK != nil && !hutkForm.MatchString(*x.Context.UTK) {
		wrong = append(wrong, mistake{"Error in 'context.hutk'. It must be 32 hexadecimal digits, or left out", wrongHutk})
	}
	if _, err := netip.ParseAddr(x.Context.IP); x.Context.IP != "" && err != nil {
		wrong = append(wrong, mistake{"Error in 'context.ipAddress'. It is no IP address", wrongIP})
	}
	if _, err := url.Parse(x.Context.URL); err != nil || strings.ContainsAny(x.Context.URL, " \n\r\t") {
		wrong = append(wrong, mistake{"Error in 'context.pageUri'. It is no address of a page", wrongPage})
	}
	return append(wrong, x.legal()...)
}

func (x *sent) legal() (wrong []mistake) {
	if x.Legal == nil {
		return nil
	}
	c, i := x.Legal.Consent, x.Legal.Interest
	if c != nil && i != nil || c == nil && i == nil {
		return []mistake{{"Error in 'legalConsentOptions'. Give either consent or legitimateInterest", wrongLegal}}
	}
	if i != nil {
		if strings.TrimSpace(i.Text) == "" {
			wrong = append(wrong, mistake{"Error in 'legalConsentOptions.legitimateInterest.text'. It is missing", "MISSING_LEGITIMATE_INTEREST_TEXT"})
		}
		return wrong
	}
	if strings.TrimSpace(c.Text) == "" {
		wrong = append(wrong, mistake{"Error in 'legalConsentOptions.consent.text'. It is missing", "MISSING_PROCESSING_CONSENT_TEXT"})
	}
	seen := map[string]bool{}
	for _, m := range c.Communications {
		if strings.TrimSpace(m.Text) == "" {
			wrong = append(wrong, mistake{"Error in 'legalConsentOptions.consent.communications'. A text is missing", "MISSING_COMMUNICATION_CONSENT_TEXT"})
		}
		id := fmt.Sprint(m.Type)
		if seen[id] {
			wrong = append(wrong, mistake{"Error in 'legalConsentOptions.consent.communications'. subscriptionTypeId " + id + " is there twice", "DUPLICATE_SUBSCRIPTION_TYPE_ID"})
		}
		seen[id] = true
	}
	return wrong
}

// consents ticks the form's boxes: processing, and each communication by its short name, its words, or its place.
func (x *sent) consents(d form.Definition, p *reading) {
	if x.Legal == nil || x.Legal.Consent == nil || d.Consent == nil {
		return
	}
	c := x.Legal.Consent
	if c.Process {
		p.values[form.ProcessingName] = []string{"true"}
	}
	for i, m := range c.Communications {
		at := slices.IndexFunc(d.Consent.Communication, func(o form.Communicate) bool { return o.Slug == fmt.Sprint(m.Type) })
		if at < 0 {
			at = slices.IndexFunc(d.Consent.Communication, func(o form.Communicate) bool {
				for _, words := range o.Text {
					if strings.TrimSpace(words) == strings.TrimSpace(m.Text) {
						return true
					}
				}
				return false
			})
		}
		if at < 0 && len(c.Communications) == len(d.Consent.Communication) {
			at = i
		}
		if at >= 0 && m.Value {
			p.values[form.CommunicationName+d.Consent.Communication[at].Slug] = []string{"true"}
		}
	}
}

// hubNames are the names of the public API for what our fields fill.
var hubNames = map[string]string{
	"contact.firstname": "contact.first_name", "contact.lastname": "contact.last_name", "contact.mobilephone": "contact.phone", "contact.company": "company.name",
	"contact.hs_language": "contact.language", "ticket.content": "ticket.description", "ticket.hs_ticket_priority": "ticket.priority", "ticket.hs_ticket_category": "ticket.category",
}

// fills is what a posted field would fill, by its object or by the prefix that older callers write.
func fills(object, name string) string {
	of := map[string]string{"": "contact", "0-1": "contact", "0-2": "company", "0-5": "ticket"}[object]
	if before, after, ok := strings.Cut(name, "."); ok {
		switch o := strings.ToLower(before); o {
		case "contact", "company", "ticket":
			of, name = o, after
		}
	}
	maps := of + "." + strings.ToLower(name)
	if to, ok := hubNames[maps]; ok {
		return to
	}
	return maps
}

// fieldFor is the form's field that fills this, or the one of that name; of a contact's own fields the name counts first.
func fieldFor(d form.Definition, name, maps string) (string, bool) {
	named := slices.IndexFunc(d.Fields, func(f form.Field) bool { return name != "" && f.Name == name })
	filled := slices.IndexFunc(d.Fields, func(f form.Field) bool { return f.Maps == maps })
	at := filled
	if at < 0 || named >= 0 && strings.HasPrefix(maps, "contact.") {
		at = named
	}
	if at < 0 {
		return "", false
	}
	return d.Fields[at].Name, true
}

func hasMaps(d form.Definition, maps string) bool {
	_, ok := fieldFor(d, "", maps)
	return ok
}

func fieldType(d form.Definition, name string) string {
	f, _ := d.Field(name)
	return f.Type
}

var faultNames = map[string]string{
	form.FaultRequired: "REQUIRED_FIELD", form.FaultEmail: "INVALID_EMAIL", form.FaultNumber: "INVALID_NUMBER", form.FaultMin: "NUMBER_OUT_OF_RANGE", form.FaultMax: "NUMBER_OUT_OF_RANGE",
	form.FaultLong: "INPUT_TOO_LARGE", form.FaultConsent: "MISSING_PROCESSING_CONSENT",
}

func mistakes(f form.Form, faults map[string]form.Fault) (out []mistake) {
	t := wordsOf("en")
	for name, x := range faults {
		kind := faultNames[x.Code]
		if kind == "" {
			kind = "VALUE_NOT_IN_FIELD_DEFINITION"
		}
		if x.Code == form.FaultMin && fieldType(f.Definition, name) != form.TypeNumber {
			kind = "VALUE_NOT_IN_FIELD_DEFINITION"
		}
		out = append(out, mistake{fmt.Sprintf("Error in 'fields.%s'. %s", name, t.fault(x)), kind})
	}
	slices.SortFunc(out, func(a, b mistake) int { return strings.Compare(a.Message, b.Message) })
	return out
}

// problem is an error as the public API has it.
type problem struct {
	Status        string    `json:"status"`
	Message       string    `json:"message"`
	CorrelationID string    `json:"correlationId"`
	Category      string    `json:"category,omitempty"`
	Errors        []mistake `json:"errors,omitempty"`
}

func (h *forms) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, category := http.StatusInternalServerError, ""
	switch desk.CodeOf(err) {
	case desk.NotFound:
		status, category = http.StatusNotFound, "OBJECT_NOT_FOUND"
	case desk.RateLimited:
		status, category = http.StatusTooManyRequests, "RATE_LIMITS"
		w.Header().Set("Retry-After", "10")
	case desk.Unauthorized:
		status, category = http.StatusUnauthorized, "INVALID_AUTHENTICATION"
	case desk.Forbidden:
		status, category = http.StatusForbidden, "MISSING_SCOPES"
	case desk.Conflict:
		status = http.StatusNotFound
	case desk.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case desk.Invalid:
		status = http.StatusBadRequest
	case desk.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	default:
		h.Log.Error("a submission could not be taken", "request_id", api.RequestID(r.Context()), "err", err)
		h.answer(w, status, problem{Message: "internal error"})
		return
	}
	h.answer(w, status, problem{Message: desk.PublicOf(err), Category: category})
}

func (h *forms) answer(w http.ResponseWriter, status int, p problem) {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	x := hex.EncodeToString(b[:])
	p.Status, p.CorrelationID = "error", x[:8]+"-"+x[8:12]+"-"+x[12:16]+"-"+x[16:20]+"-"+x[20:]
	h.reply(w, status, p)
}

func (h *forms) reply(w http.ResponseWriter, status int, v any) {
	head := w.Header()
	head.Set("Content-Type", "application/json;charset=utf-8")
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
