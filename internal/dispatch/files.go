package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// files loads uploads that wait to be bound, and files that stand in the same thread or ticket already, in the order given, and marks those
// that the text shows as inline.
func (s *Service) files(ctx context.Context, q db.Queryer, actor desk.Actor, c Content, th desk.Thread) ([]desk.Attachment, error) {
	out := make([]desk.Attachment, 0, len(c.Attachments))
	seen := map[desk.AttachmentID]bool{}
	for i, id := range c.Attachments {
		if seen[id] {
			continue
		}
		seen[id] = true
		a, uploader, _, err := s.Threads.Attachment(ctx, q, id)
		free := a.MessageID == 0 && uploader == actor.UserID()
		if err == nil && a.MessageID != 0 {
			free, err = s.sentHere(ctx, q, actor, a.MessageID, th)
		}
		if err == nil && !free {
			err = desk.Errorf(desk.NotFound, "attachment.not_found", "An attachment is no longer there. Attach the file again.")
		}
		if err != nil {
			return nil, inAnyField(err, fmt.Sprintf("attachments[%d]", i))
		}
		if strings.Contains(c.HTML, "cid:"+contentID(id)) {
			a.Inline, a.ContentID = true, contentID(id)
		}
		out = append(out, a)
	}
	return out, nil
}

// sentHere tells a file that whoever writes in a thread has before them: of the thread, of its ticket, or of a message of their own.
func (s *Service) sentHere(ctx context.Context, q db.Queryer, actor desk.Actor, id desk.MessageID, th desk.Thread) (bool, error) {
	m, err := s.Threads.Message(ctx, q, id)
	if desk.CodeOf(err) == desk.NotFound {
		return false, nil
	}
	own := m.Status == desk.StatusCancelled && m.Actor == actor
	return own || m.ThreadID == th.ID || m.TicketID != 0 && m.TicketID == th.TicketID, err
}

func inAnyField(err error, field string) error {
	var e *desk.Error
	if errors.As(err, &e) {
		return e.In(field)
	}
	return err
}

// contactOf resolves the contact of a recipient; a colleague or an address of our own is nobody's contact (EM-37).
func (s *Service) contactOf(ctx context.Context, tx *db.Tx, p desk.Party) (desk.ContactID, error) {
	k, err := s.Contacts.Who(ctx, tx, p.Kind, p.Address)
	if err != nil || k.Ours {
		return 0, err
	}
	c, _, err := s.Contacts.Resolve(ctx, tx, p, contact.SourceAgent, s.Clock.Ms())
	return c.ID, err
}
