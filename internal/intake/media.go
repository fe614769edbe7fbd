package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/job"
)

const jobMedia = "intake.media"

type mediaPayload struct {
	Attachment desk.AttachmentID     `json:"attachment_id"`
	Account    desk.ChannelAccountID `json:"channel_account_id"`
}

// expectMedia keeps attachments that came by reference and has each fetched by a job, after the commit.
func (s *Service) expectMedia(ctx context.Context, tx *db.Tx, it *item, m desk.Message, remote []channel.Attachment) error {
	for i, a := range remote {
		row, err := s.Threads.AddRemote(ctx, tx, desk.Attachment{MessageID: m.ID, Name: a.Name, Type: a.Type, Size: a.Size, Inline: a.Inline, ContentID: a.ContentID}, a.Remote, len(m.Attachments)+i)
		if err != nil {
			return err
		}
		if _, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: jobMedia, Payload: mediaPayload{row.ID, it.acc.ID}, UniqueKey: row.ID.String()}); err != nil {
			return wrap("media", err)
		}
	}
	return nil
}

// fetchMedia brings one attachment here.
func (s *Service) fetchMedia(ctx context.Context, j *job.Job) error {
	var p mediaPayload
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return job.Drop(err)
	}
	a, _, remote, err := s.Threads.Attachment(ctx, s.DB, p.Attachment)
	if desk.CodeOf(err) == desk.NotFound || err == nil && remote == "" {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Lines == nil {
		return desk.Errorf(desk.Unavailable, "intake.no_lines", "There is no connection to fetch over yet.")
	}
	var head bytes.Buffer
	var sha string
	var size int64
	err = s.Lines.Use(ctx, p.Account, func(_ desk.ChannelAccount, conn channel.Conn) error {
		fetcher, ok := conn.(channel.Fetcher)
		if !ok {
			return job.Drop(desk.Errorf(desk.Invalid, "intake.no_fetcher", "This channel cannot fetch attachments."))
		}
		pr, pw := io.Pipe()
		go func() { pw.CloseWithError(fetcher.Fetch(ctx, remote, pw)) }()
		var err error
		sha, size, err = s.Blobs.Put(ctx, io.TeeReader(pr, &firstBytes{buf: &head, left: 512}))
		pr.CloseWithError(err)
		return err
	})
	if err != nil {
		return err
	}
	if a.Type == "" || a.Type == "application/octet-stream" {
		a.Type = http.DetectContentType(head.Bytes())
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.Threads.Fetched(ctx, tx, p.Attachment, sha, size, a.Type); err != nil {
			return err
		}
		m, err := s.Threads.Message(ctx, tx, a.MessageID)
		if err != nil {
			return err
		}
		_, err = s.Events.Record(ctx, tx, desk.Event{
			Type: desk.EvMessageUpdated, TicketID: m.TicketID, ThreadID: m.ThreadID, Message: m.ID, Data: event.Data(map[string]any{"fields": []string{"attachments"}}),
		})
		return err
	})
}

// firstBytes keeps the beginning of what passes, to tell its type by.
type firstBytes struct {
	buf  *bytes.Buffer
	left int
}

func (f *firstBytes) Write(p []byte) (int, error) {
	if n := min(f.left, len(p)); n > 0 {
		f.buf.Write(p[:n])
		f.left -= n
	}
	return len(p), nil
}
