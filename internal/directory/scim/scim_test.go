package scim_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/directory/scim"
)

const ann = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"17","externalId":"Ext-1","userName":"Ann@acme.example","active":true,"name":{"givenName":"Ann","familyName":"Holm"},
	"emails":[{"value":"ann@acme.example","type":"work","primary":true},{"value":"ann@home.example","type":"home"}],"meta":{"lastModified":"2026-01-02T03:04:05Z"},"age":7}`

func resource(t *testing.T, text string) scim.Resource {
	t.Helper()
	r, err := scim.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// PM-13: filters of RFC 7644, 3.4.2.2, as its examples and as directories send them.
func TestFilters(t *testing.T) {
	r := resource(t, ann)
	for filter, want := range map[string]bool{
		`userName eq "ann@ACME.example"`: true, `username Eq "ann@acme.example"`: true, `userName eq "bob@acme.example"`: false,
		`externalId eq "Ext-1"`: true, `externalId eq "ext-1"`: false, `id eq "17"`: true,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ann"`: true,
		`name.familyName co "ol"`:                                      true,
		`name.familyName ew "LM"`:                                      true,
		`title pr`:                                                     false,
		`userName pr`:                                                  true,
		`active eq true`:                                               true,
		`active eq "True"`:                                             true,
		`active eq False`:                                              false,
		`active ne true`:                                               false,
		`meta.lastModified gt "2025-05-13T04:42:34Z"`:                  true,
		`meta.lastModified lt "2025-05-13T04:42:34Z"`:                  false,
		`emails.value eq "ann@home.example"`:                           true,
		`emails eq "ann@home.example"`:                                 true,
		`emails[type eq "work" and value co "@home.example"]`:          false,
		`emails[type eq "home" and value co "@home.example"]`:          true,
		`emails[type eq "work"] or userName eq "x"`:                    true,
		`not (userName eq "x") and (active eq true or title pr)`:       true,
		`userName eq "x" or active eq true and title pr`:               false,
		`age ge 7 and age lt 8`:                                        true,
		`nickName eq null`:                                             true,
		`userName eq "a \"quoted\" name"`:                              false,
		`orders pr or nothing pr`:                                      false,
	} {
		f, err := scim.ParseFilter(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
		} else if got := f.Match(r); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
	for _, filter := range []string{``, `userName`, `userName is "x"`, `userName eq x`, `userName eq`, `(userName pr`, `emails[type pr`, `userName eq "x" and`, `userName eq "x" "y"`, `not userName pr`, `.x pr`, `userName eq {"a":1}`,
		strings.Repeat("(", 50) + `userName pr` + strings.Repeat(")", 50), `userName eq "` + strings.Repeat("x", 5000) + `"`} {
		_, err := scim.ParseFilter(filter)
		var e *scim.Error
		if !errors.As(err, &e) || e.Type != scim.InvalidFilter || e.Status != 400 {
			t.Errorf("%.40q: %v", filter, err)
		}
	}
}

