package routing

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/kanalhq/kanal/internal/desk"
)

// Candidates are kept as rows without the names of their fields: a large team is most of what a decision was made from.
type Candidates []Candidate

// Flags of a kept candidate.
const (
	isActive = 1 << iota
	isAvailable
	takesWork
	canReply
	inboxAccess
)

// Keep is the JSON of an input, its candidates in rows.
func (in Input) Keep() ([]byte, error) {
	rows := make([]byte, 0, 16+96*len(in.Candidates))
	rows = append(rows, `{"rows":[`...)
	for i := range in.Candidates {
		if i > 0 {
			rows = append(rows, ',')
		}
		var err error
		if rows, err = in.Candidates[i].appendRow(rows); err != nil {
			return nil, err
		}
	}
	rows = append(rows, "]}"...)
	return json.Marshal(struct {
		Input
		Candidates json.RawMessage `json:"candidates"`
	}{in, rows})
}

// appendRow writes [id, email, name, flags, by, last, main, extra, open, total, kind, calls, chats] and, where there are any, limits and skills.
func (c *Candidate) appendRow(b []byte) ([]byte, error) {
	num := func(n int64) { b = append(strconv.AppendInt(b, n, 10), ',') }
	b = append(b, '[')
	num(int64(c.User.ID))
	b = append(desk.AppendText(b, c.User.Email), ',')
	b = append(desk.AppendText(b, c.User.Name), ',')
	flags := 0
	for i, on := range []bool{c.User.Active, c.User.Available, c.User.TakesWork, c.CanReply, c.InboxAccess} {
		if on {
			flags |= 1 << i
		}
	}
	num(int64(flags))
	b = append(desk.AppendText(b, c.User.By), ',')
	num(int64(c.User.LastAssigned))
	for _, teams := range [][]desk.TeamID{c.MainOf, c.ExtraOf} {
		b = append(b, '[')
		for i, t := range teams {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(t), 10)
		}
		b = append(b, ']', ',')
	}
	for _, n := range []int{c.Open, c.Load.Total, c.Load.Kind, c.Load.Calls} {
		num(int64(n))
	}
	b = strconv.AppendInt(b, int64(c.Chats), 10)
	if c.Limit != (desk.Capacity{}) || len(c.Skills) > 0 {
		more, err := json.Marshal([]any{c.Limit, c.Skills})
		if err != nil {
			return nil, err
		}
		b = append(b, ',')
		b = append(b, more[1:len(more)-1]...)
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads rows, and candidates one by one as they were kept before.
func (cs *Candidates) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return json.Unmarshal(b, (*[]Candidate)(cs))
	}
	var kept struct{ Rows []json.RawMessage }
	if err := json.Unmarshal(b, &kept); err != nil {
		return err
	}
	*cs = make(Candidates, len(kept.Rows))
	for i, row := range kept.Rows {
		if err := (*cs)[i].readRow(row); err != nil {
			return fmt.Errorf("routing: row %d: %w", i, err)
		}
	}
	return nil
}

func (c *Candidate) readRow(row []byte) error {
	var id, flags, last int64
	var main, extra []int64
	to := []any{&id, &c.User.Email, &c.User.Name, &flags, &c.User.By, &last, &main, &extra, &c.Open, &c.Load.Total, &c.Load.Kind, &c.Load.Calls, &c.Chats, &c.Limit, &c.Skills}
	if err := json.Unmarshal(row, &to); err != nil { // each into what stands in its place
		return err
	}
	c.User.ID, c.User.LastAssigned = desk.UserID(id), desk.Time(last)
	c.User.Active, c.User.Available, c.User.TakesWork, c.CanReply, c.InboxAccess = flags&isActive != 0, flags&isAvailable != 0, flags&takesWork != 0, flags&canReply != 0, flags&inboxAccess != 0
	c.MainOf, c.ExtraOf = teamIDs(main), teamIDs(extra)
	return nil
}

func teamIDs(list []int64) (out []desk.TeamID) {
	for _, n := range list {
		out = append(out, desk.TeamID(n))
	}
	return out
}
