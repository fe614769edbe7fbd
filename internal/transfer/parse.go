package transfer

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/kanalhq/kanal/internal/desk"
)

// source is a parsed file with the lines its parts stand on.
type source struct {
	File
	lines map[string]int // by path: channels[0].assign.teams
}

// line finds the line of a path, or of the nearest part around it.
func (s *source) line(path string) int {
	for {
		if n, ok := s.lines[path]; ok {
			return n
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return 1
		}
		path = path[:i]
	}
}

// at puts the place into an error: "line 12, channels[0].assign.teams: …".
func (s *source) at(path string, err error) error {
	if err == nil {
		return nil
	}
	var e *desk.Error
	if !errors.As(err, &e) || e.Code != desk.Invalid && e.Code != desk.Conflict && e.Code != desk.TooLarge && e.Code != desk.NotFound {
		return err
	}
	for _, try := range []string{path + "." + e.Field, path + ".settings." + e.Field} {
		if _, ok := s.lines[try]; ok && e.Field != "" {
			path = try
			break
		}
	}
	return (&desk.Error{Code: e.Code, Reason: e.Reason, Field: path, Public: fmt.Sprintf("line %d, %s: %s", s.line(path), path, e.Public)}).Because(e.Err)
}

func (s *source) refuse(path, reason, format string, args ...any) error {
	return s.at(path, desk.Errorf(desk.Invalid, reason, format, args...))
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// parse reads a file strictly: unknown keys, keys given twice and values of the wrong type are told with their lines, all at once.
func parse(text []byte) (*source, error) {
	if len(text) > maxFile {
		return nil, desk.Errorf(desk.TooLarge, "config.too_large", "A settings file may have at most %d MB.", maxFile>>20)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, desk.Errorf(desk.Invalid, "config.yaml", "%s", strings.TrimPrefix(err.Error(), "yaml: ")).Because(err)
	}
	if len(doc.Content) == 0 {
		return nil, desk.Errorf(desk.Invalid, "config.empty", "The settings file is empty. It begins with version: %d.", Version)
	}
	asWritten(&doc)
	s := &source{lines: map[string]int{}}
	c := &checker{lines: s.lines}
	c.check(doc.Content[0], reflect.TypeFor[File](), "")
	if len(c.problems) == 0 {
		if err := doc.Content[0].Decode(&s.File); err != nil {
			var te *yaml.TypeError
			if !errors.As(err, &te) {
				return nil, desk.Errorf(desk.Invalid, "config.yaml", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
			}
			for _, m := range te.Errors {
				c.problems = append(c.problems, readable(m))
			}
		}
	}
	if len(c.problems) > 0 {
		return nil, desk.Errorf(desk.Invalid, "config.malformed", "%s", strings.Join(c.problems, "\n"))
	}
	if s.Version != Version {
		return nil, s.refuse("version", "config.version", "This Kanal reads settings of version %d; write version: %d.", Version, Version)
	}
	return s, nil
}

// asWritten keeps dates as they stand: no setting is a moment, and 2026-12-24 without quotes is that day.
func asWritten(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, c := range n.Content {
		asWritten(c)
	}
}

var goType = regexp.MustCompile("cannot unmarshal !!(\\w+)(?: `([^`]*)`)? into (.+)$")

// readable turns the decoder's sentence into one for people.
func readable(m string) string {
	where := ""
	if l := yamlLine.FindStringSubmatch(m); l != nil {
		where = "line " + l[1] + ": "
	}
	t := goType.FindStringSubmatch(m)
	if t == nil {
		return m
	}
	want := "something else"
	switch {
	case strings.HasPrefix(t[3], "[]"):
		want = "a list"
	case t[3] == "string":
		want = "text"
	case t[3] == "bool":
		want = "true or false"
	case t[3] == "int":
		want = "a number"
	case strings.HasPrefix(t[3], "map"), strings.HasPrefix(t[3], "transfer."), strings.HasPrefix(t[3], "desk."):
		want = "an object with keys"
	}
	got := t[2]
	if got == "" {
		got = map[string]string{"seq": "a list", "map": "an object", "null": "nothing"}[t[1]]
	}
	return fmt.Sprintf("%sexpected %s, found %s", where, want, got)
}

// Bounds of one file: problems told at once, nesting, and parts, aliases counted as often as they are used.
const (
	maxProblems = 20
	maxDepth    = 100
	maxParts    = 500_000
)

// checker compares the keys of a document with the structs they go into, and notes the line of every part.
type checker struct {
	lines    map[string]int
	problems []string
	depth    int
	parts    int
}

func (c *checker) problem(n *yaml.Node, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, "line "+strconv.Itoa(n.Line)+": "+fmt.Sprintf(format, args...))
	}
}

func (c *checker) check(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if c.parts++; c.parts > maxParts || c.depth >= maxDepth {
		if c.problems == nil {
			c.problem(n, "the file is too deep or too large")
		}
		return
	}
	c.depth++
	defer func() { c.depth-- }()
	if _, ok := c.lines[path]; !ok && path != "" {
		c.lines[path] = n.Line
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n.Kind {
	case yaml.SequenceNode:
		var elem reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		for i, e := range n.Content {
			c.check(e, elem, path+"["+strconv.Itoa(i)+"]")
		}
	case yaml.MappingNode:
		c.mapping(n, t, path)
	}
}

func (c *checker) mapping(n *yaml.Node, t reflect.Type, path string) {
	var known map[string]reflect.Type
	if t != nil && t.Kind() == reflect.Struct {
		known = keysOf(t)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			c.problem(key, "%s is given twice", key.Value)
		}
		seen[key.Value] = true
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		c.lines[at] = key.Line
		kt, ok := known[key.Value]
		if known != nil && !ok {
			names := make([]string, 0, len(known))
			for k := range known {
				names = append(names, k)
			}
			where := "a settings file"
			if path != "" {
				where = path
			}
			c.problem(key, "%s has no %q%s", where, key.Value, meant(key.Value, names))
			continue
		}
		c.check(value, kt, at)
	}
}

func keysOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name != "" && name != "-" && f.IsExported() {
			out[name] = f.Type
		}
	}
	return out
}

// meant suggests the nearest name, or lists them when there are few and none is near.
func meant(word string, names []string) string {
	slices.Sort(names)
	best, at := "", 1+max(1, len(word)/3)
	for _, n := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(n)); d < at {
			best, at = n, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(". Did you mean %q?", best)
	case len(names) == 0:
		return ". There are none."
	case len(names) <= 12:
		return ". There is " + strings.Join(names, ", ") + "."
	}
	return "."
}

// distance counts the edits between two words (Levenshtein, with swaps of neighbours as one).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
