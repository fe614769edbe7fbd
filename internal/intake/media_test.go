package intake_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
)

// line is an open account of a provider that keeps files under references.
type line struct {
	once    sync.Once
	fetched chan struct{}
	tries   int
}

func (l *line) Use(ctx context.Context, _ desk.ChannelAccountID, fn func(desk.ChannelAccount, channel.Conn) error) error {
	return fn(desk.ChannelAccount{}, l)
}

func (l *line) Fetch(_ context.Context, ref string, sink io.Writer) error {
	if l.tries++; l.tries == 1 {
		_, _ = io.WriteString(sink, "half")
		return errors.New("the line broke")
	}
	defer l.once.Do(func() { close(l.fetched) })
	_, err := io.WriteString(sink, "GIF89a bytes of "+ref)
	return err
}

func (*line) Send(context.Context, channel.Outbound) (channel.Receipt, error) {
	return channel.Receipt{}, nil
}
func (*line) Close() error { return nil }

func TestRemoteAttachmentsAreFetchedAfterTheCommit(t *testing.T) { // no network inside a transaction
	each(t, func(t *testing.T, w *world) {
		l := &line{fetched: make(chan struct{})}
		d := w.Deps
		d.Lines, d.Jobs = l, job.New(d.DB, d.Clock, nil, job.Options{Workers: 1, Base: 1})
		w.Service = intake.New(d)
		w.deliver(w.letter("a", "mira@x.example", func(m *mail) {
			m.Attachments = []channel.Attachment{{Name: "here.txt", Type: "text/plain", Data: []byte("x")}, {Name: "far.gif", Remote: "file-77"}}
		}))
		if as := w.filed("a").Attachments; len(as) != 2 || as[0].SHA256 == "" || as[1].SHA256 != "" || as[1].Name != "far.gif" {
			t.Fatalf("before: %+v", as)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); d.Jobs.Run(ctx) }()
		<-l.fetched
		cancel()
		<-done // what runs is finished first
		as := w.filed("a").Attachments
		r, err := d.Blobs.Open(context.Background(), as[1].SHA256)
		must(t, err)
		defer r.Close()
		got, err := io.ReadAll(r)
		must(t, err)
		if string(got) != "GIF89a bytes of file-77" || as[1].Type != "image/gif" || as[1].Size != int64(len(got)) || l.tries != 2 {
			t.Fatalf("after: %+v, %d tries", as, l.tries)
		}
		if len(w.EventsOf(desk.EvMessageUpdated)) != 1 {
			t.Fatal("browsers are not told")
		}
	})
}
