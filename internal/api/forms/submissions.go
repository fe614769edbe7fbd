package forms

import (
	"context"
	"encoding/csv"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/view"
)

func (h *forms) mountSubmissions() {
	const tag = "Forms"
	s := h.server
	api.Register(s, api.Op{Method: "GET", Path: "/api/forms/{id}/submissions", ID: "listSubmissions", Tag: tag, Summary: "What a form was sent, hidden fields too, newest first", Errors: []int{404}}, h.submissions)
	api.Register(s, api.Op{Method: "GET", Path: "/api/submissions/{id}", ID: "getSubmission", Tag: tag, Summary: "A submission", Errors: []int{404}}, h.submission)
	api.Register(s, api.Op{Method: "POST", Path: "/api/submissions/{id}/release", ID: "releaseSubmission", Tag: tag, Summary: "Let a held submission go on", Errors: []int{404, 409}}, h.release)
	api.Register(s, api.Op{Method: "GET", Path: "/api/tickets/{id}/submission", ID: "getTicketSubmission", Tag: tag, Summary: "The submission that a ticket began with", Errors: []int{404},
		Description: "Hidden fields stand in `hidden` for who holds `submissions.view`; nobody else is told that there are any."}, h.ofTicket)
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/{id}/submissions", ID: "listContactSubmissions", Tag: tag, Summary: "What a contact sent by forms", Errors: []int{404}}, h.ofContact)
	s.Raw(api.Op{Method: "GET", Path: "/api/forms/{id}/submissions.csv", ID: "exportSubmissions", Tag: tag, Summary: "What a form was sent, as CSV", Errors: []int{404}}, []*huma.Param{api.PathParam("id", "Its id.")},
		api.Media{}, api.Media{Type: "text/csv"}, h.export)
	s.Raw(api.Op{Method: "GET", Path: "/api/submissions/{id}/files/{n}", ID: "getSubmissionFile", Tag: tag, Summary: "A file of a submission, to be saved", Errors: []int{404}},
		[]*huma.Param{api.PathParam("id", "Its id."), api.PathParam("n", "Which, from 0.")}, api.Media{}, api.Media{Type: "application/octet-stream"}, h.file)
}

// Line is one answer as it is read.
type Line struct {
	Field  string `json:"field"`
	Label  string `json:"label"`
	Value  string `json:"value"`
	Hidden bool   `json:"hidden"`
}

// FileRef is a file of a submission.
type FileRef struct {
	Field string `json:"field"`
	Name  string `json:"name"`
	Size  int64  `json:"size"`
	URL   string `json:"url"`
}

// Submission is one of them.
type Submission struct {
	ID        desk.SubmissionID `json:"id"`
	FormID    desk.FormID       `json:"form_id"`
	FormName  string            `json:"form_name"`
	Version   int64             `json:"version"`
	State     string            `json:"state" enum:"filed,held,test"`
	Reason    string            `json:"reason"`
	Email     string            `json:"email"`
	Contact   *Person           `json:"contact"`
	Ticket    *TicketRef        `json:"ticket"`
	MessageID desk.MessageID    `json:"message_id" doc:"The message that it became."`
	Answers   map[string]any    `json:"answers"`
	Files     []FileRef         `json:"files"`
	Context   form.Context      `json:"context"`
	Consents  []form.Agreed     `json:"consents"`
	CreatedAt desk.Time         `json:"created_at"`
	Fields    []Line            `json:"fields" doc:"The answers as they are read, in the order of the form."`
}

// Column is a field in a list of submissions.
type Column struct {
	Name   string `json:"name"`
	Label  string `json:"label"`
	Type   string `json:"type"`
	Hidden bool   `json:"hidden"`
}

// SubmissionPage is a page of submissions with the fields that they have.
type SubmissionPage struct {
	Items   []Submission `json:"items"`
	Next    string       `json:"next"`
	Columns []Column     `json:"columns"`
}

// reader words submissions: by the version of each, with hidden fields only for who may see them.
type reader struct {
	*forms
	v      access.Viewer
	hidden bool
	names  map[desk.FormID]form.Form
	defs   map[[2]int64]form.Definition
}

func (h *forms) reader(v access.Viewer) *reader {
	return &reader{h, v, v.Can(access.SubmissionsView), map[desk.FormID]form.Form{}, map[[2]int64]form.Definition{}}
}

