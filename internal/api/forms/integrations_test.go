package forms_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/dbtest"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
)

// all is what a form was sent.
func (w *world) all(f form.Form) []form.Submission {
	w.t.Helper()
	xs, err := w.forms.Find(context.Background(), w.DB, form.Filter{Form: f.ID, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	return xs
}

// FM-18: what integrations post is taken under the public API's path, and what is wrong is told in its shape, all at once.
func TestIntegrationsPostForms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.make(func(d *form.Definition) {
			d.Fields = append(d.Fields, form.Field{Name: "company", Type: form.TypeText, Maps: "company.name", Label: form.Text{"": "Company"}},
				form.Field{Name: "seats", Type: form.TypeNumber, Min: "1", Max: "9", Label: form.Text{"": "Seats"}},
				form.Field{Name: "plan", Type: form.TypeChoice, Label: form.Text{"": "Plan"}, Options: []form.Option{{Value: "a", Label: form.Text{"": "A"}}}})
			d.Consent = &form.ConsentPart{Processing: &form.Processing{Text: form.Text{"": "Keep it."}}, Communication: []form.Communicate{{Slug: "news", Text: form.Text{"": "News, please."}}}}
		})
		post := func(path, body string, headers ...string) (int, map[string]any, []string) {
			t.Helper()
			res, text := w.do("POST", path, "application/json", body, headers...)
			var out struct {
				Errors []struct{ ErrorType string }
			}
			all := map[string]any{}
			if json.Unmarshal([]byte(text), &out) != nil || json.Unmarshal([]byte(text), &all) != nil {
				t.Fatalf("%d %s", res.StatusCode, text)
			}
			kinds := []string{}
			for _, e := range out.Errors {
				kinds = append(kinds, e.ErrorType)
			}
			slices.Sort(kinds)
			if res.StatusCode != 200 && (all["status"] != "error" || all["correlationId"] == "" || all["message"] == "") {
				t.Errorf("an error without its shape: %s", text)
			}
			return res.StatusCode, all, kinds
		}
		const at = "/submissions/v3/integration/submit/147/"
		good := `{"submittedAt":"` + fmt.Sprint(w.Clock.Now().UnixMilli()) + `","fields":[{"objectTypeId":"0-1","name":"email","value":"mira@example.com"},{"objectTypeId":"0-1","name":"firstname","value":"Mira"},{"name":"lastname","value":"Holm"},
			{"objectTypeId":"0-2","name":"name","value":"Holm Lamps"},{"name":"TICKET.subject","value":"The lamp flickers"},{"objectTypeId":"0-5","name":"content","value":"Since yesterday."}],
			"context":{"hutk":"0123456789abcdef0123456789ABCDEF","pageUri":"www.example.com/page","pageName":"Contact","ipAddress":"192.0.2.9"},
			"legalConsentOptions":{"consent":{"consentToProcess":true,"text":"I agree.","communications":[{"value":true,"subscriptionTypeId":999,"text":"News, please."}]}}}`
		status, out, _ := post(at+f.Slug, good)
		if status != 200 || !strings.HasPrefix(fmt.Sprint(out["inlineMessage"]), "<p>") {
			t.Fatalf("%d %v", status, out)
		}
		xs := w.all(f)
		if len(xs) != 1 {
			t.Fatalf("%d submissions", len(xs))
		}
		x := xs[0]
		if x.Email != "mira@example.com" || x.Answers["name"] != "Mira Holm" || x.Answers["company"] != "Holm Lamps" || x.Answers["subject"] != "The lamp flickers" || x.Answers["message"] != "Since yesterday." ||
			x.Context.PageURL != "www.example.com/page" || x.Context.Cookie != "0123456789abcdef0123456789abcdef" || x.TicketID == 0 {
			t.Errorf("%+v", x)
		}
		if len(x.Context.Agreed) != 2 || !x.Context.Agreed[0].Given || !x.Context.Agreed[1].Given {
			t.Errorf("%+v", x.Context.Agreed)
		}
		if x.Context.IP == "192.0.2.0" {
			t.Error("a stranger said which address they have")
		}
		if status, _, _ := post(at+f.ID.String(), strings.Replace(good, "mira@", "ann@", 1)); status != 200 {
			t.Errorf("by its id: %d", status)
		}
		field := func(name, value string) string { return `{"name":"` + name + `","value":"` + value + `"}` }
		rest := field("subject", "S") + "," + field("message", "M")
		for name, c := range map[string]struct {
			body  string
			kinds string
		}{
			"everything at once": {`{"fields":[` + field("email", "nobody") + "," + field("seats", "99") + "," + field("plan", "b") + "," + field("message", "M") + `]}`, "INVALID_EMAIL NUMBER_OUT_OF_RANGE REQUIRED_FIELD VALUE_NOT_IN_FIELD_DEFINITION"},
			"no number":          {`{"fields":[` + field("email", "a@b.example") + "," + rest + "," + field("seats", "x") + `]}`, "INVALID_NUMBER"},
			"unknown":            {`{"fields":[` + field("shoe_size", "43") + `]}`, "FIELD_NOT_IN_FORM_DEFINITION"},
			"context":            {`{"fields":[],"submittedAt":1,"context":{"hutk":"","pageUri":"a b","ipAddress":"x"}}`, "INVALID_HUTK INVALID_IP_ADDRESS INVALID_METADATA INVALID_PAGE_URI"},
			"both grounds":       {`{"fields":[],"legalConsentOptions":{"consent":{"text":"x"},"legitimateInterest":{"value":true,"text":"x"}}}`, "INVALID_LEGAL_OPTION_FORMAT"},
			"no words":           {`{"fields":[],"legalConsentOptions":{"consent":{"consentToProcess":true,"communications":[{"value":true,"subscriptionTypeId":1},{"value":true,"subscriptionTypeId":1,"text":"x"}]}}}`, "DUPLICATE_SUBSCRIPTION_TYPE_ID MISSING_COMMUNICATION_CONSENT_TEXT MISSING_PROCESSING_CONSENT_TEXT"},
			"interest":           {`{"fields":[],"legalConsentOptions":{"legitimateInterest":{"value":true}}}`, "MISSING_LEGITIMATE_INTEREST_TEXT"},
			"too many":           {`{"fields":[` + strings.TrimSuffix(strings.Repeat(field("email", "x")+",", 1001), ",") + `]}`, "MAX_NUMBER_OF_SUBMITTED_VALUES_EXCEEDED"},
		} {
			if status, _, kinds := post(at+f.Slug, c.body); status != 400 || strings.Join(kinds, " ") != c.kinds {
				t.Errorf("%s: %d %v", name, status, kinds)
			}
		}
		if status, _, _ := post(at+"nothing", good); status != 404 {
			t.Errorf("an unknown form: %d", status)
		}
		if status, _, _ := post(at+f.Slug, "{"); status != 400 {
			t.Errorf("no JSON: %d", status)
		}
		if status, _, kinds := post(at+f.Slug, `{"skipValidation":true,"fields":[`+field("email", "lax@example.com")+","+field("shoe_size", "43")+`]}`); status != 200 {
			t.Errorf("without validation: %d %v", status, kinds)
		}
		if n := len(w.all(f)); n != 3 {
			t.Errorf("%d submissions", n)
		}
		if res, _ := w.do("OPTIONS", at+f.Slug, "", "", "Origin", "https://shop.example"); res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
			t.Errorf("preflight: %d", res.StatusCode)
		}
		w.secure(f, good)
	})
}

