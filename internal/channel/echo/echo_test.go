package echo_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/channel/echo"
	"github.com/kanalhq/kanal/internal/desk"
)

func account(id desk.ChannelAccountID, address, secret, url string) desk.ChannelAccount {
	return desk.ChannelAccount{ID: id, Channel: echo.Name, Address: address,
		Settings: []byte(`{"address":"` + address + `","url":"` + url + `"}`), Secrets: []byte(`{"secret":"` + secret + `"}`)}
}

func sign(secret, body string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

const delivery = `{"items":[{"account":"demo","id":"m1","key":"c1","from":"mira","text":"Hi"},{"account":"other","from":"ole","text":"Hej"}]}`

// answers makes a peer that answers with a status, or hangs up after the request.
func answers(status int) func(*testing.T, *channeltest.Host) (desk.ChannelAccount, func() int) {
	return func(t *testing.T, _ *channeltest.Host) (desk.ChannelAccount, func() int) {
		var n atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			if status == 0 {
				c, _, _ := w.(http.Hijacker).Hijack()
				c.Close()
				return
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(srv.Close)
		return account(1, "demo", "s3cret", srv.URL), func() int { return int(n.Load()) }
	}
}

func nobody(t *testing.T, _ *channeltest.Host) (desk.ChannelAccount, func() int) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	return account(1, "demo", "s3cret", "http://"+ln.Addr().String()), nil
}

func TestConformance(t *testing.T) {
	out := channel.Outbound{RemoteID: "r1", Text: "Hello", To: []desk.Party{{Address: "mira"}}}
	channeltest.Run(t, echo.New(), "testdata", channeltest.Sample{
		Account:  account(1, "demo", "s3cret", ""),
		Accounts: map[string]desk.ChannelAccount{"demo": account(1, "demo", "s3cret", ""), "other": account(2, "other", "geheim", "")},
		Hook: func() (*http.Request, []byte) {
			r := httptest.NewRequest("POST", "/hooks/echo/", strings.NewReader(delivery))
			r.Header.Set(echo.SignatureHeader, sign("s3cret", delivery)+","+sign("geheim", delivery))
			return r, []byte(delivery)
		},
		Refused: map[string]channeltest.Refusal{
			"no name":   {Settings: `{}`, Secrets: `{"secret":"x"}`, Field: "address"},
			"no secret": {Settings: `{"address":"a"}`, Field: "secret"},
			"bad url":   {Settings: `{"address":"a","url":"ftp://x"}`, Secrets: `{"secret":"x"}`, Field: "url"},
		},
		Sends: []channeltest.Send{
			{Name: "taken", Prepare: answers(200), Out: out},
			{Name: "busy", Prepare: answers(503), Out: out, Fault: channel.Transient, Code: "503"},
			{Name: "refused", Prepare: answers(422), Out: out, Fault: channel.Permanent, Code: "422"},
			{Name: "unknown account", Prepare: answers(401), Out: out, Fault: channel.Reconnect, Code: "401"},
			{Name: "hangs up after the request", Prepare: answers(0), Out: out, Fault: channel.Uncertain},
			{Name: "nobody there", Prepare: nobody, Out: out, Fault: channel.Transient},
		},
	})
}

func TestHookKeepsAccountsApart(t *testing.T) {
	accounts := map[string]desk.ChannelAccount{"demo": account(1, "demo", "s3cret", ""), "other": account(2, "other", "geheim", "")}
	find := func(a string) (desk.ChannelAccount, bool) { acc, ok := accounts[a]; return acc, ok }
	r := httptest.NewRequest("POST", "/hooks/echo/", nil)
	r.Header.Set(echo.SignatureHeader, sign("s3cret", delivery)) // the other account did not sign
	if _, raws, err := echo.New().Hook(r, []byte(delivery), find); err == nil || len(raws) > 0 {
		t.Error("one account's secret delivered for another")
	}
	r.Header.Set(echo.SignatureHeader, sign("s3cret", delivery)+","+sign("geheim", delivery))
	_, raws, err := echo.New().Hook(r, []byte(delivery), find)
	if err != nil || len(raws) != 2 || raws[0].Account != 1 || raws[1].Account != 2 || strings.Contains(string(raws[0].Body), "Hej") {
		t.Errorf("%v %+v", err, raws)
	}
}
