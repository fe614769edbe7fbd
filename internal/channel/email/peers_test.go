package email_test

import (
	"os"
	"os/exec"
	"testing"
)

// needs finds a real peer's program. Without it a test is skipped on somebody's machine and fails in CI.
func needs(t *testing.T, program string) string {
	t.Helper()
	for _, p := range []string{program, "/usr/sbin/" + program, "/usr/local/sbin/" + program} {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: CI must have it", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}