// PM-13: changes as Entra ID and Okta document them.
func TestChanges(t *testing.T) {
	for _, c := range []struct{ name, from, ops, want string }{
		{"Entra: deactivated by a word", `{"active":true}`, `[{"op":"Replace","path":"active","value":"False"}]`, `{"active":"False"}`},
		{"Okta: deactivated without a path", `{"active":true,"id":"17"}`, `[{"op":"replace","value":{"active":false,"id":"17"}}]`, `{"active":false,"id":"17"}`},
		{"Entra: a part of the name", `{"name":{"givenName":"Ann","familyName":"Holm"}}`, `[{"op":"Replace","path":"name.familyName","value":"Berg"}]`, `{"name":{"givenName":"Ann","familyName":"Berg"}}`},
		{"Entra: keys with dots", `{"name":{"givenName":"Ann"}}`, `[{"op":"Add","value":{"name.familyName":"Berg","displayName":"Ann Berg"}}]`, `{"name":{"givenName":"Ann","familyName":"Berg"},"displayName":"Ann Berg"}`},
		{"Entra: the work address", `{"emails":[{"type":"work","value":"a@x"},{"type":"home","value":"b@x"}]}`, `[{"op":"Replace","path":"emails[type eq \"work\"].value","value":"c@x"}]`, `{"emails":[{"type":"work","value":"c@x"},{"type":"home","value":"b@x"}]}`},
		{"Entra: an address that is not there yet", `{}`, `[{"op":"Add","path":"emails[type eq \"work\"].value","value":"c@x"}]`, `{"emails":[{"type":"work","value":"c@x"}]}`},
		{"by its whole URN", `{"active":true}`, `[{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:active","value":false}]`, `{"active":false}`},
		{"an extension", `{}`, `[{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Sales"}]`, `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}}`},
		{"Entra: members are added", `{"members":[{"value":"1"}]}`, `[{"op":"Add","path":"members","value":[{"value":"2"},{"value":"1"}]}]`, `{"members":[{"value":"1"},{"value":"2"}]}`},
		{"Entra: a member is removed by a filter", `{"members":[{"value":"1"},{"value":"2"}]}`, `[{"op":"Remove","path":"members[value eq \"2\"]"}]`, `{"members":[{"value":"1"}]}`},
		{"Entra: a member is removed by a value", `{"members":[{"value":"1"},{"value":"2"}]}`, `[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"2"}]}]`, `{"members":[{"value":"1"}]}`},
		{"Okta: the members are these", `{"members":[{"value":"1"}]}`, `[{"op":"replace","path":"members","value":[{"value":"3","display":"x"}]}]`, `{"members":[{"value":"3","display":"x"}]}`},
		{"all members go", `{"members":[{"value":"1"}]}`, `[{"op":"remove","path":"members"}]`, `{}`},
		{"Okta: a group's name", `{"id":"9","displayName":"A"}`, `[{"op":"replace","value":{"id":"9","displayName":"B"}}]`, `{"id":"9","displayName":"B"}`},
		{"one after another", `{"members":[]}`, `[{"op":"add","path":"members","value":{"value":"1"}},{"op":"remove","path":"members[value eq \"1\"]"}]`, `{"members":[]}`},
	} {
		ops, err := scim.ReadPatch([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":` + c.ops + `}`))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		from := resource(t, c.from)
		got, err := scim.Apply(from, ops)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(resource(t, c.want))
		if string(a) != string(b) {
			t.Errorf("%s: %s, want %s", c.name, a, b)
		}
		if was, _ := json.Marshal(from); len(was) == 0 || string(was) != func() string { x, _ := json.Marshal(resource(t, c.from)); return string(x) }() {
			t.Errorf("%s: what was given has changed: %s", c.name, was)
		}
	}
	for ops, typ := range map[string]string{
		`[{"op":"move","path":"active","value":1}]`:         scim.InvalidSyntax,
		`[{"op":"remove"}]`:                                 scim.NoTarget,
		`[{"op":"replace","value":"x"}]`:                    scim.InvalidValue,
		`[{"op":"replace","path":"id","value":"x"}]`:        scim.Mutability,
		`[{"op":"replace","path":"emails[type","value":1}]`: scim.InvalidPath,
		`[]`: scim.InvalidSyntax,
		`[{"op":"add","path":"emails[type pr]","value":{}}]`: scim.NoTarget,
	} {
		list, err := scim.ReadPatch([]byte(`{"Operations":` + ops + `}`))
		if err == nil {
			_, err = scim.Apply(resource(t, `{}`), list)
		}
		var e *scim.Error
		if !errors.As(err, &e) || e.Type != typ {
			t.Errorf("%s: %v, want %s", ops, err, typ)
		}
	}
}

func TestWhatIsTrue(t *testing.T) {
	for text, want := range map[string]bool{`true`: true, `"True"`: true, `"FALSE"`: false, `["true"]`: true, `null`: true} {
		if got, err := resource(t, `{"active":`+text+`}`).Bool("Active", true); err != nil || got != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	if _, err := resource(t, `{"active":"maybe"}`).Bool("active", true); err == nil {
		t.Error("maybe is neither")
	}
	if got := resource(t, ann).Primary("emails"); got != "ann@acme.example" {
		t.Errorf("the address is %s", got)
	}
	if got := resource(t, `{"emails":[{"value":"h@x","type":"home"},{"value":"w@x","type":"work"}]}`).Primary("emails"); got != "w@x" {
		t.Errorf("the address is %s", got)
	}
}
