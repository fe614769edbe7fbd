package chatflow_test

import (
	"math"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
)

func flowAt(position int64, id int64, t chatflow.Targeting) chatflow.Candidate {
	return chatflow.Candidate{ID: 0, Position: position, Number: 1, Active: true, Def: chatflow.Definition{Targeting: t}}
}

func on(part, op, value string) []chatflow.Rule {
	return []chatflow.Rule{{All: []chatflow.Test{{Part: part, Op: op, Value: value}}}}
}

// CF-14, CF-16: addresses are compared as people mean them.
func TestTargetingUnderstandsAddresses(t *testing.T) {
	for _, c := range []struct {
		part, op, value, page string
		want                  bool
	}{
		{"url", "is", "https://shop.example/Prices/", "http://SHOP.example/prices?utm=1#top", true},
		{"url", "is", "shop.example", "https://shop.example/", true},
		{"url", "is", "shop.example/prices", "https://shop.example/prices/old", false},
		{"url", "is", "https://shop.example/?step=2", "https://shop.example/?step=2", true},
		{"url", "is", "https://shop.example/?step=2", "https://shop.example/?step=3", false},
		{"url", "is", "/prices", "https://any.example/prices", true},
		{"url", "is_not", "shop.example/prices", "https://shop.example/", true},
		{"url", "is", "https://bücher.example/", "https://xn--bcher-kva.example", true},
		{"url", "is", "https://shop.example/st%C3%B8tte", "https://shop.example/støtte", true},
		{"url", "contains", "sale", "https://shop.example/SALE/now", true},
		{"url", "contains", "sale", "https://shop.example/?from=sale", true},
		{"url", "not_contains", "sale", "https://shop.example/?from=sale", false},
		{"url", "begins", "https://shop.example/blog", "https://shop.example/blog/2026", true},
		{"url", "begins", "https://shop.example/blog/", "https://shop.example/blog", true},
		{"url", "begins", "https://shop.example/blog/", "https://shop.example/blogs", false},
		{"url", "ends", "/thanks/", "https://shop.example/cart/thanks", true},
		{"url", "wildcard", "https://shop.example/*/checkout", "https://shop.example/da/checkout/", true},
		{"url", "wildcard", "shop.example/docs/*", "https://shop.example/docs", true},
		{"url", "wildcard", "*.example/docs", "https://shop.example/docs", true},
		{"url", "wildcard", "shop.example/docs/*", "https://shop.example/doc", false},
		{"path", "is", "/a b", "https://x.example/a%20b", true},
		{"path", "begins", "/da/", "https://x.example/da", true},
		{"path", "wildcard", "/da/*/kurv", "https://x.example/da/butik/kurv", true},
		{"path", "is", "", "https://x.example/", true},
		{"host", "is", "WWW.shop.example", "https://www.shop.example:443/x", true},
		{"host", "ends", ".shop.example", "https://de.shop.example/", true},
		{"path", "contains", "100%", "https://x.example/100%/off", true},
	} {
		_, why := chatflow.Match([]chatflow.Candidate{flowAt(1, 1, chatflow.Targeting{Include: on(c.part, c.op, c.value)})}, c.page, chatflow.Visitor{})
		if why[0].Fits != c.want {
			t.Errorf("%s %s %q on %s: %v (%s)", c.part, c.op, c.value, c.page, why[0].Fits, why[0].Reason)
		}
	}
}

