package chatflow_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/desk"
)

func parse(t *testing.T, s string) chatflow.Definition {
	t.Helper()
	d, err := chatflow.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// told is effects as one line each, for tables.
func told(effects []chatflow.Effect) string {
	out := []string{}
	for _, e := range effects {
		switch e.Type {
		case chatflow.DoSay, chatflow.DoAsk:
			out = append(out, e.Type+" "+e.Text)
		case chatflow.DoSet:
			out = append(out, "set "+e.Object+"."+e.Property+"="+e.Value)
		case chatflow.DoHandover, chatflow.DoEnd:
			out = append(out, strings.TrimSpace(e.Type+" "+e.Reason))
		case chatflow.DoTicket:
			out = append(out, "ticket "+e.Subject)
		case chatflow.DoWebhook:
			out = append(out, "webhook "+e.URL+" "+e.Body)
		case chatflow.DoDelay:
		default:
			out = append(out, e.Type)
		}
	}
	return strings.Join(out, "|")
}

const order = `{"start":"hi","session":{"delay_ms":0},"steps":[
 {"id":"hi","type":"message","bubbles":[{"text":{"en":"Hi {{contact.first_name|there}}","da":"Hej {{contact.first_name}}!"}}],"next":"q"},
 {"id":"q","type":"question","text":{"en":"Size?"},"answer":"choice","choices":[{"label":{"en":"Small","da":"Lille"},"value":"s"},{"label":{"en":"Large","da":"Stor"},"value":"l","next":"large"}],
  "save":{"object":"ticket","property":"size"},"required":true,"retries":1,"retry":{"en":"Small or large?"},"on_fail":"person","next":"b"},
 {"id":"large","type":"message","bubbles":[{"text":{"en":"Large: {{answer.q}}"}}],"next":"b"},
 {"id":"b","type":"branch","cases":[{"when":[{"on":"answer","name":"q","op":"is","value":"l"},{"on":"availability","op":"is","value":"available"}],"next":"person"}],"next":"end"},
 {"id":"person","type":"handover","message":{"en":"A person comes"},"nobody":{"en":"Nobody is here"}},
 {"id":"end","type":"end","message":{"en":"Bye"},"close":true}]}`

// CF-08, CF-09, CF-10, CF-11, CF-12: a dialogue by table.
func TestDialogues(t *testing.T) {
	d := parse(t, order)
	if p := chatflow.Validate(chatflow.Bot, d); len(p) != 0 && slices.ContainsFunc(p, func(p chatflow.Problem) bool { return p.Severity == "error" }) {
		t.Fatal(p)
	}
	for name, c := range map[string]struct {
		env   chatflow.Env
		says  []string
		want  []string
		over  string
		value string
	}{
		"by text":          {says: []string{"small"}, want: []string{"say Hi there|ask Size?", "set ticket.size=s|say Bye|end"}, over: "ended", value: "s"},
		"by number":        {says: []string{"2"}, want: []string{"", "set ticket.size=l|say Large: Large|say A person comes|handover"}, over: "handed_over", value: "l"},
		"in Danish":        {env: chatflow.Env{Language: "da-DK", Contact: map[string]string{"first_name": "Ann"}}, says: []string{"STOR "}, want: []string{"say Hej Ann!|ask Size?", ""}, over: "handed_over", value: "l"},
		"no name":          {env: chatflow.Env{Language: "da"}, want: []string{"say Hej!|ask Size?"}},
		"again, then fits": {says: []string{"huge", "lar"}, want: []string{"", "ask Small or large?", "set ticket.size=l|say Large: Large|say A person comes|handover"}, over: "handed_over", value: "l"},
		"never fits":       {says: []string{"huge", "huger"}, want: []string{"", "ask Small or large?", "say A person comes|handover"}, over: "handed_over"},
		"nobody there":     {env: chatflow.Env{Availability: "offline"}, says: []string{"x", "y"}, want: []string{"", "", "say Nobody is here|handover"}, over: "handed_over"},
		"away, large":      {env: chatflow.Env{Availability: "away"}, says: []string{"large"}, want: []string{"", "set ticket.size=l|say Large: Large|say Bye|end"}, over: "ended", value: "l"},
		"after the end":    {says: []string{"1", "and?"}, want: []string{"", "", ""}, over: "ended", value: "s"},
	} {
		t.Run(name, func(t *testing.T) {
			st, effects := chatflow.Step(d, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, c.env)
			got := []string{told(effects)}
			for _, s := range c.says {
				st, effects = chatflow.Step(d, st, chatflow.Input{Type: chatflow.Answered, Text: s}, c.env)
				got = append(got, told(effects))
			}
			for i, want := range c.want {
				if want != "" && got[i] != want {
					t.Errorf("%d: %s\nwant %s", i, got[i], want)
				}
			}
			if st.Over != c.over || st.Answers["q"].Value != c.value {
				t.Errorf("over %q with %+v", st.Over, st.Answers)
			}
		})
	}
}

// CF-09, CH-32: a button counts by its value for its own step; another step's is only its words.
func TestButtons(t *testing.T) {
	d := parse(t, order)
	st, _ := chatflow.Step(d, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, chatflow.Env{})
	if st, _ := chatflow.Step(d, st, chatflow.Input{Type: chatflow.Answered, Text: "Stor", Quick: &chatflow.Pressed{Step: "q", Value: "l"}}, chatflow.Env{}); st.Answers["q"].Value != "l" {
		t.Errorf("%+v", st)
	}
	if st, _ := chatflow.Step(d, st, chatflow.Input{Type: chatflow.Answered, Text: "huh", Quick: &chatflow.Pressed{Step: "old", Value: "l"}}, chatflow.Env{}); st.Wait != chatflow.WaitAnswer || st.Tries != 1 {
		t.Errorf("%+v", st)
	}
}

// CF-09: a question that need not be answered is skipped by its button, whatever the button says; one that must be is asked again.
func TestAQuestionIsSkipped(t *testing.T) {
	for _, kind := range []string{"text", "email", "phone", "number", "date", "url", "yes_no", "file", "choice"} {
		for _, required := range []bool{false, true} {
			d := parse(t, fmt.Sprintf(`{"start":"a","steps":[{"id":"a","type":"question","text":{"en":"A?"},"answer":%q,"choices":[{"label":{"en":"One"},"value":"1"}],"required":%t,"retries":1,"save":{"object":"visitor","property":"name"},"next":"b"},{"id":"b","type":"end","message":{"en":"Bye"}}]}`, kind, required))
			if kind != "choice" {
				d.Steps[0].Choices = nil
			}
			st, _ := chatflow.Step(d, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, chatflow.Env{Language: "da"})
			st, effects := chatflow.Step(d, st, chatflow.Input{Type: chatflow.Answered, Text: "Spring over", Quick: &chatflow.Pressed{Step: "a", Label: "Spring over"}}, chatflow.Env{Language: "da"})
			if skipped := st.Over == "ended"; !required && (!skipped || st.Answers["a"].Value != "" || strings.Contains(told(effects), "set ")) || required && kind != "text" && skipped {
				t.Errorf("%s, required %t: over %q, %+v, %s", kind, required, st.Over, st.Answers, told(effects))
			}
		}
	}
}

// CF-09: what people type becomes one form; what does not fit is refused.
func TestAnswersAreRead(t *testing.T) {
	now := desk.At(time.Date(2026, 3, 30, 22, 30, 0, 0, time.UTC))
	for _, c := range []struct {
		kind, text, lang, country, want string
	}{
		{"email", "It is Ann@Acme.Example.", "en", "", "ann@acme.example"}, {"email", "ann@acme", "en", "", ""}, {"email", "a@b.dk or c@d.dk", "en", "", ""}, {"email", "<ann@acme.example>", "", "", "ann@acme.example"},
		{"phone", "+45 12 34 56 78", "", "", "+4512345678"}, {"phone", "0045-12345678", "", "", "+4512345678"}, {"phone", "12 34 56 78", "", "DK", "+4512345678"}, {"phone", "030/123456", "", "DE", "+4930123456"},
		{"phone", "06 123 456", "", "IT", "+3906123456"}, {"phone", "+44 (0)20 7946 0958", "", "", "+442079460958"}, {"phone", "12345678", "", "", "12345678"}, {"phone", "call me", "", "", ""}, {"phone", "12", "", "DK", ""},
		{"number", "12,5", "da", "", "12.5"}, {"number", "1.234,56", "de", "", "1234.56"}, {"number", "1,234.56", "en", "", "1234.56"}, {"number", "1,234", "en", "", "1234"}, {"number", "1,234", "sv", "", "1.234"},
		{"number", "1.234", "da", "", "1234"}, {"number", "1.5", "da", "", "1.5"}, {"number", "1 000 000", "fi", "", "1000000"}, {"number", "-3", "en", "", "-3"}, {"number", "ten", "en", "", ""}, {"number", "1e9", "en", "", ""}, {"number", "NaN", "en", "", ""},
		{"date", "2026-03-31", "en", "", "2026-03-31"}, {"date", "31.3.2026", "da", "", "2026-03-31"}, {"date", "31/03/26", "en-GB", "", "2026-03-31"}, {"date", "03/31/2026", "en-US", "", "2026-03-31"},
		{"date", "31. März 2026", "de", "", "2026-03-31"}, {"date", "31. marts", "da", "", "2026-03-31"}, {"date", "March 31st, 2026", "en", "", "2026-03-31"}, {"date", "31 maaliskuuta 2026", "fi", "", "2026-03-31"},
		{"date", "i morgen", "da", "", "2026-04-01"}, {"date", "heute", "de", "", "2026-03-31"}, {"date", "31.2.2026", "da", "", ""}, {"date", "soon", "en", "", ""}, {"date", "31.13.2026", "da", "", ""},
		{"url", "acme.example/a", "", "", "https://acme.example/a"}, {"url", "http://acme.example", "", "", "http://acme.example"}, {"url", "javascript:alert(1)", "", "", ""}, {"url", "not a url", "", "", ""}, {"url", "acme", "", "", ""},
		{"yes_no", "Ja tak!", "da", "", "yes"}, {"yes_no", "nein", "de", "", "no"}, {"yes_no", "Kyllä", "fi", "", "yes"}, {"yes_no", "EI", "fi", "", "no"}, {"yes_no", "nej", "sv", "", "no"}, {"yes_no", "y", "en", "", "yes"}, {"yes_no", "perhaps", "en", "", ""},
		{"text", " <b>hi</b> ", "", "", "<b>hi</b>"},
	} {
		got, ok := chatflow.Read(c.kind, c.text, c.lang, chatflow.Env{Country: c.country, Now: now, Timezone: "Europe/Copenhagen"})
		if got != c.want && (ok || c.want != "") || ok != (c.want != "") {
			t.Errorf("%s %q (%s): %q %v, want %q", c.kind, c.text, c.lang, got, ok, c.want)
		}
	}
}

// CF-08: what a visitor says cannot break out of the address, the body or a header of a webhook; its answer is kept by paths.
func TestWebhooks(t *testing.T) {
	d := parse(t, `{"start":"q","steps":[
	 {"id":"q","type":"question","text":{"en":"Order?"},"answer":"text","required":true,"next":"h"},
	 {"id":"h","type":"webhook","url":"https://api.example/orders/{{answer.q}}?x={{answer.q}}","headers":{"X-Order":"{{answer.q}}"},"body":"{\"order\":\"{{answer.q}}\"}","save":{"state":"$.order.lines[1].state","n":"order.n"},"next":"m","on_fail":"f"},
	 {"id":"m","type":"end","message":{"en":"{{answer.state}} {{answer.n}}"}},
	 {"id":"f","type":"end","message":{"en":"No luck"}}]}`)
	st, _ := chatflow.Step(d, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, chatflow.Env{})
	st, effects := chatflow.Step(d, st, chatflow.Input{Type: chatflow.Answered, Text: "a/../b?\"}\r\nX: 1"}, chatflow.Env{})
	e := effects[0]
	var body map[string]string
	if json.Unmarshal([]byte(e.Body), &body) != nil || body["order"] != "a/../b?\"}\r\nX: 1" || strings.ContainsAny(e.Headers["X-Order"], "\r\n") || strings.Contains(e.URL, "../") || strings.Count(e.URL, "?") != 1 {
		t.Errorf("%+v", e)
	}
	if st.Wait != chatflow.WaitWebhook {
		t.Fatalf("%+v", st)
	}
	if same, more := chatflow.Step(d, st, chatflow.Input{Type: chatflow.Answered, Text: "hello?"}, chatflow.Env{}); len(more) != 0 || same.Wait != chatflow.WaitWebhook {
		t.Error("words while it is called are no answer")
	}
	if _, got := chatflow.Step(d, st, chatflow.Input{Type: chatflow.WebhookResult, OK: true, Status: 200, Body: `{"order":{"n":7,"lines":[{},{"state":"<i>sent</i>"}]}}`}, chatflow.Env{}); told(got) != "say <i>sent</i> 7|end" {
		t.Error(told(got))
	}
	if _, got := chatflow.Step(d, st, chatflow.Input{Type: chatflow.WebhookResult, Status: 500}, chatflow.Env{}); told(got) != "say No luck|end" {
		t.Error(told(got))
	}
	if _, got := chatflow.Step(d, st, chatflow.Input{Type: chatflow.WebhookResult, OK: true, Body: "not json"}, chatflow.Env{}); told(got) != "say  |end" && told(got) != "end" {
		t.Error(told(got))
	}
}

// CF-19: a bot that fails says so in the chatflow's words and hands over; it never just stops.
func TestABotThatFailsHandsOver(t *testing.T) {
	for _, c := range []string{
		`{"error":{"en":"Sorry"},"start":"a","steps":[{"id":"a","type":"jump","to":"a"}]}`,
		`{"error":{"en":"Sorry"},"start":"a","steps":[{"id":"a","type":"message","bubbles":[{"text":{"en":"x"}}],"next":"gone"}]}`,
		`{"error":{"en":"Sorry"},"start":"gone","steps":[]}`,
		`{"error":{"en":"Sorry"},"start":"a","steps":[{"id":"a","type":"dance"}]}`,
	} {
		st, effects := chatflow.Step(parse(t, c), chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, chatflow.Env{})
		if got := told(effects); !strings.HasSuffix(got, "say Sorry|handover failed") || st.Over != chatflow.Failed {
			t.Errorf("%s: %s, %+v", c, got, st)
		}
	}
}

// CH-28, CF-24: the opening is what is said before anything else is done.
func TestTheOpeningOnlySpeaks(t *testing.T) {
	d := parse(t, `{"start":"s","session":{"delay_ms":500},"steps":[{"id":"s","type":"set","object":"ticket","property":"a","value":"1","next":"m"},
	 {"id":"m","type":"message","bubbles":[{"text":{"en":"One"}},{"text":{"en":"Two"}}],"next":"h"},{"id":"h","type":"webhook","url":"https://a.example/","next":"m2"},{"id":"m2","type":"message","bubbles":[{"text":{"en":"Three"}}]}]}`)
	if got := told(chatflow.Opening(d, chatflow.Env{})); got != "say One|say Two" {
		t.Error(got)
	}
	_, effects := chatflow.Step(d, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, chatflow.Env{})
	said, rest := chatflow.Spoken(effects)
	if told(said) != "say One|say Two" || !strings.HasPrefix(told(rest), "set ticket.a=1|webhook https://a.example/") {
		t.Errorf("%s then %s", told(said), told(rest))
	}
}

// CF-09: what is wrong is said with the step and the field.
func TestValidationPointsAtTheFault(t *testing.T) {
	for want, c := range map[string]string{
		"|start|start_missing":                           `{"start":"x","steps":[{"id":"a","type":"end"}]}`,
		"|steps|steps_missing":                           `{}`,
		"a|bubbles|text_missing":                         `{"start":"a","steps":[{"id":"a","type":"message"}]}`,
		"a|next|next_unknown":                            `{"start":"a","steps":[{"id":"a","type":"message","bubbles":[{"text":{"en":"x"}}],"next":"b"}]}`,
		"a|to|endless_loop":                              `{"start":"a","steps":[{"id":"a","type":"jump","to":"a"}]}`,
		"b|next|endless_loop":                            `{"start":"a","steps":[{"id":"a","type":"message","bubbles":[{"text":{"en":"x"}}],"next":"b"},{"id":"b","type":"wait","seconds":5,"next":"a"}]}`,
		"b|id|unreachable":                               `{"start":"a","steps":[{"id":"a","type":"end"},{"id":"b","type":"end"}]}`,
		"a|id|id_twice":                                  `{"start":"a","steps":[{"id":"a","type":"end"},{"id":"a","type":"end"}]}`,
		"a|choices|choices_missing":                      `{"start":"a","steps":[{"id":"a","type":"question","text":{"en":"x"},"answer":"choice"}]}`,
		"a|text|text_missing":                            `{"start":"a","steps":[{"id":"a","type":"question","answer":"text"}]}`,
		"a|text|token_unknown":                           `{"start":"a","steps":[{"id":"a","type":"question","text":{"en":"{{contact.shoe}}"},"answer":"text"}]}`,
		"a|url|url_malformed":                            `{"start":"a","steps":[{"id":"a","type":"webhook","url":"ftp://x"}]}`,
		"a|url|url_token":                                `{"start":"a","steps":[{"id":"a","type":"webhook","url":"https://{{answer.host}}/x"}]}`,
		"a|body|body_malformed":                          `{"start":"a","steps":[{"id":"a","type":"webhook","url":"https://x.example","body":"{\"a\": b}"}]}`,
		"a|headers|header_malformed":                     `{"start":"a","steps":[{"id":"a","type":"webhook","url":"https://x.example","headers":{"Host":"y"}}]}`,
		"a|address|address_malformed":                    `{"start":"a","steps":[{"id":"a","type":"email","to":"address","address":"x","subject":{"en":"s"},"body":{"en":"b"}}]}`,
		"a|cases.0.when|condition_missing":               `{"start":"a","steps":[{"id":"a","type":"branch","cases":[{"when":[],"next":"a"}]}]}`,
		"a|seconds|out_of_range":                         `{"start":"a","steps":[{"id":"a","type":"wait","seconds":0}]}`,
		"a|to|whom_missing":                              `{"start":"a","steps":[{"id":"a","type":"assign"}]}`,
		"a|to|nobody_named":                              `{"start":"a","steps":[{"id":"a","type":"assign","to":{"to":"teams","teams":[]}}]}`,
		"a|type|type_unknown":                            `{"start":"a","steps":[{"id":"a","type":"dance"}]}`,
		"a|bubbles.0.link.url|link_malformed":            `{"start":"a","steps":[{"id":"a","type":"message","bubbles":[{"link":{"url":"javascript:alert(1)"}}]}]}`,
		"a|bubbles.0.text|translation_missing":           `{"start":"a","texts":{"da":{"welcome":"Hej"}},"steps":[{"id":"a","type":"message","bubbles":[{"text":{"en":"Hi"}}]}]}`,
		"|targeting.include.0|rule_empty":                `{"start":"a","steps":[{"id":"a","type":"end"}],"targeting":{"include":[{"all":[]}]}}`,
		"|targeting.include.0.all.0.name|name_missing":   `{"start":"a","steps":[{"id":"a","type":"end"}],"targeting":{"include":[{"all":[{"part":"query","op":"is","value":"x"}]}]}}`,
		"|trigger.value|out_of_range":                    `{"start":"a","steps":[{"id":"a","type":"end"}],"trigger":{"on":"scroll","value":120}}`,
		"|targeting.visitor.countries|country_malformed": `{"start":"a","steps":[{"id":"a","type":"end"}],"targeting":{"visitor":{"countries":["Denmark"]}}}`,
		"|session.timeout_minutes|out_of_range":          `{"start":"a","steps":[{"id":"a","type":"end"}],"session":{"timeout_minutes":-1}}`,
		"a|save.property|property_unknown":               `{"start":"a","steps":[{"id":"a","type":"question","text":{"en":"x"},"answer":"text","save":{"object":"visitor","property":"shoe"}}]}`,
	} {
		found := ""
		for _, p := range chatflow.Validate(chatflow.Bot, parse(t, c)) {
			at := p.Step + "|" + p.Field + "|" + p.Code
			found += at + "; "
			if at == want && p.Message != "" {
				found = want
				break
			}
		}
		if found != want {
			t.Errorf("want %s, got %s", want, found)
		}
	}
	for _, bad := range []string{`{"step":[]}`, `[]`, `{"steps":[{"id":"a","colour":1}]}`, `{} {}`, `{"steps":1}`} {
		if _, err := chatflow.Parse([]byte(bad)); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if p := chatflow.Validate(chatflow.LiveChat, parse(t, `{"steps":[{"id":"a","type":"end"}]}`)); len(p) != 1 || p[0].Code != "steps_unused" {
		t.Error(p)
	}
	if err := chatflow.Refusal(chatflow.Validate(chatflow.Bot, parse(t, `{"start":"a","steps":[{"id":"a","type":"wait"}]}`))); desk.ReasonOf(err) != "chatflow.out_of_range" || !strings.Contains(fmt.Sprintf("%+v", err), "must be from 1") {
		t.Error(err)
	}
}

// The engine, whatever it is given: never panics, always waits or is over, gives the same for the same, and its state survives JSON.
func TestTheEngineOnAnything(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := anyDefinition(r)
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		d = parse(t, string(b))
		chatflow.Validate(chatflow.Bot, d)
		env := chatflow.Env{Language: pick(r, "en", "da-DK", "xx", ""), Availability: pick(r, "", "available", "away", "offline", "capacity"), PageURL: pick(r, "", "https://x.example/a?b=%zz", "%%%"), Known: r.IntN(2) == 0}
		st := chatflow.State{}
		for range 12 {
			in := anyInput(r)
			next, effects := chatflow.Step(d, st, in, env)
			again, same := chatflow.Step(d, st, in, env)
			if !reflect.DeepEqual(next, again) || !reflect.DeepEqual(effects, same) {
				t.Fatalf("seed %d: not the same twice", seed)
			}
			if next.Over == "" && next.Wait == "" {
				t.Fatalf("seed %d: neither waits nor over: %+v", seed, next)
			}
			if len(effects) > 10000 {
				t.Fatalf("seed %d: %d effects", seed, len(effects))
			}
			var kept chatflow.State
			b, _ := json.Marshal(next)
			if err := json.Unmarshal(b, &kept); err != nil {
				t.Fatal(err)
			}
			_, x := chatflow.Step(d, next, chatflow.Input{Type: chatflow.Answered, Text: "yes"}, env)
			_, y := chatflow.Step(d, kept, chatflow.Input{Type: chatflow.Answered, Text: "yes"}, env)
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("seed %d: the state does not survive JSON", seed)
			}
			st = kept
		}
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func anyInput(r *rand.Rand) chatflow.Input {
	in := chatflow.Input{Type: pick(r, chatflow.Opened, chatflow.Answered, chatflow.Answered, chatflow.Answered, chatflow.Timer, chatflow.WebhookResult, chatflow.Availability, chatflow.File, "x")}
	in.Text = pick(r, "", "yes", "1", "a@b.dk", "{{answer.x}}", "<script>", "\x00\xff", strings.Repeat("å", 5000))
	in.OK, in.Body = r.IntN(2) == 0, pick(r, "", "null", `{"a":[1]}`, "{{")
	if r.IntN(3) == 0 {
		in.Quick = &chatflow.Pressed{Step: pick(r, "s0", "s1", "s2", ""), Value: pick(r, "v0", "v1", "")}
	}
	if r.IntN(4) == 0 {
		in.Files = []string{"a.png"}
	}
	return in
}

func anyDefinition(r *rand.Rand) chatflow.Definition {
	n := 1 + r.IntN(8)
	id := func() string { return pick(r, "", fmt.Sprint("s", r.IntN(n)), fmt.Sprint("s", r.IntN(n)), "gone") }
	w := func() chatflow.Words {
		return chatflow.Words{pick(r, "en", "EN", "da", ""): pick(r, "", "x {{answer.s0|y}}", "{{", "{{contact.first_name}}")}
	}
	d := chatflow.Definition{Language: pick(r, "", "auto", "da"), Start: fmt.Sprint("s", r.IntN(n)), Session: chatflow.Session{DelayMs: r.IntN(3) * 100}}
	for i := range n {
		b := chatflow.Block{ID: fmt.Sprint("s", i), Type: pick(r, append(slices.Clone(chatflow.StepTypes), "zz")...), Next: id(), OnFail: id(), Text: w(), Message: w(), Answer: pick(r, chatflow.AnswerTypes...),
			Required: r.IntN(2) == 0, Retries: r.IntN(3), Seconds: r.IntN(9) - 1, URL: "https://x.example/{{answer.s0}}", Object: pick(r, "", "contact", "ticket", "answer"), Property: pick(r, "", "a"), Value: "{{answer.s0}}"}
		if r.IntN(2) == 0 {
			b.To = &chatflow.Whom{Word: id()}
		}
		for range r.IntN(3) {
			b.Bubbles = append(b.Bubbles, chatflow.Bubble{Text: w(), Image: pick(r, "", "https://x.example/a.png")})
			b.Quick = append(b.Quick, chatflow.Quick{Label: w(), Value: pick(r, "", "v0", "v1"), URL: pick(r, "", "https://x.example"), Next: id()})
			b.Choices = append(b.Choices, chatflow.Choice{Label: w(), Value: pick(r, "", "v0"), Next: id()})
			b.Cases = append(b.Cases, chatflow.Case{Next: id(), When: []chatflow.Condition{{On: pick(r, "answer", "contact", "page", "language", "known", "availability", "zz"), Name: pick(r, "", "s0", "query.b"), Op: pick(r, chatflow.Operators...), Value: pick(r, "", "1", "yes")}}})
		}
		d.Steps = append(d.Steps, b)
	}
	return d
}

// CF-11: the simulator says which way a branch took, and what its conditions found.
func TestAWalkSaysWhy(t *testing.T) {
	def := chatflow.Definition{Start: "ask", Steps: []chatflow.Block{
		{ID: "ask", Type: chatflow.StepQuestion, Answer: "text", Text: chatflow.Words{"en": "What?"}, Save: map[string]string{"object": "answer", "property": "topic"}, Next: "fork"},
		{ID: "fork", Type: chatflow.StepBranch, Next: "other", Cases: []chatflow.Case{
			{When: []chatflow.Condition{{On: "availability", Op: "is", Value: "away"}}, Next: "other"},
			{When: []chatflow.Condition{{On: "answer", Name: "topic", Op: "contains", Value: "order"}}, Next: "orders"},
		}},
		{ID: "orders", Type: chatflow.StepEnd}, {ID: "other", Type: chatflow.StepEnd},
	}}
	st, _, trail := chatflow.Walk(def, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, chatflow.Env{})
	if len(trail) != 1 || trail[0].Step != "ask" || trail[0].From != "" {
		t.Fatalf("opened: %+v", trail)
	}
	_, _, trail = chatflow.Walk(def, st, chatflow.Input{Type: chatflow.Answered, Text: "my order"}, chatflow.Env{Availability: "available"})
	if len(trail) != 2 || trail[0].From != "ask" || trail[0].Step != "fork" || trail[1].Step != "orders" {
		t.Fatalf("answered: %+v", trail)
	}
	fork := trail[0]
	if fork.Case != 2 || len(fork.Cases) != 2 || fork.Cases[0][0].Holds || fork.Cases[0][0].Have != "available" || !fork.Cases[1][0].Holds || fork.Cases[1][0].Have != "my order" {
		t.Fatalf("the branch: %+v", fork)
	}
}

// CF-11, AV-09: a branch asks whether named hours are open, or its channel's; hours that nobody knows of are open.
func TestABranchAsksForHours(t *testing.T) {
	def, err := chatflow.Parse([]byte(`{"start":"f","steps":[{"id":"f","type":"branch","cases":[{"when":[{"on":"hours","name":"office","op":"is","value":"closed"}],"next":"shut"},
		{"when":[{"on":"hours","op":"is","value":"closed"}],"next":"late"}],"next":"in"},{"id":"shut","type":"end"},{"id":"late","type":"end"},{"id":"in","type":"end"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if p := chatflow.Validate(chatflow.Bot, def); len(p) > 0 {
		t.Errorf("%+v", p)
	}
	if got := def.HoursNamed(); len(got) != 2 || got[0] != "office" || got[1] != "" {
		t.Errorf("it asks for %q", got)
	}
	for want, hours := range map[string]map[string]string{"shut": {"office": "closed", "": "closed"}, "late": {"office": "open", "": "closed"}, "in": {}} {
		_, _, trail := chatflow.Walk(def, chatflow.State{}, chatflow.Input{Type: chatflow.Opened}, chatflow.Env{Hours: hours})
		if got := trail[len(trail)-1].Step; got != want {
			t.Errorf("%v leads to %s, want %s", hours, got, want)
		}
	}
	def.Steps[0].Cases[0].When[0].Value = "shut"
	if p := chatflow.Validate(chatflow.Bot, def); len(p) != 1 || p[0].Field != "cases.0.when.0.value" {
		t.Errorf("%+v", p)
	}
}
