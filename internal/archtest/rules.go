package archtest

import (
	"go/ast"
	"path"
	"regexp"
	"sort"
	"strings"
)

// tiers, times ten (access stands between the nouns it reads and the flows that ask it): a package imports only packages of a lower tier; two of one tier never import each other. A folder that is not
// listed takes the tier of the longest listed folder above it; a sub-package of a channel belongs to that channel alone.
var tiers = map[string]int{
	"internal/desk":    0,
	"internal/channel": 10, "internal/db": 10, "internal/blob": 10, "internal/richtext": 10, "internal/netx": 10, "internal/secret": 10,
	"internal/config": 10, "internal/sse": 10, "internal/clock": 10, "internal/hours": 10, "internal/installation": 20, "internal/condition": 10, "internal/worktime": 30, "internal/skill": 30, "internal/skill/tongue": 10, "internal/form": 30, "internal/geo": 10, "internal/webchat": 15,
	"internal/event": 20, "internal/job": 20,
	"internal/people": 30, "internal/occupancy": 36, "internal/access": 35, "internal/door": 36, "internal/directory": 36, "internal/directory/scim": 10, "internal/contact": 30, "internal/inbox": 30, "internal/thread": 30, "internal/ticket": 30,
	"internal/property": 30, "internal/routing": 30, "internal/setting": 30, "internal/snippet": 30, "internal/spam": 30, "internal/customview": 30, "internal/space": 30,
	"internal/visitor": 30, "internal/chatflow": 30, "internal/consent": 30,
	"internal/assignment": 40, "internal/search": 40, "internal/view": 40, "internal/switchboard": 40, "internal/blobgc": 40, "internal/oversight": 40, "internal/notify": 45, "internal/availability": 45,
	"internal/intake": 50, "internal/dispatch": 50, "internal/triage": 50, "internal/identity": 50, "internal/purge": 50, "internal/bulk": 55, "internal/keeping": 55, "internal/redaction": 55, "internal/redaction/find": 10, "internal/survey": 55, "internal/dialogue": 55, "internal/webpush": 55, "internal/afterchat": 56, "internal/waiting": 56, "internal/ownermail": 56, "internal/relocation": 56, "internal/submission": 56, "internal/transfer": 57,
	"internal/api": 60, "internal/realtime": 60, "internal/hook": 60, "internal/lobby": 60,
	"internal/api/agent": 70, "internal/api/admin": 70, "internal/api/public": 70, "internal/api/lists": 70, "internal/api/actions": 70, "internal/api/writing": 70,
	"internal/api/person": 70, "internal/api/privacy": 70, "internal/api/inform": 70, "internal/api/widget": 70, "internal/api/site": 70, "internal/api/chat": 70, "internal/api/hubspot": 70, "internal/api/work": 70, "internal/api/door": 70, "internal/api/directory": 70, "internal/api/forms": 70, "internal/api/moving": 70,
	"internal/channel/all": 75, "internal/app": 80,
	"cmd/kanal": 100, "internal/demo": 90, "internal/bench": 90, "web": 0,
}

// support: packages for tests and simulation; production code below app may not import them.
var support = map[string]bool{
	"internal/dbtest": true, "internal/desktest": true, "internal/archtest": true, "internal/channel/channeltest": true, "internal/simulate": true, "e2e": true,
}

func tierOf(pkg string) (string, int, bool) {
	if name := channelOf(pkg); name != "" {
		return "internal/channel/" + name, 20, true
	}
	for p := pkg; p != "."; p = path.Dir(p) {
		if n, ok := tiers[p]; ok {
			return p, n, true
		}
	}
	return "", 0, false
}

func supportOf(pkg string) bool {
	for p := pkg; p != "."; p = path.Dir(p) {
		if support[p] {
			return true
		}
	}
	return false
}

// imports holds the table.
func (t tree) imports() (out []finding) {
	for _, s := range t.files {
		if s.test || supportOf(s.pkg) {
			continue
		}
		home, tier, ok := tierOf(s.pkg)
		if !ok {
			out = append(out, finding{"tiers", s.path, "package " + s.pkg + " has no row in the table of tiers"})
			continue
		}
		for target, spec := range s.ours() {
			if supportOf(target) {
				if tier < 90 {
					out = append(out, finding{"tiers", t.at(s, spec), s.pkg + " imports the test support " + target})
				}
				continue
			}
			th, tt, ok := tierOf(target)
			if ok && th != home && tt >= tier {
				out = append(out, finding{"tiers", t.at(s, spec), s.pkg + " may not import " + target})
			}
			if channelOf(target) != "" && th != home && tier < 75 {
				out = append(out, finding{"tiers", t.at(s, spec), s.pkg + " imports the channel " + target + "; only the list of channels may"})
			}
		}
	}
	return out
}