// CF-14: parameters of the query, and several tests together.
func TestTargetingReadsTheQuery(t *testing.T) {
	q := func(name, op, value string) chatflow.Test {
		return chatflow.Test{Part: "query", Name: name, Op: op, Value: value}
	}
	for _, c := range []struct {
		tests []chatflow.Test
		page  string
		want  bool
	}{
		{[]chatflow.Test{q("utm_source", "is", "News Letter")}, "https://x.example/?UTM_source=news+letter", true},
		{[]chatflow.Test{q("utm_source", "is", "news")}, "https://x.example/", false},
		{[]chatflow.Test{q("utm_source", "is_not", "news")}, "https://x.example/", true},
		{[]chatflow.Test{q("utm_source", "exists", "")}, "https://x.example/?utm_source", true},
		{[]chatflow.Test{q("a", "contains", "é")}, "https://x.example/?a=caf%C3%A9", true},
		{[]chatflow.Test{q("a", "is", "2")}, "https://x.example/?a=1&a=2", true},
		{[]chatflow.Test{q("a", "is", "1"), {Part: "path", Op: "begins", Value: "/shop"}}, "https://x.example/shop?a=1", true},
		{[]chatflow.Test{q("a", "is", "1"), {Part: "path", Op: "begins", Value: "/shop"}}, "https://x.example/blog?a=1", false},
	} {
		_, why := chatflow.Match([]chatflow.Candidate{flowAt(1, 1, chatflow.Targeting{Include: []chatflow.Rule{{All: c.tests}}})}, c.page, chatflow.Visitor{})
		if why[0].Fits != c.want {
			t.Errorf("%v on %s: %v", c.tests, c.page, why[0])
		}
	}
}

// CF-15, CF-13, CF-16: each reason is named.
func TestEachReasonIsNamed(t *testing.T) {
	page := "https://x.example/a"
	base := func() chatflow.Candidate { return flowAt(1, 1, chatflow.Targeting{}) }
	for reason, c := range map[string]struct {
		change func(*chatflow.Candidate)
		v      chatflow.Visitor
	}{
		chatflow.WhyWins:      {func(*chatflow.Candidate) {}, chatflow.Visitor{}},
		chatflow.WhyInactive:  {func(c *chatflow.Candidate) { c.Active = false }, chatflow.Visitor{}},
		chatflow.WhyDraft:     {func(c *chatflow.Candidate) { c.Number = 0 }, chatflow.Visitor{}},
		chatflow.WhyOff:       {func(c *chatflow.Candidate) { c.Off = "off" }, chatflow.Visitor{}},
		chatflow.WhyHours:     {func(c *chatflow.Candidate) { c.Closed = true; c.Def.Hours = "business_hours" }, chatflow.Visitor{}},
		chatflow.WhyPage:      {func(c *chatflow.Candidate) { c.Def.Targeting.Include = on("path", "is", "/b") }, chatflow.Visitor{}},
		chatflow.WhyExcluded:  {func(c *chatflow.Candidate) { c.Def.Targeting.Exclude = on("path", "is", "/a") }, chatflow.Visitor{}},
		chatflow.WhyKnown:     {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Known = "unknown" }, chatflow.Visitor{Known: true}},
		chatflow.WhyUnknown:   {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Known = "known" }, chatflow.Visitor{}},
		chatflow.WhyLanguage:  {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Languages = []string{"da"} }, chatflow.Visitor{Language: "de-AT"}},
		chatflow.WhyCountry:   {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Countries = []string{"DK"} }, chatflow.Visitor{Country: "SE"}},
		chatflow.WhyFirst:     {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Returning = "first" }, chatflow.Visitor{Returning: true}},
		chatflow.WhyReturning: {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Returning = "returning" }, chatflow.Visitor{}},
		chatflow.WhyDevice:    {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Devices = []string{"mobile"} }, chatflow.Visitor{Device: "desktop"}},
		chatflow.WhyReferrer:  {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.Referrers = on("host", "is", "search.example") }, chatflow.Visitor{Referrer: "https://news.example/"}},
		chatflow.WhyVisits:    {func(c *chatflow.Candidate) { c.Def.Targeting.Visitor.MinVisits = 3 }, chatflow.Visitor{Returning: true}},
		chatflow.WhyUnproven:  {ofContact("contact.email", "exists"), chatflow.Visitor{Known: true}},
		chatflow.WhyContact:   {ofContact("contact.size", "is", "large"), chatflow.Visitor{Known: true, Facts: condition.Facts{"contact.size": "small"}}},
	} {
		f := base()
		c.change(&f)
		winner, why := chatflow.Match([]chatflow.Candidate{f}, page, c.v)
		if why[0].Reason != reason || (winner != nil) != (reason == chatflow.WhyWins) {
			t.Errorf("%s: %+v, winner %v", reason, why[0], winner)
		}
	}
	for _, v := range []string{"da-DK", "DA", "da_dk"} {
		f := base()
		f.Def.Targeting.Visitor.Languages = []string{"da"}
		if winner, _ := chatflow.Match([]chatflow.Candidate{f}, page, chatflow.Visitor{Language: v}); winner == nil {
			t.Errorf("%s does not speak Danish", v)
		}
	}
}

