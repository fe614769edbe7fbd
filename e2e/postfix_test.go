package e2e

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// postfix is a real mail server between Kanal and the customers: it takes Kanal's mail as a relay, delivers what is for
// customers.test into Maildirs, returns what is for gone.test with a delivery report, and hands mail for kanal.test to Kanal.
type postfix struct {
	addr string
	dir  string
}

const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.customers.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = customers.test
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:%[3]d
virtual_gid_maps = static:%[4]d
virtual_minimum_uid = 1
transport_maps = inline:{ { gone.test = error:5.1.1 no such customer }, { kanal.test = smtp:%[2]s } }
maillog_file = /dev/stdout
maillog_file_prefixes = /dev/stdout, /tmp, /var
smtp_host_lookup = native
disable_dns_lookups = yes
minimal_backoff_time = 2s
queue_run_delay = 2s
bounce_queue_lifetime = 1m
biff = no
`

func newPostfix(t *testing.T, kanal string) *postfix {
	t.Helper()
	program := needs(t, "postfix", "/usr/sbin/postfix")
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("Postfix starts as root only, and in CI nothing is skipped")
		}
		t.Skip("Postfix starts as root only")
	}
	dir, err := os.MkdirTemp("", "pf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(owner.Uid)
	nuid, _ := strconv.Atoi(nobody.Uid)
	ngid, _ := strconv.Atoi(nobody.Gid)
	for _, p := range []string{"conf", "queue", "data", "mail"} {
		if err := os.MkdirAll(filepath.Join(dir, p), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Chmod(dir, 0o755)
	_ = os.Chown(filepath.Join(dir, "data"), uid, -1)
	_ = os.Chown(filepath.Join(dir, "mail"), nuid, ngid)
	host, port, _ := net.SplitHostPort(kanal)
	addr := freePort(t)
	conf := fmt.Sprintf(postfixMain, dir, "["+host+"]:"+port, nuid, ngid)
	master := addr + ` inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 2 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
	for name, text := range map[string]string{"main.cf": conf, "master.cf": master} {
		if err := os.WriteFile(filepath.Join(dir, "conf", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", filepath.Join(dir, "conf"), "start-fg")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command(program, "-c", filepath.Join(dir, "conf"), "stop").Run()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("postfix: %s", text)
		}
	})
	eventually(t, 30*time.Second, "Postfix greets", func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
	return &postfix{addr: addr, dir: dir}
}

func (p *postfix) relay() string { return "smtp://" + p.addr + "?tls=none" }

// mailbox is what customers have received, as files.
func (p *postfix) mailbox() (mails []string) {
	_ = filepath.WalkDir(filepath.Join(p.dir, "mail"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(path, "/new/") {
			if b, err := os.ReadFile(path); err == nil {
				mails = append(mails, string(b))
			}
		}
		return nil
	})
	return mails
}
