package config_test

import (
	"slices"
	"testing"

	"github.com/kanalhq/kanal/internal/config"
)

func TestLinksToThisNetworkAreSentOnlyWhenAllowed(t *testing.T) { // EM-39
	const env = "KANAL_ALLOW_LOCAL_LINKS"
	for v, want := range map[string]bool{"": false, "0": false, "false": false, "off": false, "1": true, "true": true} {
		t.Setenv(env, v)
		if got := config.LocalLinks(); got != want {
			t.Errorf("%s=%q: %v", env, v, got)
		}
	}
	if !slices.ContainsFunc(config.Table(), func(o config.Option) bool { return o.Env == env }) {
		t.Errorf("%s is not listed", env)
	}
}