func (r *reader) of(ctx context.Context, x form.Submission) (f form.Form, d form.Definition, err error) {
	f, ok := r.names[x.FormID]
	if !ok {
		if f, err = r.Forms.Get(ctx, r.DB, x.FormID); err != nil {
			return f, d, err
		}
		r.names[x.FormID] = f
	}
	key := [2]int64{int64(x.FormID), x.Version}
	if d, ok = r.defs[key]; !ok {
		if d, err = r.Forms.At(ctx, r.DB, x.FormID, x.Version); err != nil {
			return f, d, err
		}
		r.defs[key] = d
	}
	return f, d, nil
}

// lines are the answers of a submission, in the order of its form.
func (r *reader) lines(d form.Definition, x form.Submission) []Line {
	langs := []string{x.Context.Language, d.Language, "en"}
	out := []Line{}
	for _, f := range d.Fields {
		hidden := f.Concealed() || f.Placed()
		if hidden && !r.hidden || f.Type == form.TypeHeading || f.Type == form.TypeFile {
			continue
		}
		if v := submission.Words(f, x.Answers[f.Name], langs...); v != "" {
			out = append(out, Line{f.Name, f.LabelIn(langs...), v, hidden})
		}
	}
	return out
}

func (r *reader) row(ctx context.Context, x form.Submission) (Submission, error) {
	f, d, err := r.of(ctx, x)
	if err != nil {
		return Submission{}, err
	}
	out := Submission{ID: x.ID, FormID: x.FormID, FormName: f.Name, Version: x.Version, State: x.State, Reason: x.Reason, Email: x.Email, MessageID: x.MessageID, Answers: x.Answers, Context: x.Context,
		Consents: append([]form.Agreed{}, x.Context.Agreed...), CreatedAt: x.CreatedAt, Files: []FileRef{}, Fields: r.lines(d, x)}
	out.Context.Agreed = []form.Agreed{}
	if !r.hidden {
		out.Answers = map[string]any{}
		for _, l := range out.Fields {
			out.Answers[l.Field] = x.Answers[l.Field]
		}
		out.Context.IP, out.Context.Agent, out.Context.Cookie, out.Context.Score = "", "", "", nil
		out.Context.PageURL, out.Context.Referrer = bare(out.Context.PageURL), bare(out.Context.Referrer)
	}
	for i, file := range x.Files {
		out.Files = append(out.Files, FileRef{file.Field, file.Name, file.Size, "/api/submissions/" + x.ID.String() + "/files/" + itoa(i)})
	}
	if x.ContactID != 0 {
		c, err := r.Contacts.Get(ctx, r.DB, x.ContactID)
		if err == nil {
			name := c.Name
			if name == "" {
				name = c.Email
			}
			out.Contact = &Person{c.ID, name}
		} else if desk.CodeOf(err) != desk.NotFound {
			return out, err
		}
	}
	if x.TicketID != 0 {
		t, err := r.Tickets.Get(ctx, r.DB, x.TicketID)
		if err == nil && r.View.MayInTicket(ctx, r.v, t.ID, access.TicketsView) == nil {
			out.Ticket = &TicketRef{t.ID, t.Number}
		} else if err != nil && desk.CodeOf(err) != desk.NotFound {
			return out, err
		}
	}
	return out, nil
}

// bare is an address without what hidden fields are filled from.
func bare(address string) string {
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		return address[:i]
	}
	return address
}

type submissionsInput struct {
	api.ByID
	api.Listing
	Query string `query:"q" maxLength:"200" doc:"Words in the answers, or an address."`
	State string `query:"state" enum:",filed,held,test"`
	From  string `query:"from" doc:"Since this day or moment."`
	To    string `query:"to" doc:"Before this day or moment."`
}

// when reads a day or a moment; a day as the end of a time is its own end.
func when(s string, end bool) (desk.Time, error) {
	if s == "" {
		return 0, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return desk.At(t), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, desk.Errorf(desk.Invalid, "submission.time", "%q is no day such as 2026-03-31.", s).In("from")
	}
	return desk.At(t), nil
}

