package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What the manual tells people to type works: the blocks marked `sh run` of each page are executed in one shell, in an empty directory.
func TestManualCommandsRun(t *testing.T) {
	needs(t, "swaks")
	bin := kanalBinary(t)
	pages, err := filepath.Glob("../docs/manual/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("pages of the manual: %v %v", pages, err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		script := runBlocks(string(text))
		if script == "" {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			dir := t.TempDir()
			script = strings.NewReplacer("localhost:8080", freePort(t), "localhost:2525", freePort(t)).Replace(script)
			// The listeners' addresses follow the ones that the page's own requests use.
			script = listenersFrom(script)
			cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			links := filepath.Join(dir, ".bin")
			if err := os.MkdirAll(links, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(bin, filepath.Join(links, "kanal")); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(os.Environ(), "PATH="+links+":"+os.Getenv("PATH"))
			log, err := os.Create(filepath.Join(dir, ".out"))
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stdout, cmd.Stderr = log, log
			err = cmd.Run()
			if cmd.Process != nil {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the servers it left in the background
			}
			if err != nil {
				out, _ := os.ReadFile(filepath.Join(dir, ".out"))
				server, _ := os.ReadFile(filepath.Join(dir, "kanal.log"))
				t.Fatalf("%v\n%s\n-- script\n%s\n-- server\n%s", err, out, script, server)
			}
		})
	}
}

func runBlocks(page string) string {
	var out strings.Builder
	in := false
	for line := range strings.Lines(page) {
		switch fence := strings.TrimSpace(line); {
		case fence == "```sh run":
			in = true
		case strings.HasPrefix(fence, "```"):
			in = false
		case in:
			out.WriteString(line)
		}
	}
	return out.String()
}

// listenersFrom makes `--http :8080 --smtp :2525` listen where the rest of the script looks.
func listenersFrom(script string) string {
	http, smtp := "127.0.0.1:0", "127.0.0.1:0"
	if _, rest, ok := strings.Cut(script, "http://"); ok {
		http = rest[:strings.IndexAny(rest, "/ \n")]
	}
	if _, rest, ok := strings.Cut(script, "--server "); ok {
		smtp = rest[:strings.IndexAny(rest, " \n")]
	}
	script = strings.ReplaceAll(script, "--http :8080", "--http "+http)
	script = strings.ReplaceAll(script, "--smtp :2525", "--smtp "+smtp)
	return strings.ReplaceAll(script, "--base-url http://"+http, "--base-url http://localhost")
}
