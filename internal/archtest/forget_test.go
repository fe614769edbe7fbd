package archtest

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

// forgets says, for every table that names a ticket, a conversation, a message or a contact, where an erasure of a ticket and one of a person take it away:
// "package Function", or the reason why it may stay. What names no contact and no message of one needs no line for the person.
var forgets = map[string]struct{ ticket, person string }{
	"attachments":             {"internal/thread EraseMessages", "internal/thread Blank"},
	"attempts":                {"internal/thread EraseMessages", "internal/thread Blank"},
	"holds":                   {"stays: while it stands nothing is erased", "stays: while it stands nobody is erased"},
	"redactions":              {"internal/thread EraseMessages", "internal/thread Blank"},
	"bulk_items":              {"internal/bulk Forget", "internal/bulk Forget"},
	"contact_addresses":       {"stays: it is the contact's, not the ticket's", "internal/contact Purge"},
	"contact_keys":            {"stays: it is the contact's, not the ticket's", "internal/contact Purge"},
	"contact_merge_moves":     {"stays: numbers of what moved, which find nothing any more", "internal/identity forgetLinks"},
	"contact_merges":          {"stays: it is the contacts', not the ticket's", "internal/identity forgetLinks"},
	"contact_suggestions":     {"stays: it is the contacts', not the ticket's", "internal/identity forgetLinks"},
	"deliveries":              {"internal/thread EraseMessages", "internal/thread Blank"},
	"drafts":                  {"internal/thread Erase", "internal/thread ForgetDrafts"},
	"erased_tickets":          {"stays: it is what says that a number was a ticket's", "stays: a number and a reason"},
	"events":                  {"internal/event Forget", "internal/event ForgetPerson"},
	"inbound_raw":             {"internal/intake forgetSQL", "internal/intake forgetSQL"},
	"mentions":                {"internal/thread EraseMessages", "stays: a colleague was mentioned"},
	"message_refs":            {"internal/thread EraseMessages", "internal/thread Blank"},
	"messages":                {"internal/thread EraseMessages", "internal/thread Blank"},
	"notification_deliveries": {"internal/notify forget", "internal/notify forget"},
	"notifications":           {"internal/notify forget", "internal/notify forget"},
	"surveys":                 {"internal/survey Erase", "internal/survey Erase"},
	"thread_aliases":          {"internal/thread EraseThread", "stays: numbers of conversations"},
	"thread_keys":             {"internal/thread EraseThread", "internal/thread BlankThreads"},
	"thread_parties":          {"internal/thread EraseThread", "internal/thread BlankThreads"},
	"thread_splits":           {"internal/thread EraseThread", "stays: numbers of conversations and messages"},
	"threads":                 {"internal/thread EraseThread", "internal/thread BlankThreads"},
	"ticket_followers":        {"internal/ticket erased", "stays: colleagues"},
	"ticket_links":            {"internal/ticket erased", "stays: numbers of tickets"},
	"ticket_participants":     {"internal/ticket erased", "internal/ticket Blank"},
	"ticket_merges":           {"internal/ticket erased", "stays: numbers of tickets and conversations"},
	"tags":                    {"stays: words of the company, on many tickets", "stays: words of the company, on many tickets"},
	"ticket_tags":             {"internal/ticket erased", "internal/ticket Blank"},
	"ticket_splits":           {"internal/ticket erased", "stays: numbers of tickets and messages"},
	"tickets":                 {"internal/ticket erased", "internal/ticket Blank"},
	"search_docs":             {"follows ticket.purged", "follows message.updated and ticket.erased"},
	"search_text":             {"follows ticket.purged", "follows message.updated and ticket.erased"},
	"search_terms":            {"stays: words and how often, of no one place", "stays: words and how often, of no one place"},
	"assignment_decisions":    {"internal/assignment Forget", "internal/assignment Forget"},
	"assignment_queue":        {"internal/waiting Forget", "stays: a number and a reason"},
	"owner_letters":           {"internal/ownermail Forget", "internal/ownermail Forget"},
	"owner_answers":           {"internal/ownermail Forget", "internal/ownermail Forget"},
	"channel_move_items":      {"stays: numbers of tickets and conversations", "stays: numbers of tickets and conversations"},
	"form_submissions":        {"internal/form Forget", "internal/form Forget"},
	"consents":                {"stays: what was agreed to is proved of the person, not of the ticket", "internal/consent Forget"},
	"chatflow_runs":           {"internal/chatflow Forget", "internal/chatflow Forget"},
	"visitors":                {"stays: it is the visitor's, not the ticket's", "internal/visitor forget"},
	"contacts":                {"stays: it is the contact, not the ticket", "internal/contact Purge"},
}

// naming are the columns that name what is erased.
var naming = regexp.MustCompile(`^([a-z_]+)\.(ticket_id|other_id|thread_id|message_id|contact_id|merge_id|from_id|into_id|to_id|a_id|b_id|object_id) `)

// CR-14, WS-29: a new table that names a ticket, a conversation, a message or a contact is told where it is erased. The schema is read from the golden file,
// which the tests of the database hold true of both.
func TestEveryTableThatNamesAPersonsWordsIsErased(t *testing.T) {
	golden, err := os.ReadFile("../db/testdata/schema.golden")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, line := range strings.Split(string(golden), "\n") {
		if m := naming.FindStringSubmatch(line); m != nil {
			found[m[1]] = true
		}
	}
	if len(found) < 20 {
		t.Fatalf("only %d tables were found: the schema is written otherwise by now", len(found))
	}
	for table := range found {
		if _, ok := forgets[table]; !ok {
			t.Errorf("%s names a ticket, a conversation, a message or a contact, and nothing says where an erasure takes it away", table)
		}
	}
	for table, f := range forgets {
		for _, where := range []string{f.ticket, f.person} {
			pkg, name, ok := strings.Cut(where, " ")
			if !strings.HasPrefix(pkg, "internal/") || !ok {
				if len(where) < 10 {
					t.Errorf("%s: %q is no place and no reason", table, where)
				}
				continue
			}
			if !tr.writes(pkg, name, table) {
				t.Errorf("%s does not write %s", where, table)
			}
		}
	}
}

// writes reports whether a function or a list of statements of a package writes a table.
func (t tree) writes(pkg, name, table string) (yes bool) {
	for _, s := range t.files {
		if s.pkg != pkg || s.test {
			continue
		}
		look := func(n ast.Node) {
			text := string(s.text[t.fset.Position(n.Pos()).Offset:t.fset.Position(n.End()).Offset])
			for _, m := range writeSQL.FindAllStringSubmatch(text, -1) {
				yes = yes || m[1] == table
			}
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == name {
					look(d)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && v.Names[0].Name == name {
						look(v)
					}
				}
			}
		}
	}
	return yes
}