func (in *submissionsInput) filter() (f form.Filter, err error) {
	if f.Form, err = desk.ParseID[desk.FormID](in.ID); err != nil {
		return f, err
	}
	if in.Cursor != "" {
		if f.Before, err = desk.ParseID[desk.SubmissionID](in.Cursor); err != nil {
			return f, err
		}
	}
	if f.From, err = when(in.From, false); err != nil {
		return f, err
	}
	if f.To, err = when(in.To, true); err != nil {
		return f, err
	}
	f.Query, f.State, f.Limit = in.Query, in.State, min(max(in.Limit, 0), 200)
	if f.Limit == 0 {
		f.Limit = 50
	}
	return f, nil
}

func columnsOf(d form.Definition) []Column {
	out := []Column{}
	for _, f := range d.Fields {
		if f.Type != form.TypeHeading {
			out = append(out, Column{f.Name, f.LabelIn(d.Language, "en"), f.Type, f.Concealed() || f.Placed()})
		}
	}
	return out
}

func (h *forms) submissions(ctx context.Context, v access.Viewer, in *submissionsInput) (*api.Out[SubmissionPage], error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	f, err := h.Forms.Get(ctx, h.DB, filter.Form)
	if err != nil {
		return nil, err
	}
	filter.Sees = sees(v)
	xs, err := h.Forms.Find(ctx, h.DB, filter)
	if err != nil {
		return nil, err
	}
	out := SubmissionPage{Items: []Submission{}, Columns: columnsOf(f.Definition)}
	r := h.reader(v)
	for _, x := range xs {
		row, err := r.row(ctx, x)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, row)
	}
	if len(xs) == filter.Limit {
		out.Next = xs[len(xs)-1].ID.String()
	}
	return api.Answer(out, nil)
}

func (h *forms) submission(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Submission], error) {
	id, err := desk.ParseID[desk.SubmissionID](in.ID)
	if err != nil {
		return nil, err
	}
	x, err := h.inSight(ctx, v, id)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.reader(v).row(ctx, x))
}

func (h *forms) release(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Submission], error) {
	id, err := desk.ParseID[desk.SubmissionID](in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := h.inSight(ctx, v, id); err != nil {
		return nil, err
	}
	x, err := h.Flow.Release(ctx, v.Actor, id)
	if err != nil {
		return nil, err
	}
	return api.Answer(h.reader(v).row(ctx, x))
}

// FormRef is a form by name.
type FormRef struct {
	ID   desk.FormID `json:"id"`
	Name string      `json:"name"`
	Slug string      `json:"slug"`
}

// OfTicket is the submission of a ticket.
type OfTicket struct {
	Form    FormRef           `json:"form"`
	ID      desk.SubmissionID `json:"id"`
	Visible []Line            `json:"visible"`
	Hidden  []Line            `json:"hidden,omitempty"`
	Files   []FileRef         `json:"files"`
	Context form.Context      `json:"context"`
}

func (h *forms) ofTicket(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[OfTicket], error) {
	id, err := h.View.Gate(ctx, v, in.ID, access.TicketsView)
	if err != nil {
		return nil, err
	}
	x, err := h.Forms.OfTicket(ctx, h.DB, id)
	if err != nil {
		return nil, err
	}
	r := h.reader(v)
	row, err := r.row(ctx, x)
	if err != nil {
		return nil, err
	}
	out := OfTicket{Form: FormRef{x.FormID, row.FormName, r.names[x.FormID].Slug}, ID: x.ID, Visible: []Line{}, Files: row.Files, Context: row.Context}
	for _, l := range row.Fields {
		if l.Hidden {
			out.Hidden = append(out.Hidden, l)
		} else {
			out.Visible = append(out.Visible, l)
		}
	}
	return api.Answer(out, nil)
}

func (h *forms) ofContact(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[Submission]], error) {
	id, err := desk.ParseID[desk.ContactID](in.ID)
	if err != nil {
		return nil, err
	}
	if err := h.View.MayContact(ctx, view.SightOf(v), id); err != nil {
		return nil, err
	}
	family, err := h.Contacts.Family(ctx, h.DB, id)
	if err != nil {
		return nil, err
	}
	out := api.Page[Submission]{Items: []Submission{}}
	r := h.reader(v)
	for _, c := range family {
		xs, err := h.Forms.Find(ctx, h.DB, form.Filter{Contact: c, Limit: 100, Sees: sees(v)})
		if err != nil {
			return nil, err
		}
		for _, x := range xs {
			row, err := r.row(ctx, x)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, row)
		}
	}
	return api.Answer(out, nil)
}

