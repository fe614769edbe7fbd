package chatflow

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// PreviewParam is the parameter of a page's address that shows a draft there.
const PreviewParam = "kanal_preview"

// Snapshot keeps the draft as it is now for a preview, and returns its number: a negative one that nobody guesses, so that only who has the link sees it and
// may talk to it (CF-23). Those that nobody can open any more are forgotten.
func (s *Service) Snapshot(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ChatflowID) (number int64, err error) {
	f, err := s.lock(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	if err := Refusal(Validate(f.Kind, f.Draft)); err != nil {
		return 0, err
	}
	now := s.clk.Ms()
	if _, err := tx.Exec(ctx, "DELETE FROM chatflow_versions WHERE number < 0 AND published_at < $1", now.Add(-previewKept)); err != nil {
		return 0, fmt.Errorf("chatflow: preview: %w", err)
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	number = -1 - int64(binary.BigEndian.Uint64(b[:])>>11)
	if _, err := tx.Exec(ctx, "INSERT INTO chatflow_versions ("+versionColumns+") VALUES ($1, $2, $3, '', $4, $5)", id, number, db.JSON(f.Draft), actor.UserID(), now); err != nil {
		return 0, fmt.Errorf("chatflow: preview: %w", err)
	}
	return number, nil
}

const previewKept = 7 * 24 * time.Hour

// PreviewToken lets whoever holds it see a snapshot of a chatflow on a page, until then.
func PreviewToken(key []byte, id desk.ChatflowID, number int64, until desk.Time) string {
	body := strconv.FormatInt(int64(id), 36) + "." + strconv.FormatInt(-number, 36) + "." + strconv.FormatInt(int64(until), 36)
	return body + "." + previewMAC(key, body)
}

// ReadPreview returns which version of which chatflow a token shows; ok is false when it was not made here or has expired.
func ReadPreview(key []byte, token string, now desk.Time) (id desk.ChatflowID, number int64, ok bool) {
	body, mac := token, ""
	if i := strings.LastIndexByte(token, '.'); i >= 0 {
		body, mac = token[:i], token[i+1:]
	}
	if !hmac.Equal([]byte(mac), []byte(previewMAC(key, body))) {
		return 0, 0, false
	}
	var n [3]int64
	for i, part := range strings.SplitN(body, ".", 3) {
		n[i], _ = strconv.ParseInt(part, 36, 64)
	}
	return desk.ChatflowID(n[0]), -n[1], n[0] > 0 && int64(now) < n[2]
}

func previewMAC(key []byte, body string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("chatflow preview\x00" + body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}
