package transfer

import (
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
)

// keep is what a secret is exported as, and what leaves a stored one alone.
const keep = "keep"

// Outside is where secrets are read from. The zero value is the process's environment and files.
type Outside struct {
	Getenv   func(name string) (string, bool)
	ReadFile func(path string) ([]byte, error)
	// Closed refuses both, for text that comes from a browser: secrets are typed in, or keep.
	Closed bool
}

func (o Outside) getenv(name string) (string, bool) {
	if o.Getenv != nil {
		return o.Getenv(name)
	}
	return os.LookupEnv(name)
}

func (o Outside) readFile(path string) ([]byte, error) {
	if o.ReadFile != nil {
		return o.ReadFile(path)
	}
	return os.ReadFile(path)
}

// resolve takes the secrets out of every channel's settings and reads what they refer to. It happens before the transaction.
func (s *Service) resolve(src *source) error {
	for i := range src.Channels {
		c := &src.Channels[i]
		path := indexed("channels", i)
		a, ok := s.Channels.Get(c.Channel)
		if !ok {
			names := []string{}
			for _, a := range s.Channels.All() {
				names = append(names, a.Spec().Channel)
			}
			return src.refuse(path+".channel", "config.channel_unknown", "There is no channel %q%s", c.Channel, meant(c.Channel, names))
		}
		c.secrets = map[string]any{}
		for _, f := range a.Spec().Fields {
			if !f.Secret {
				continue
			}
			v, ok := takePath(c.Settings, f.Path)
			if !ok || v == keep {
				continue
			}
			got, err := s.read(src, path+".settings."+f.Path, v)
			if err != nil {
				return err
			}
			c.secrets[f.Path] = got
		}
		if at, found := reference(c.Settings, ""); found {
			return src.refuse(path+".settings"+at, "config.not_secret", "Only secrets are read from the environment or a file (%s); write the value itself.", secretPaths(a.Spec()))
		}
	}
	return nil
}

func secretPaths(spec channel.Spec) string {
	names := []string{}
	for _, f := range spec.Fields {
		if f.Secret {
			names = append(names, f.Path)
		}
	}
	return strings.Join(names, ", ")
}

// read returns a secret's value: {env: NAME}, {file: PATH}, or as it stands. null removes it.
func (s *Service) read(src *source, path string, v any) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return v, nil
	}
	name, isEnv := m["env"].(string)
	file, isFile := m["file"].(string)
	switch {
	case len(m) != 1 || !isEnv && !isFile:
		return nil, src.refuse(path, "config.secret_malformed", "A secret is {env: NAME}, {file: PATH} or keep.")
	case s.Outside.Closed:
		return nil, src.refuse(path, "config.outside", "The environment and the files of the server are read by the command line only. Write the secret itself, or keep.")
	case isEnv:
		got, ok := s.Outside.getenv(name)
		if !ok || got == "" {
			return nil, src.refuse(path, "config.env_missing", "The environment variable %s is not set.", name)
		}
		return got, nil
	}
	b, err := s.Outside.readFile(file)
	if err != nil {
		return nil, src.refuse(path, "config.file_missing", "The file %s cannot be read.", file)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// reference finds a {env:} or {file:} that is left.
func reference(v any, at string) (string, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return "", false
	}
	if len(m) == 1 {
		if _, ok := m["env"].(string); ok {
			return at, true
		}
		if _, ok := m["file"].(string); ok {
			return at, true
		}
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if found, ok := reference(m[k], at+"."+k); ok {
			return found, true
		}
	}
	return "", false
}

// takePath removes a value that stands nested or under its dotted key.
func takePath(m map[string]any, path string) (any, bool) {
	if v, ok := m[path]; ok {
		delete(m, path)
		return v, true
	}
	head, rest, deeper := strings.Cut(path, ".")
	sub, ok := m[head].(map[string]any)
	if !deeper || !ok {
		return nil, false
	}
	v, found := takePath(sub, rest)
	if len(sub) == 0 {
		delete(m, head)
	}
	return v, found
}

func putPath(m map[string]any, path string, v any) {
	head, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		m[path] = v
		return
	}
	sub, ok := m[head].(map[string]any)
	if !ok {
		sub = map[string]any{}
		m[head] = sub
	}
	putPath(sub, rest, v)
}

// flat gives the leaves of a JSON object by dotted path, as text.
func flat(b []byte) map[string]string {
	var m map[string]any
	if len(b) == 0 || json.Unmarshal(b, &m) != nil {
		return nil
	}
	out := map[string]string{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		if sub, ok := v.(map[string]any); ok {
			for k, e := range sub {
				walk(strings.TrimPrefix(at+"."+k, "."), e)
			}
			return
		}
		text, _ := json.Marshal(v)
		out[at] = string(text)
	}
	walk("", m)
	return out
}