// secure: a server with a token says whose browser it was; without one, or without the permission, it is refused.
func (w *world) secure(f form.Form, good string) {
	w.t.Helper()
	const at = "/submissions/v3/integration/secure/submit/147/"
	for credential, want := range map[string]int{"": 401, "agent": 403, "owner": 200} {
		headers := []string{}
		if credential != "" {
			headers = []string{"Authorization", "Bearer " + credential}
		}
		if res, text := w.do("POST", at+f.Slug, "application/json", strings.Replace(good, "mira@", "server@", 1), headers...); res.StatusCode != want || res.Header.Get("Access-Control-Allow-Origin") != "" {
			w.t.Errorf("%q: %d %s", credential, res.StatusCode, text)
		}
	}
	xs := w.all(f)
	if at := slices.IndexFunc(xs, func(x form.Submission) bool { return x.Email == "server@example.com" }); at < 0 || xs[at].Context.IP != "192.0.2.0" {
		w.t.Errorf("%+v", xs)
	}
}

// FM-18: traps, pace and a question hold for integrations too; a form of a site's own list is not for others.
func TestIntegrationsAreGuarded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		f := w.make(func(d *form.Definition) { d.Options.Spam, d.Options.Domains = "standard", []string{"shop.example"} })
		const at = "/submissions/v3/integration/submit/1/contact"
		body := func(more string) string {
			return `{"fields":[{"name":"email","value":"a@b.example"},{"name":"subject","value":"S"},{"name":"message","value":"M"}` + more + `]}`
		}
		if res, text := w.do("POST", at, "application/json", body(""), "Origin", "https://evil.example"); res.StatusCode != 403 {
			t.Errorf("another site: %d %s", res.StatusCode, text)
		}
		if res, text := w.do("POST", at, "application/json", body(`,{"name":"kanal_website","value":"x"}`), "Origin", "https://shop.example"); res.StatusCode != 200 {
			t.Errorf("%d %s", res.StatusCode, text)
		}
		if xs := w.all(f); len(xs) != 1 || xs[0].State != form.Held || xs[0].Reason != "honeypot" {
			t.Errorf("%+v", xs)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			def := f.Definition
			def.Options.Captcha = true
			_, err := w.forms.Update(ctx, tx, desk.System, f.ID, form.Change{Definition: &def})
			return err
		})
		if res, text := w.do("POST", at, "application/json", body("")); res.StatusCode != 400 || !strings.Contains(text, "FORM_HAS_RECAPTCHA_ENABLED") {
			t.Errorf("%d %s", res.StatusCode, text)
		}
	})
}