func attachment(name string) string {
	if s := mime.FormatMediaType("attachment", map[string]string{"filename": name}); s != "" {
		return s
	}
	return "attachment"
}

// file is sent to be saved: whatever it is, it runs nothing here (FM-15).
func (h *forms) file(w http.ResponseWriter, r *http.Request, v access.Viewer) {
	id, err := desk.ParseID[desk.SubmissionID](r.PathValue("id"))
	var x form.Submission
	if err == nil {
		x, err = h.inSight(r.Context(), v, id)
	}
	if err == nil && x.TicketID == 0 && !v.Can(access.SubmissionsView) { // whoever sees its ticket sees its files
		err = noSubmission
	}
	n := atoi(r.PathValue("n"))
	if err == nil && (n < 0 || n >= len(x.Files)) {
		err = desk.Errorf(desk.NotFound, "submission.no_file", "There is no such file.")
	}
	var body io.ReadSeekCloser
	if err == nil {
		body, err = h.Blobs.Open(r.Context(), x.Files[n].SHA256)
	}
	if err != nil {
		h.server.Fail(w, r, err)
		return
	}
	defer body.Close()
	head := w.Header()
	head.Set("Content-Type", "application/octet-stream")
	head.Set("Content-Disposition", attachment(x.Files[n].Name))
	head.Set("Content-Security-Policy", api.FilePolicy)
	http.ServeContent(w, r, "", time.Time{}, body)
}

// cell guards against a spreadsheet that takes what somebody typed for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// export streams: a page of submissions at a time, whatever there is.
func (h *forms) export(w http.ResponseWriter, r *http.Request, v access.Viewer) {
	q := r.URL.Query()
	in := submissionsInput{Query: q.Get("q"), State: q.Get("state"), From: q.Get("from"), To: q.Get("to")}
	in.ID, in.Limit = r.PathValue("id"), 200
	filter, err := in.filter()
	var f form.Form
	if err == nil {
		f, err = h.Forms.Get(r.Context(), h.DB, filter.Form)
	}
	var xs []form.Submission
	if err == nil {
		filter.Sees = sees(v)
		xs, err = h.Forms.Find(r.Context(), h.DB, filter)
	}
	if err != nil {
		h.server.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", attachment(f.Slug+".csv"))
	out := csv.NewWriter(w)
	columns := columnsOf(f.Definition)
	head := []string{"id", "at", "state", form.TypeEmail, "page", "country", "language", "ticket"}
	for _, c := range columns {
		head = append(head, cell(c.Label))
	}
	_ = out.Write(append(head, "files", "consents"))
	rd := h.reader(v)
	for len(xs) > 0 {
		for _, x := range xs {
			if h.line(r.Context(), out, rd, columns, x) != nil {
				panic(http.ErrAbortHandler) // a file that ends early must not look whole
			}
		}
		out.Flush()
		if len(xs) < filter.Limit || out.Error() != nil {
			return
		}
		filter.Before = xs[len(xs)-1].ID
		if xs, err = h.Forms.Find(r.Context(), h.DB, filter); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	out.Flush()
}

func (h *forms) line(ctx context.Context, out *csv.Writer, rd *reader, columns []Column, x form.Submission) error {
	_, d, err := rd.of(ctx, x)
	if err != nil {
		return err
	}
	number := ""
	if x.TicketID != 0 {
		if t, err := h.Tickets.Get(ctx, h.DB, x.TicketID); err == nil {
			number = itoa(int(t.Number))
		}
	}
	row := []string{x.ID.String(), x.CreatedAt.Time().UTC().Format(time.RFC3339), x.State, cell(x.Email), cell(x.Context.PageURL), x.Context.Country, cell(x.Context.Language), number}
	for _, c := range columns {
		f, _ := d.Field(c.Name)
		row = append(row, cell(submission.Words(f, x.Answers[c.Name], x.Context.Language, d.Language)))
	}
	var files, agreed []string
	for _, f := range x.Files {
		files = append(files, f.Name)
	}
	for _, a := range x.Context.Agreed {
		if a.Given {
			agreed = append(agreed, a.Slug)
		}
	}
	return out.Write(append(row, cell(strings.Join(files, "; ")), strings.Join(agreed, "; ")))
}
