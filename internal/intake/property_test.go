package intake_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/kanalhq/kanal/internal/desk"
)

// TestAnyMailGraphIsFiledWhole: whatever exchange of mails arrives in whatever order, from however many connections, with redeliveries in between:
// every mail is one message, every exchange is one thread with one ticket, and nothing else is there.
func TestAnyMailGraphIsFiledWhole(t *testing.T) { // EM-30, EM-33
	each(t, func(t *testing.T, w *world) {
		var round atomic.Int64
		var all []mail
		rapid.Check(t, func(rt *rapid.T) {
			n := rapid.IntRange(1, 14).Draw(rt, "mails")
			prefix := fmt.Sprintf("r%d", round.Add(1))
			graph := make([]mail, n)
			root := make([]int, n)
			ancestors := make([][]string, n) // nearest first
			for i := range n {
				parent := rapid.IntRange(-1, i-1).Draw(rt, "parent")
				root[i] = i
				if parent >= 0 {
					root[i] = root[parent]
					ancestors[i] = append([]string{graph[parent].RemoteID}, ancestors[parent]...)
				}
				graph[i] = exchange(w, rt, prefix, i, root[i], ancestors[i])
			}
			order := rapid.Permutation(graph).Draw(rt, "order")
			for len(order) > 0 {
				batch := rapid.IntRange(1, len(order)).Draw(rt, "at once")
				ms := order[:batch]
				if rapid.Bool().Draw(rt, "redelivered") {
					ms = append(append([]mail{}, ms...), ms...)
				}
				w.atOnce(ms)
				order = order[batch:]
			}
			all = append(all, graph...)
			checkGraph(w, rt, graph, root)
		})
		w.checkWhole(t, all)
	})
}

// exchange is a mail among the two people of its exchange, citing all its ancestors, only the nearest, or the nearest and some others.
func exchange(w *world, rt *rapid.T, prefix string, i, root int, ancestors []string) mail {
	people := []string{fmt.Sprintf("a%s.%d@x.example", prefix, root), fmt.Sprintf("b%s.%d@x.example", prefix, root)}
	from := rapid.IntRange(0, 1).Draw(rt, "from")
	m := w.letter(fmt.Sprintf("%s.%d@x.example", prefix, i), people[from], cc(people[1-from]), subject(rapid.SampledFrom([]string{"Hello", "Re: Hello", ""}).Draw(rt, "subject")))
	if len(ancestors) == 0 {
		return m
	}
	refs := ancestors[:1:1]
	switch rapid.IntRange(0, 2).Draw(rt, "style") {
	case 0:
		refs = ancestors
	case 1:
		for _, a := range ancestors[1:] {
			if rapid.Bool().Draw(rt, "cites") {
				refs = append(refs, a)
			}
		}
	}
	replies(refs...)(&m)
	return m
}

func checkGraph(w *world, rt *rapid.T, graph []mail, root []int) {
	threads := map[desk.ThreadID]int{}
	tickets := map[int]desk.TicketID{}
	for i, m := range graph {
		es, err := w.ByMessageID(context.Background(), m.RemoteID)
		if err != nil || len(es) != 1 || es[0].FiledAs == 0 {
			rt.Fatalf("%s: %d entries %+v %v", m.RemoteID, len(es), es, err)
		}
		if r, seen := threads[es[0].Thread]; seen && r != root[i] {
			rt.Fatalf("%s is in a thread with another exchange", m.RemoteID)
		}
		threads[es[0].Thread] = root[i]
		if id, seen := tickets[root[i]]; seen && id != es[0].Ticket {
			rt.Fatalf("%s: the exchange has two tickets", m.RemoteID)
		}
		tickets[root[i]] = es[0].Ticket
	}
	if len(threads) != len(tickets) {
		rt.Fatalf("%d threads for %d exchanges", len(threads), len(tickets))
	}
}