// channelOf is the channel whose folder pkg is or lies in, or "".
func channelOf(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "internal/channel/")
	name, _, _ := strings.Cut(rest, "/")
	if !ok || name == "all" || name == "channeltest" {
		return ""
	}
	return name
}

// writers: one package writes a table.
var writers = map[string]string{
	"afterchat_state": "internal/afterchat", "nodes": "internal/db", "settings": "internal/setting",
	"users": "internal/people", "teams": "internal/people", "team_members": "internal/people",
	"sessions": "internal/access", "api_tokens": "internal/access", "one_time_links": "internal/access",
	"inboxes": "internal/inbox", "channel_accounts": "internal/inbox", "address_registry": "internal/inbox", "terms_acceptances": "internal/inbox",
	"account_cursors": "internal/inbox", "account_leases": "internal/inbox",
	"contacts": "internal/contact", "contact_addresses": "internal/contact", "companies": "internal/contact", "contact_keys": "internal/contact",
	"contact_merges": "internal/identity", "contact_merge_moves": "internal/identity", "contact_suggestions": "internal/identity", "erased_addresses": "internal/identity",
	"pipelines": "internal/ticket", "pipeline_statuses": "internal/ticket", "tickets": "internal/ticket", "ticket_links": "internal/ticket",
	"properties": "internal/property",
	"threads":    "internal/thread", "thread_keys": "internal/thread", "message_refs": "internal/thread", "thread_parties": "internal/thread", "thread_aliases": "internal/thread",
	"messages": "internal/thread", "attachments": "internal/thread", "redactions": "internal/thread", "deliveries": "internal/thread", "attempts": "internal/thread",
	"early_statuses": "internal/thread", "drafts": "internal/thread", "mentions": "internal/thread",
	"inbound_raw": "internal/intake", "events": "internal/event", "jobs": "internal/job", "schedules": "internal/job",
	"idempotency_keys": "internal/api",
	"surveys":          "internal/survey", "survey_settings": "internal/survey",
	"search_state": "internal/search", "search_docs": "internal/search", "search_text": "internal/search",
	"search_terms": "internal/search", "erased_tickets": "internal/ticket",
	"ticket_followers": "internal/ticket", "tags": "internal/ticket", "ticket_tags": "internal/ticket", "ticket_participants": "internal/ticket", "ticket_merges": "internal/ticket", "ticket_splits": "internal/ticket", "thread_splits": "internal/thread",
	"user_absences": "internal/people", "availability_log": "internal/people", "business_hours": "internal/worktime", "holiday_calendars": "internal/worktime",
	"skills": "internal/skill", "skill_categories": "internal/skill", "user_skills": "internal/skill",
	"assignment_queue": "internal/waiting", "assignment_lanes": "internal/waiting", "owner_letters": "internal/ownermail", "owner_answers": "internal/ownermail", "waiting_state": "internal/waiting", "assignment_decisions": "internal/assignment",
	"roles": "internal/access", "second_factors": "internal/door", "passkeys": "internal/door", "sign_in_providers": "internal/door",
	"sign_in_identities": "internal/door", "sign_in_attempts": "internal/door",
	"forms": "internal/form", "form_versions": "internal/form", "form_submissions": "internal/form", "form_files": "internal/form", "form_stamps": "internal/form", "directory_users": "internal/directory", "directory_groups": "internal/directory",
	"channel_moves": "internal/relocation", "channel_move_items": "internal/relocation",
	"custom_views": "internal/customview", "spaces": "internal/space",
	"snippets": "internal/snippet",
	"visitors": "internal/visitor", "visitor_views": "internal/visitor", "visitor_tokens": "internal/visitor", "visitor_push": "internal/visitor",
	"chatflows": "internal/chatflow", "chatflow_versions": "internal/chatflow", "chatflow_runs": "internal/chatflow", "consents": "internal/consent",
	"sender_rules": "internal/spam", "spam_kinds": "internal/spam", "bulk_runs": "internal/bulk", "bulk_items": "internal/bulk", "holds": "internal/keeping", "keeping_runs": "internal/keeping",
	"notifications": "internal/notify", "notification_deliveries": "internal/notify", "notification_settings": "internal/notify", "notify_state": "internal/notify",
}

// writerExceptions: who else may write, and why.
var writerExceptions = map[string]string{
	"internal/db":    "copies whole databases, without knowing what is in them",
	"internal/bench": "seeds a database of its own, a million rows at a time",
}

