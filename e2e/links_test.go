package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

// uploadFile hands a file in, as the composer does.
func (s *server) uploadFile(name string, body []byte) string {
	s.t.Helper()
	req, err := http.NewRequest("POST", "http://"+s.http+"/api/attachments?name="+name, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var a struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || resp.StatusCode != 201 {
		s.t.Fatalf("upload: %s, %v", resp.Status, err)
	}
	return a.ID
}

// followLink gets what a link in a mail leads to; the mail's host is the one of the base URL.
func (s *server) followLink(link, bytes string) (status int, body []byte, h http.Header) {
	s.t.Helper()
	req, err := http.NewRequest("GET", "http://"+s.http+strings.TrimPrefix(link, "http://kanal.test"), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if bytes != "" {
		req.Header.Set("Range", "bytes="+bytes)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, body, resp.Header
}

// A file of 30 MB that no mail server would take reaches the customer all the same: as a link in the mail, which works after a restart, in parts,
// for as long as it says, and not a moment longer. EM-39
func TestAFileTooLargeForAnyMailReachesTheCustomer(t *testing.T) {
	eachDatabase(t, func(t *testing.T, kind db.Dialect) {
		out := newSink(t)
		s := newServer(t, kind, "--relay", out.relay(), "--clock", time.Now().UTC().Format(time.RFC3339))
		s.start()
		if err := sendMail(s.smtp, "mira@customers.test", []string{"support@kanal.test"}, "From: Mira <mira@customers.test>\r\nTo: support@kanal.test\r\nSubject: The drawings\r\nMessage-ID: <d1@customers.test>\r\n\r\nPlease send them.\r\n"); err != nil {
			t.Fatal(err)
		}
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		if _, err := s.api("GET", "/api/tickets", nil, &list); err != nil || len(list.Items) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		var ticket struct {
			Threads []struct {
				ID string `json:"id"`
			} `json:"threads"`
		}
		if _, err := s.api("GET", "/api/tickets/"+list.Items[0].ID, nil, &ticket); err != nil {
			t.Fatal(err)
		}
		film := make([]byte, 30<<20)
		_, _ = rand.New(rand.NewSource(1)).Read(film) //nolint:gosec // any bytes
		want := sha256.Sum256(film)
		ids := []string{s.uploadFile("film.mp4", film), s.uploadFile("note.txt", []byte("a note"))}
		var sent struct {
			Attachments []struct {
				Name string `json:"name"`
				As   string `json:"as"`
			} `json:"attachments"`
		}
		if _, err := s.api("POST", "/api/threads/"+ticket.Threads[0].ID+"/messages", map[string]any{"type": "reply", "text": "Here they are.", "attachments": ids}, &sent); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(sent.Attachments); got != "[{film.mp4 link} {note.txt file}]" {
			t.Errorf("it says beforehand: %s", got)
		}
		eventually(t, 20*time.Second, "the mail goes out", func() bool { return len(out.taken()) == 1 })
		body := out.taken()[0].body
		link := regexp.MustCompile(`http://kanal\.test/f/[A-Za-z0-9_-]{48}`).FindString(strings.ReplaceAll(body, "=\n", ""))
		if link == "" || len(body) > 1<<20 || !strings.Contains(body, "film.mp4 (30.0 MB, available until ") || !strings.Contains(body, "YSBub3Rl") || strings.Contains(body, `filename=film.mp4`) {
			t.Fatalf("the mail has %d bytes, link %q:\n%.3000s", len(body), link, body)
		}
		s.stop()
		s.start()
		status, got, _ := s.followLink(link, "")
		if sum := sha256.Sum256(got); status != 200 || sum != want {
			t.Errorf("status %d, %d bytes, %s", status, len(got), hex.EncodeToString(sum[:4]))
		}
		if status, got, h := s.followLink(link, "20971520-20971529"); status != 206 || !bytes.Equal(got, film[20<<20:20<<20+10]) || h.Get("Content-Range") != "bytes 20971520-20971529/31457280" {
			t.Errorf("a part: %d, %v, %v", status, got, h)
		}
		if status, got, _ := s.followLink(link[:len(link)-1]+"!", ""); status != 404 || bytes.Contains(got, []byte("film")) {
			t.Errorf("a link that Kanal did not make: %d %s", status, got)
		}
		if _, err := s.api("POST", "/api/test/clock", map[string]string{"advance": "721h"}, nil); err != nil {
			t.Fatal(err)
		}
		if status, got, _ := s.followLink(link, ""); status != 410 || !bytes.Contains(got, []byte("expired")) || !bytes.Contains(got, []byte("support@kanal.test")) {
			t.Errorf("after its end: %d %s", status, got)
		}
	})
}