func ofContact(field, op string, values ...string) func(*chatflow.Candidate) {
	return func(c *chatflow.Candidate) {
		c.Def.Targeting.Visitor.Contact = &desk.Conditions{When: []desk.Condition{{Field: field, Op: op, Values: values}}}
	}
}

// CF-15: where visitors come from, how often they were here, and what is stored of who is proven to be a contact.
func TestTargetingByVisitor(t *testing.T) {
	for name, c := range map[string]struct {
		audience string
		v        chatflow.Visitor
		fits     bool
	}{
		"from a search":                {`{"referrers":[{"all":[{"part":"host","op":"ends","value":"search.example"}]}]}`, chatflow.Visitor{Referrer: "https://www.Search.example/?q=bikes"}, true},
		"one of several sources":       {`{"referrers":[{"all":[{"part":"host","op":"is","value":"a.example"}]},{"all":[{"part":"url","op":"contains","value":"b.example/ads"}]}]}`, chatflow.Visitor{Referrer: "https://b.example/ads/7"}, true},
		"from nowhere":                 {`{"referrers":[{"all":[{"part":"host","op":"is_not","value":"a.example"}]}]}`, chatflow.Visitor{}, true},
		"from anywhere, but nowhere":   {`{"referrers":[{"all":[{"part":"url","op":"exists"}]}]}`, chatflow.Visitor{}, false},
		"from anywhere":                {`{"referrers":[{"all":[{"part":"url","op":"exists"}]}]}`, chatflow.Visitor{Referrer: "https://a.example"}, true},
		"the third visit":              {`{"min_visits":3}`, chatflow.Visitor{Visits: 3}, true},
		"the second of at least three": {`{"min_visits":3}`, chatflow.Visitor{Visits: 2}, false},
		"too often":                    {`{"max_visits":2}`, chatflow.Visitor{Visits: 3}, false},
		"uncounted, for the first":     {`{"max_visits":1}`, chatflow.Visitor{}, true},
		"uncounted, here before":       {`{"max_visits":1}`, chatflow.Visitor{Returning: true}, false},
		"a customer of that size":      {`{"contact":{"when":[{"field":"contact.size","op":"is","values":["Large"]},{"field":"company.domain","op":"is","values":["acme.example"]}]}}`, chatflow.Visitor{Facts: condition.Facts{"contact.size": "large", "company.domain": "acme.example"}}, true},
		"any of the conditions":        {`{"contact":{"match":"any","when":[{"field":"contact.size","op":"is","values":["x"]},{"field":"contact.vip","op":"is","values":["true"]}]}}`, chatflow.Visitor{Facts: condition.Facts{"contact.vip": true}}, true},
	} {
		d, err := chatflow.Parse([]byte(`{"targeting":{"visitor":` + c.audience + `}}`))
		if err != nil {
			t.Fatal(name, err)
		}
		if problems := chatflow.Validate(chatflow.LiveChat, d); len(problems) > 0 {
			t.Errorf("%s: %+v", name, problems)
		}
		winner, why := chatflow.Match([]chatflow.Candidate{flowAt(1, 1, d.Targeting)}, "https://x.example/", c.v)
		if (winner != nil) != c.fits {
			t.Errorf("%s: %+v", name, why)
		}
	}
	for want, audience := range map[string]string{
		"targeting.visitor.max_visits|out_of_order":           `{"min_visits":4,"max_visits":2}`,
		"targeting.visitor.referrers.0|rule_empty":            `{"referrers":[{}]}`,
		"targeting.visitor.referrers.0.all.0.op|op_elsewhere": `{"referrers":[{"all":[{"part":"path","op":"exists"}]}]}`,
		"targeting.visitor.contact|contact_unknown":           `{"known":"unknown","contact":{"when":[{"field":"contact.email","op":"exists"}]}}`,
		"targeting.visitor.contact.when.0.field|condition":    `{"contact":{"when":[{"field":"ticket.size","op":"exists"}]}}`,
		"targeting.visitor.contact.when.0.values|condition":   `{"contact":{"when":[{"field":"contact.size","op":"is"}]}}`,
	} {
		d, err := chatflow.Parse([]byte(`{"targeting":{"visitor":` + audience + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		if p := chatflow.Validate(chatflow.LiveChat, d); len(p) != 1 || p[0].Field+"|"+p[0].Code != want {
			t.Errorf("%s: %+v", want, p)
		}
	}
}

// CF-17: of those that fit exactly one wins, the first in order, whatever order they come in; two at one place are never a tie.
func TestExactlyOneWins(t *testing.T) {
	mk := func(id, position int64, name string) chatflow.Candidate {
		c := flowAt(position, id, chatflow.Targeting{})
		c.ID, c.Name = c.ID+1, name
		return c
	}
	a, b, c := mk(1, 2, "a"), mk(2, 1, "b"), mk(3, 1, "c")
	a.ID, b.ID, c.ID = 1, 2, 3
	for _, flows := range [][]chatflow.Candidate{{a, b, c}, {c, b, a}, {b, a, c}} {
		winner, why := chatflow.Match(flows, "https://x.example", chatflow.Visitor{})
		wins := 0
		for _, w := range why {
			if w.Wins {
				wins++
			} else if w.Reason != chatflow.WhyLater || w.Detail != "b" {
				t.Errorf("%+v", w)
			}
		}
		if winner == nil || winner.Name != "b" || wins != 1 {
			t.Errorf("%v wins %d", winner, wins)
		}
	}
	if winner, why := chatflow.Match(nil, "https://x.example", chatflow.Visitor{}); winner != nil || len(why) != 0 {
		t.Error("nothing wins of nothing")
	}
}

// CF-20: every template can be published as it is, in five languages, and its bot says something at once.
func TestTemplatesAreReady(t *testing.T) {
	for _, x := range chatflow.Templates("da") {
		if x.Name == "" || x.Description == "" {
			t.Errorf("%s has no name", x.ID)
		}
		for _, p := range chatflow.Validate(x.Kind, x.Definition) {
			t.Errorf("%s: %+v", x.ID, p)
		}
		if got := strings.Join(x.Definition.Languages(), " "); got != "da de en fi sv" {
			t.Errorf("%s speaks %s", x.ID, got)
		}
		if x.Kind == chatflow.Bot && len(chatflow.Opening(x.Definition, chatflow.Env{Language: "fi"})) == 0 {
			t.Errorf("%s opens with nothing", x.ID)
		}
		for i, a := range x.Definition.Steps {
			for _, b := range x.Definition.Steps[:i] {
				if math.Abs(a.X-b.X) < 300 && math.Abs(a.Y-b.Y) < 240 { // a card is 252 wide, the tallest of them 230 high
					t.Errorf("%s: %s lies on %s", x.ID, a.ID, b.ID)
				}
			}
		}
	}
}
