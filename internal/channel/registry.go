package channel

import (
	"fmt"
	"sort"
)

// Registry is the explicit list of channels a binary has. Tests pass their own.
type Registry struct{ byName map[string]Adapter }

// NewRegistry lists adapters; two with one name are a programming error and panic at start-up.
func NewRegistry(adapters ...Adapter) *Registry {
	r := &Registry{byName: make(map[string]Adapter, len(adapters))}
	for _, a := range adapters {
		name := a.Spec().Channel
		if _, dup := r.byName[name]; dup {
			panic(fmt.Sprintf("channel: %q registered twice", name))
		}
		r.byName[name] = a
	}
	return r
}

// Get returns the adapter of a channel.
func (r *Registry) Get(name string) (Adapter, bool) { a, ok := r.byName[name]; return a, ok }

// Live reports whether a channel is one of visitors who read here and now.
func (r *Registry) Live(name string) bool { a, ok := r.byName[name]; return ok && a.Spec().Can.Live }

// All returns every adapter, by name.
func (r *Registry) All() []Adapter {
	out := make([]Adapter, 0, len(r.byName))
	for _, a := range r.byName {
		out = append(out, a)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Spec().Channel < out[j].Spec().Channel })
	return out
}
