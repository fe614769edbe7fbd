//go:build unix

package email_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/desk"
)

const dovecotConf = `
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{dir}/mail
first_valid_uid = 0
ssl = yes
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
disable_plaintext_auth = no
mail_max_userip_connections = 50
service imap-login {
  chroot =
  inet_listener imap {
    port = {port}
  }
  inet_listener imaps {
    port = {ports}
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
passdb {
  driver = static
  args = password=s3cret
}
userdb {
  driver = static
  args = uid={uid} gid={gid} home={dir}
}
`

// dovecot is a real mailbox server.
type dovecot struct {
	t           *testing.T
	dir         string
	port, ports int
	roots       *x509.CertPool
	n           int
}

func startDovecot(t *testing.T) *dovecot {
	t.Helper()
	bin := needs(t, "dovecot")
	dir, err := os.MkdirTemp("", "dc") // socket paths must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &dovecot{t: t, dir: dir, port: freePort(t), ports: freePort(t)}
	d.roots = writeCert(t, dir)
	u, err := user.Current()
	if err == nil && u.Uid == "0" { // it must not run as root
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"run", "mail/new", "mail/cur", "mail/tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, p), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	conf := strings.NewReplacer("{dir}", dir, "{user}", u.Username, "{group}", g.Name, "{uid}", u.Uid, "{gid}", u.Gid, "{port}", fmt.Sprint(d.port), "{ports}", fmt.Sprint(d.ports)).Replace(dovecotConf)
	if err := os.WriteFile(dir+"/dovecot.conf", []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	err = filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil || os.Getuid() != 0 {
			return err
		}
		return os.Chown(p, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-F", "-c", dir+"/dovecot.conf")
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(dir + "/log")
			t.Logf("dovecot: %s", log)
		}
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
		if err == nil {
			c.Close()
			return d
		}
		if time.Now().After(deadline) {
			t.Fatalf("dovecot does not listen: %v", err)
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func writeCert(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	kb, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, b := range map[string][]byte{"cert.pem": cert, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: kb})} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// drop puts a mail into the mailbox as a delivery agent does.
func (d *dovecot) drop(raw []byte) {
	d.t.Helper()
	d.n++
	name := fmt.Sprintf("%d.M%dP1.host", time.Now().UnixNano(), d.n)
	if err := os.WriteFile(filepath.Join(d.dir, "mail/tmp", name), raw, 0o644); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(d.dir, "mail/tmp", name), filepath.Join(d.dir, "mail/new", name)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dovecot) account(port int, mode string) desk.ChannelAccount {
	return imapAccount("localhost", port, func(m map[string]any) { m["imap"].(map[string]any)["tls"] = mode })
}

// EM-04, against Dovecot, by every kind of encryption: mail is announced, read in order, byte for byte; nothing is marked.
func TestDovecotMailbox(t *testing.T) {
	d := startDovecot(t)
	for _, mode := range []string{"none", "starttls", "implicit"} {
		t.Run(mode, func(t *testing.T) {
			port := d.port
			if mode == "implicit" {
				port = d.ports
			}
			h := channeltest.NewHost()
			h.SetNow(time.Now())
			o := email.Options{RetryBase: 20 * time.Millisecond, IMAPPoll: time.Hour, ClientTLS: &tls.Config{RootCAs: d.roots}} // IDLE alone must do
			acc := d.account(port, mode)
			stop := receive(t, o, acc, h)
			connected(t, h)
			if len(h.Raws()) != 0 {
				t.Fatalf("%d older mails", len(h.Raws()))
			}
			for i := 1; i <= 3; i++ {
				d.drop(bytes.ReplaceAll(letter(i), []byte("@customer"), []byte("@"+mode+".customer")))
				until(t, h, "announced mail", func() bool { return len(h.Raws()) >= i })
			}
			stop()
			for i := 4; i <= 70; i++ { // more than one chunk, while nobody looks
				d.drop(bytes.ReplaceAll(letter(i), []byte("@customer"), []byte("@"+mode+".customer")))
			}
			d.drop(append(letter(71), bytes.Repeat([]byte("a line of a large mail\r\n"), 400_000)...)) // 9 MB
			receive(t, o, acc, h)
			until(t, h, "71 items", func() bool { return len(h.Raws()) == 71 })
			if got := subjects(h); !same(got, names(1, 71)) {
				t.Errorf("%v", got)
			}
			if n := len(h.Raws()[70].Body); n != len(letter(71))+400_000*24 {
				t.Errorf("the large mail has %d bytes", n)
			}
		})
	}
	c, err := imapclient.DialInsecure(fmt.Sprintf("127.0.0.1:%d", d.port), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("support", "s3cret").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	s, err := c.Search(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(s.AllSeqNums()) != 3*71 {
		t.Errorf("%d mails are unread, want %d (%v)", len(s.AllSeqNums()), 3*71, err)
	}
}

func TestDovecotWrongPassword(t *testing.T) {
	d := startDovecot(t)
	h := channeltest.NewHost()
	acc := d.account(d.port, "none")
	acc.Secrets = []byte(`{"password":"wrong"}`)
	receive(t, fast, acc, h)
	until(t, h, "reconnect", func() bool { return h.Last().State == desk.StateReconnect })

	// A certificate that nobody vouches for is no connection.
	h = channeltest.NewHost()
	receive(t, fast, d.account(d.ports, "implicit"), h)
	until(t, h, "trouble", func() bool { return h.Last().State == desk.StateTrouble })
	if !strings.Contains(h.Last().Reason, "not signed by a known authority") {
		t.Errorf("%+v", h.Last())
	}
}

// EM-07: the test button, against Dovecot.
func TestDovecotCheck(t *testing.T) {
	d := startDovecot(t)
	m := startMail(t, signedIn)
	a := email.New(email.Options{ClientTLS: &tls.Config{RootCAs: d.roots}})
	acc := mailAccount(m.Addr(), func(s map[string]any) {
		s["imap"] = map[string]any{"host": "localhost", "port": d.ports, "tls": "implicit", "folders": []string{"INBOX", "Missing"}}
	})
	c := open(t, a, acc, nil)
	got := probes(t, c)
	want := map[string]bool{"imap_name": true, "imap_connect": true, "imap_tls": true, "imap_login": true, "imap_folder": true, "imap_folder(2)": false, "imap_idle": true, "smtp_connect": true, "smtp_login": true, "smtp_sender": true}
	for name, ok := range want {
		if p, there := got[name]; !there || p.OK != ok || p.Detail == "" || !ok && p.Fix == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if len(m.Letters("")) != 0 {
		t.Error("the check sent a mail")
	}
}
