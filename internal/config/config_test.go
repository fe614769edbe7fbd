package config_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/desk"
)

func TestTheTableHasTheOutsideNames(t *testing.T) {
	have := map[string]config.Option{}
	for _, o := range config.Table() {
		have[o.Flag] = o
		if o.Help == "" || !strings.HasPrefix(o.Env, "KANAL_") {
			t.Errorf("%+v", o)
		}
		if o.Flag != "" && o.Env != "KANAL_"+strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(o.Flag, "--"), "-", "_")) {
			t.Errorf("%s is %s in the environment", o.Flag, o.Env)
		}
	}
	for flag, def := range map[string]string{
		"--data": "./data", "--http": ":8080", "--smtp": ":2525", "--base-url": "", "--database-url": "", "--relay": "", "--resolver": "",
		"--clock": "", "--config": "", "--log-format": "text", "--log-level": "info",
	} {
		if o, ok := have[flag]; !ok || o.Default != def {
			t.Errorf("%s: %+v", flag, o)
		}
	}
}

func TestCheckUnderstandsOrSaysWhichOptionIsWrong(t *testing.T) {
	ok := config.Serve{HTTP: "0.0.0.0:9090", Resolver: "127.0.0.1", Clock: "2026-03-01T09:00:00Z", LogLevel: "debug", TrustedProxies: []string{"10.0.0.0/8", "::1"}}
	c, err := ok.Check()
	if err != nil {
		t.Fatal(err)
	}
	if c.Base.String() != "http://localhost:9090" || c.Resolver != "127.0.0.1:53" || c.ClockAt.Year() != 2026 || len(c.TrustedProxies) != 2 {
		t.Errorf("%+v", c)
	}
	for field, s := range map[string]config.Serve{
		"base-url":        {BaseURL: "desk.example.com"},
		"relay":           {Relay: "http://x"},
		"clock":           {Clock: "tomorrow"},
		"log-level":       {LogLevel: "loud"},
		"log-format":      {LogFormat: "xml"},
		"tls-cert":        {TLSCert: "a.pem"},
		"resolver":        {Resolver: "a b"},
		"database-url":    {DatabaseURL: "mysql://x"},
		"trusted-proxies": {TrustedProxies: []string{"proxy"}},
	} {
		_, err := s.Check()
		if e, ok := err.(*desk.Error); !ok || e.Field != field || e.Public == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestParseRelay(t *testing.T) {
	for in, want := range map[string]config.Relay{
		"smtp://u:p%40x@mail.example:2587?tls=starttls": {Host: "mail.example", Port: "2587", TLS: "starttls", Username: "u", Password: "p@x"},
		"smtp://mail.example":                           {Host: "mail.example", Port: "587", TLS: "starttls"},
		"smtp://mail.example?tls=implicit":              {Host: "mail.example", Port: "465", TLS: "implicit"},
		"smtp://127.0.0.1:1025?tls=none":                {Host: "127.0.0.1", Port: "1025", TLS: "none"},
	} {
		got, err := config.ParseRelay(in)
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
		if got != nil && want.Password != "" && strings.Contains(got.String(), want.Password) {
			t.Error("String shows the password")
		}
	}
	for _, in := range []string{"smtp://", "smtps://x", "smtp://x?tls=maybe", "smtp://x?ssl=1", "smtp://u:hunter%zz@x"} {
		_, err := config.ParseRelay(in)
		if err == nil || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestWindowsComeFromTheEnvironmentAndBadOnesAreRefused(t *testing.T) {
	os.Unsetenv("KANAL_WINDOW_UNDO_SEND")
	if config.Window("UNDO_SEND") != 0 || config.Window("META_STANDARD") != 24*time.Hour || config.Window("META_HUMAN_AGENT") != 168*time.Hour {
		t.Error("defaults")
	}
	t.Setenv("KANAL_WINDOW_UNDO_SEND", "15s")
	t.Setenv("KANAL_WINDOW_SPAM_PURGE", "2d")
	if config.Window("UNDO_SEND") != 15*time.Second || config.Window("SPAM_PURGE") != 48*time.Hour {
		t.Error("not taken from the environment")
	}
	for env, reason := range map[string]string{
		"KANAL_WINDOW_IMAP_POLL=1s":    "",
		"KANAL_WINDOW_IMAP_POLL=":      "",
		"KANAL_WINDOW_IMAP_POLL=fast":  "config.window",
		"KANAL_WINDOW_IMAP_POLL=-1s":   "config.window",
		"KANAL_WINDOW_IMAP_POLLS=1s":   "config.window_unknown",
		"SOMETHING_WINDOW_ELSE=my dog": "",
	} {
		if err := config.CheckWindows([]string{env}); desk.ReasonOf(err) != reason {
			t.Errorf("%s: %v", env, err)
		}
	}
	set := 0
	for _, r := range config.WindowRows() {
		if r.Help == "" {
			t.Errorf("%s has no help", r.Env)
		}
		if r.Set {
			set++
		}
	}
	if set < 2 {
		t.Errorf("%d windows shown as set", set)
	}
}

func TestProviderURLsArePlainHTTPOnlyToThisMachine(t *testing.T) {
	for v, ok := range map[string]bool{
		"": true, "https://proxy.example/graph": true, "http://127.0.0.1:9999": true, "http://localhost:1": true, "http://[::1]:2": true,
		"http://graph.example": false, "ftp://x": false, "x": false, "http://127.0.0.1.example": false,
	} {
		err := config.CheckProviders(func(name string) string {
			if name == "KANAL_GRAPH_URL" {
				return v
			}
			return ""
		})
		if (err == nil) != ok {
			t.Errorf("%s: %v", v, err)
		}
	}
	t.Setenv("KANAL_GRAPH_URL", "http://127.0.0.1:9999/")
	if got := config.ProviderURL("GRAPH"); got != "http://127.0.0.1:9999" {
		t.Error(got)
	}
}

func TestParseBlobs(t *testing.T) {
	aws := config.Blobs{Bucket: "b", Endpoint: "s3.amazonaws.com", Secure: true, Region: "us-east-1"}
	for in, want := range map[string]config.Blobs{
		"":              {Dir: "/data/blobs"},
		"/mnt/shared":   {Dir: "/mnt/shared"},
		"./files":       {Dir: "./files"},
		"s3://b":        aws,
		"s3://b/":       aws,
		"s3://b/k/desk": {Bucket: "b", Prefix: "k/desk", Endpoint: "s3.amazonaws.com", Secure: true, Region: "us-east-1"},
		"s3://b/p/?endpoint=http://127.0.0.1:9000&region=eu&path_style=1": {Bucket: "b", Prefix: "p", Endpoint: "127.0.0.1:9000", Region: "eu", PathStyle: true},
		"s3://b?endpoint=minio.lan:9000":                                  {Bucket: "b", Endpoint: "minio.lan:9000", Secure: true, Region: "us-east-1"},
	} {
		if got, err := config.ParseBlobs(in, "/data"); err != nil || got != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"s3://", "gs://b", "s3://key:secret@b", "s3://b?regoin=eu", "s3://b?endpoint=ftp://x", "s3://b?path_style=perhaps", "s3://b/../c", "s3://b?endpoint=https://x/path"} {
		if got, err := config.ParseBlobs(in, "/data"); desk.ReasonOf(err) != "config.blobs" || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
}

func TestTheCredentialsOfABucketComeFromTheEnvironmentOrFromFiles(t *testing.T) {
	file := t.TempDir() + "/key"
	if err := os.WriteFile(file, []byte("s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"KANAL_S3_ACCESS_KEY": "a", "KANAL_S3_SECRET_KEY_FILE": file}
	get := func(name string) string { return env[name] }
	if a, s, err := config.S3Keys(get); a != "a" || s != "s3cr3t" || err != nil {
		t.Errorf("%s %s %v", a, s, err)
	}
	delete(env, "KANAL_S3_ACCESS_KEY")
	if _, _, err := config.S3Keys(get); desk.ReasonOf(err) != "config.s3_keys" || strings.Contains(err.Error(), "s3cr3t") {
		t.Error(err)
	}
}
