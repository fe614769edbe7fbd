package email_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/desk"
)

// EM-02, EM-03: the wizard asks where the mail is hosted, in this order; what comes later offers what works meanwhile, with settings that do.
func TestKindsByWhereTheMailIsHosted(t *testing.T) {
	spec := email.New(email.Options{}).Spec()
	var names []string
	for _, k := range spec.Kinds {
		names = append(names, k.Name)
		if k.ComesLater == "" {
			continue
		}
		settings := map[string]any{"address": "a@b.example"}
		for path, v := range k.Preset { // as a form applies it
			head, rest, deep := strings.Cut(path, ".")
			if !deep {
				settings[path] = v
				continue
			}
			sub, _ := settings[head].(map[string]any)
			if sub == nil {
				sub = map[string]any{}
				settings[head] = sub
			}
			sub[rest] = v
		}
		b, err := json.Marshal(settings)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := email.New(email.Options{}).Validate(b, []byte(`{"password":"x"}`)); err != nil {
			t.Errorf("the preset of %s does not work: %v", k.Name, err)
		}
	}
	if !slices.Equal(names, []string{"gmail", "office365", "imap", "hosted"}) {
		t.Errorf("%v", names)
	}
	if !strings.Contains(spec.Kinds[3].Description, "Groups and aliases") {
		t.Error("nobody says that Groups and aliases are forwarded")
	}
	if spec.GenericID != 1002 || spec.Threading != channel.ByReference || spec.NeedsPublicURL {
		t.Errorf("%+v", spec)
	}
}

// EM-06: what Kanal reads, stores and sends is said before connecting, with a version.
func TestTerms(t *testing.T) {
	terms := email.New(email.Options{}).Spec().Terms
	all := strings.Join(terms.Points, "\n")
	for _, word := range []string{"reads", "stores", "sends", "password"} {
		if !strings.Contains(all, word) {
			t.Errorf("the terms do not say what Kanal %s", word)
		}
	}
	if terms.Version == "" {
		t.Error("no version")
	}
}

// EM-09, EM-19: settings are read in every form they come in, and the address is the registry's.
func TestSettingsForms(t *testing.T) {
	v := email.New(email.Options{})
	for name, c := range map[string]struct{ settings, secrets, address string }{
		"settings file":          {`{"kind":"imap","address":"Support@ACME.example","imap":{"host":"127.0.0.1","port":1143,"tls":"none"},"smtp":{"host":"127.0.0.1","port":1025,"tls":"none"},"username":"support","from_name":"agent_and_company","signature_html":"<p>{{sender.first_name}}</p>"}`, `{"password":"x"}`, "support@acme.example"},
		"form: numbers as text":  {`{"kind":"imap","address":"a@b.example","imap":{"host":"h","port":"1143"},"smtp":{"host":"h","port":""}}`, `{"password":"x"}`, "a@b.example"},
		"form: folders by line":  {`{"kind":"imap","address":"a@b.example","imap":{"host":"h","folders":"INBOX\nSales"},"smtp":{"host":"h"}}`, `{"password":"x"}`, "a@b.example"},
		"secrets by dotted path": {`{"kind":"imap","address":"a@b.example","imap":{"host":"h"},"smtp":{"host":"h"}}`, `{"password":"x","smtp.password":"y"}`, "a@b.example"},
		"international domain":   {`{"kind":"hosted","address":"hilfe@bücher.example"}`, ``, "hilfe@xn--bcher-kva.example"},
		"switch turned off":      {`{"kind":"hosted","address":"a@b.example","original_sender":false}`, `null`, "a@b.example"},
	} {
		got, err := v.Validate([]byte(c.settings), []byte(c.secrets))
		if err != nil || got != c.address {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if _, err := v.Validate([]byte(`{"kind":"hosted","address":"a@b.example","original_sender":"yes"}`), nil); desk.CodeOf(err) != desk.Invalid {
		t.Errorf("%v", err)
	}
}

// EM-39: how much a mail may have, and what becomes of the rest, is an account's own.
func TestAnAccountSaysHowLargeItsMailsMayBe(t *testing.T) {
	a := email.New(email.Options{})
	base := a.Spec().Can
	for settings, want := range map[string]struct {
		bytes int64
		large string
	}{
		`{}`:                   {20 << 20, channel.LargeLink},
		`{"max_send_mb":35}`:   {35 << 20, channel.LargeLink},
		`{"max_send_mb":"10"}`: {10 << 20, channel.LargeLink}, // as a form sends it
		`{"max_send_mb":""}`:   {20 << 20, channel.LargeLink},
		`{"large_files":"refuse","max_send_mb":1}`: {1 << 20, channel.LargeRefuse},
		`not json`: {base.MaxEncoded, base.LargeFiles},
	} {
		if can := channel.Can(a, []byte(settings)); can.MaxEncoded != want.bytes || can.LargeFiles != want.large || can.MaxAttachmentNum != base.MaxAttachmentNum {
			t.Errorf("%s: %+v", settings, can)
		}
	}
	for settings, field := range map[string]string{`"max_send_mb":-1`: "max_send_mb", `"max_send_mb":2000`: "max_send_mb", `"max_send_mb":"many"`: "max_send_mb", `"large_files":"drop"`: "large_files", `"max_send_mb":1000,"large_files":"refuse"`: ""} {
		_, err := a.Validate([]byte(`{"kind":"hosted","address":"a@b.example",`+settings+`}`), nil)
		var e *desk.Error
		if field == "" && err != nil || field != "" && (!errors.As(err, &e) || e.Field != field || e.Code != desk.Invalid) {
			t.Errorf("%s: %v", settings, err)
		}
	}
}