var writeSQL = regexp.MustCompile(`(?is)\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)\b`)

func (t tree) oneWriter() (out []finding) {
	for _, s := range t.files {
		if s.test || supportOf(s.pkg) || writerExceptions[s.pkg] != "" {
			continue
		}
		s.literals(func(lit *ast.BasicLit, v string) {
			for _, m := range writeSQL.FindAllStringSubmatch(v, -1) {
				owner, known := writers[strings.ToLower(m[1])]
				if known && owner != s.pkg {
					out = append(out, finding{"one writer", t.at(s, lit), s.pkg + " writes " + m[1] + ", which " + owner + " owns"})
				}
			}
		})
	}
	return out
}

// channelNames stand as literals only in their own folder: what differs between channels is data in its Spec.
func (t tree) channelNames() (out []finding) {
	names := map[string]bool{}
	for _, s := range t.files {
		if name := channelOf(s.pkg); name != "" {
			names[name] = true
		}
	}
	for _, s := range t.files {
		if s.test || supportOf(s.pkg) || strings.HasPrefix(s.pkg, "cmd/") || s.pkg == "internal/demo" || s.pkg == "internal/bench" {
			continue
		}
		fields := fieldNames(s.file)
		s.literals(func(lit *ast.BasicLit, v string) {
			if !names[v] || fields[lit] || channelOf(s.pkg) == v || nameExceptions[s.path+" "+v] != "" {
				return
			}
			out = append(out, finding{"channel names", t.at(s, lit), "the channel's name " + v + " stands outside its folder"})
		})
	}
	return out
}

// fieldNames are literals that name a field of something and so cannot name a channel: keys of maps, the field an
// error is about, a parameter of a request.
func fieldNames(file *ast.File) map[*ast.BasicLit]bool {
	out := map[*ast.BasicLit]bool{}
	skip := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok {
			out[lit] = true
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			skip(n.Key)
		case *ast.IndexExpr:
			skip(n.Index)
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			on, _ := sel.X.(*ast.Ident)
			registry := on != nil && strings.Contains(strings.ToLower(on.Name), "registry")
			if sel.Sel.Name == "In" || sel.Sel.Name == "String" || (sel.Sel.Name == "Get" && !registry) {
				for _, a := range n.Args {
					skip(a)
				}
			}
		}
		return true
	})
	return out
}

// nameExceptions: where a word that is also a channel's name means something else.
var nameExceptions = map[string]string{
	"internal/assignment/fields.go form":    "a fact and its group, not the channel",
	"internal/webchat/envelope.go chat":     "where a message's extra stands, not the channel",
	"internal/webchat/validate.go chat":     "the picture on the launcher, a speech bubble, not the channel",
	"internal/api/widget/visitors.go email": "the kind of an address in what a page says, not the channel",
	"internal/api/hubspot/hubspot.go email": "a field of the public API, not the channel",
	"internal/door/provider.go email":       "a scope of OpenID Connect, not the channel",
	"internal/desk/contact.go email":        "the kind of an address, not the channel",
	"internal/routing/routing.go email":     "a kind of work that has a limit of its own, not the channel",
	"internal/notify/rules.go email":        "a way of telling somebody on the team, not the channel",
	"internal/dialogue/keep.go email":       "a field of a person, not the channel",
	"internal/api/chat/known.go email":      "a field of a person, not the channel",
	"internal/chatflow/answer.go email":     "a kind of answer, not the channel",
	"internal/chatflow/definition.go email": "a kind of step, not the channel",
	"internal/chatflow/engine.go email":     "an effect, not the channel",
	"internal/chatflow/steps.go email":      "a kind of answer, not the channel",
	"internal/chatflow/template.go email":   "a kind of answer and its name, not the channel",
}

// comments: every package says what it owns.
func (t tree) comments() (out []finding) {
	said := map[string]bool{}
	for _, s := range t.files {
		if s.test {
			continue
		}
		said[s.pkg] = said[s.pkg] || (s.file.Doc != nil && len(s.file.Doc.Text()) > 40)
	}
	for pkg, ok := range said {
		if !ok {
			out = append(out, finding{"package comment", pkg, "no file says what this package owns, refuses and who calls it"})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].at < out[j].at })
	return out
}

// forbidden names say nothing about what is inside.
var forbidden = regexp.MustCompile(`(^|/)(util|utils|common|helper|helpers|models|types|misc|shared)(/|$)`)

func (t tree) names() (out []finding) {
	for _, s := range t.files {
		if forbidden.MatchString(s.pkg) {
			out = append(out, finding{"package name", s.path, "the folder's name says nothing about what is inside"})
		}
	}
	return out
}
