package ticket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// The states of a status.
const (
	Open   = "open"
	Closed = "closed"
)

// Limits of pipelines.
const (
	maxPipelines = 100
	maxStatuses  = 100
	maxName      = 200
)

// Defaults is the pipeline a new installation begins with (TK-07).
var Defaults = desk.Pipeline{Slug: "support", Name: "Support", Statuses: []desk.Status{
	{Slug: "new", Name: "New", State: Open},
	{Slug: "waiting_on_contact", Name: "Waiting on contact", State: Open},
	{Slug: "waiting_on_us", Name: "Waiting on us", State: Open},
	{Slug: "closed", Name: "Closed", State: Closed},
}}

// EnsureDefaults adds the default pipeline when there is none.
func (s *Service) EnsureDefaults(ctx context.Context, tx *db.Tx) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM pipelines WHERE archived_at = 0`).Scan(&n); err != nil || n > 0 {
		return err
	}
	_, err := s.CreatePipeline(ctx, tx, desk.System, Defaults)
	if desk.CodeOf(err) == desk.Conflict { // another node was first
		return nil
	}
	return err
}

// Pipelines returns every pipeline with its statuses, in order. The first is the default.
func (s *Service) Pipelines(ctx context.Context, q db.Queryer) ([]desk.Pipeline, error) {
	ps, err := db.All(ctx, q, scanPipeline, `SELECT id, slug, name, position FROM pipelines WHERE archived_at = 0 ORDER BY position, id`)
	if err != nil {
		return nil, fmt.Errorf("ticket: pipelines: %w", err)
	}
	sts, err := db.All(ctx, q, scanStatus, `SELECT id, pipeline_id, slug, name, state, position FROM pipeline_statuses WHERE archived_at = 0 ORDER BY position, id`)
	if err != nil {
		return nil, fmt.Errorf("ticket: statuses: %w", err)
	}
	for i := range ps {
		for _, st := range sts {
			if st.PipelineID == ps[i].ID {
				ps[i].Statuses = append(ps[i].Statuses, st)
			}
		}
	}
	return ps, nil
}

func scanPipeline(r db.Scanner) (p desk.Pipeline, err error) {
	p.Statuses = []desk.Status{}
	err = r.Scan(&p.ID, &p.Slug, &p.Name, &p.Position)
	return p, err
}

func scanStatus(r db.Scanner) (st desk.Status, err error) {
	err = r.Scan(&st.ID, &st.PipelineID, &st.Slug, &st.Name, &st.State, &st.Position)
	return st, err
}

// Pipeline returns one pipeline.
func (s *Service) Pipeline(ctx context.Context, q db.Queryer, id desk.PipelineID) (desk.Pipeline, error) {
	ps, err := s.Pipelines(ctx, q)
	if err != nil {
		return desk.Pipeline{}, err
	}
	return findPipeline(ps, id)
}

// PipelineBySlug finds a pipeline by its short name.
func (s *Service) PipelineBySlug(ctx context.Context, q db.Queryer, slug string) (desk.Pipeline, error) {
	ps, err := s.Pipelines(ctx, q)
	if err != nil {
		return desk.Pipeline{}, err
	}
	for _, p := range ps {
		if p.Slug == slug {
			return p, nil
		}
	}
	return desk.Pipeline{}, noPipeline()
}

// Status returns the status with a short name in a pipeline.
func (s *Service) Status(ctx context.Context, q db.Queryer, pipeline desk.PipelineID, slug string) (desk.Status, error) {
	p, err := s.Pipeline(ctx, q, pipeline)
	if err != nil {
		return desk.Status{}, err
	}
	if st, ok := statusBySlug(p, slug); ok {
		return st, nil
	}
	return desk.Status{}, noStatus()
}

// StatusByID returns a status that is in use.
func (s *Service) StatusByID(ctx context.Context, q db.Queryer, id desk.StatusID) (desk.Status, error) {
	ps, err := s.Pipelines(ctx, q)
	if err != nil {
		return desk.Status{}, err
	}
	_, st, err := findStatus(ps, id)
	return st, err
}

// statusEver also finds a removed one, for telling what was before.
func (s *Service) statusEver(ctx context.Context, q db.Queryer, id desk.StatusID) (desk.Status, error) {
	st, err := db.One(ctx, q, scanStatus, `SELECT id, pipeline_id, slug, name, state, position FROM pipeline_statuses WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Status{ID: id}, nil
	}
	return st, err
}

// CheckPolicy refuses a channel's stamp that names what does not exist, naming the field as ticket.FIELD.
func (s *Service) CheckPolicy(ctx context.Context, q db.Queryer, p desk.TicketPolicy) error {
	ps, err := s.Pipelines(ctx, q)
	if err != nil {
		return err
	}
	if p.Pipeline != "" && !slices.ContainsFunc(ps, func(x desk.Pipeline) bool { return x.Slug == p.Pipeline }) {
		return desk.Errorf(desk.Invalid, "ticket.pipeline_unknown", "There is no pipeline %q.", p.Pipeline).In("ticket.pipeline")
	}
	if len(ps) > 0 && p.Status != "" {
		if pipe, _, left := place(ps, p); slices.Contains(left, "status") {
			return desk.Errorf(desk.Invalid, "ticket.status_unknown", "The pipeline %s has no status %q; it has %s.", pipe.Name, p.Status, slugs(pipe)).In("ticket.status")
		}
	}
	if err := checkPriority(desk.Priority(p.Priority)); err != nil {
		return desk.Errorf(desk.Invalid, desk.ReasonOf(err), "%s", desk.PublicOf(err)).In("ticket.priority")
	}
	if err := checkCategory(p.Category); err != nil {
		return desk.Errorf(desk.Invalid, desk.ReasonOf(err), "%s", desk.PublicOf(err)).In("ticket.category")
	}
	_, err = s.props.Check(ctx, q, object, p.Properties)
	return err
}

// place finds where a policy puts a ticket: the named pipeline or the default, the named status or the first open one. left names what it could not follow.
func place(ps []desk.Pipeline, p desk.TicketPolicy) (pipe desk.Pipeline, status desk.Status, left []string) {
	pipe = ps[0]
	if p.Pipeline != "" {
		if i := slices.IndexFunc(ps, func(x desk.Pipeline) bool { return x.Slug == p.Pipeline }); i >= 0 {
			pipe = ps[i]
		} else {
			left = append(left, "pipeline")
		}
	}
	status = firstOpen(pipe)
	if p.Status != "" {
		if st, ok := statusBySlug(pipe, p.Status); ok {
			status = st
		} else {
			left = append(left, "status")
		}
	}
	return pipe, status, left
}

func noPipeline() error {
	return desk.Errorf(desk.NotFound, "pipeline.not_found", "There is no such pipeline.")
}
func noStatus() error {
	return desk.Errorf(desk.NotFound, "status.not_found", "There is no such status.")
}

func findPipeline(ps []desk.Pipeline, id desk.PipelineID) (desk.Pipeline, error) {
	for _, p := range ps {
		if p.ID == id {
			return p, nil
		}
	}
	return desk.Pipeline{}, noPipeline()
}

func findStatus(ps []desk.Pipeline, id desk.StatusID) (desk.Pipeline, desk.Status, error) {
	for _, p := range ps {
		for _, st := range p.Statuses {
			if st.ID == id {
				return p, st, nil
			}
		}
	}
	return desk.Pipeline{}, desk.Status{}, noStatus()
}

func statusBySlug(p desk.Pipeline, slug string) (desk.Status, bool) {
	for _, st := range p.Statuses {
		if st.Slug == slug {
			return st, true
		}
	}
	return desk.Status{}, false
}

func firstOf(p desk.Pipeline, state string) (first desk.Status) {
	for _, st := range p.Statuses {
		if st.State == state {
			return st
		}
	}
	return first
}

func lastOf(p desk.Pipeline, state string) (last desk.Status) {
	for _, st := range p.Statuses {
		if st.State == state {
			last = st
		}
	}
	return last
}

func firstOpen(p desk.Pipeline) desk.Status { return firstOf(p, Open) }

func slugs(p desk.Pipeline) string {
	names := []string{}
	for _, st := range p.Statuses {
		names = append(names, st.Slug)
	}
	return strings.Join(names, ", ")
}

// CreatePipeline adds a pipeline with its statuses in the order given. It needs at least one open and one closed status.
func (s *Service) CreatePipeline(ctx context.Context, tx *db.Tx, actor desk.Actor, p desk.Pipeline) (desk.Pipeline, error) {
	p.Name = strings.TrimSpace(p.Name)
	if p.Slug == "" {
		p.Slug = desk.Slug(p.Name)
	}
	statuses, err := checkPipeline(p.Slug, p.Name, p.Statuses)
	if err != nil {
		return desk.Pipeline{}, err
	}
	ps, err := s.Pipelines(ctx, tx)
	if err != nil {
		return desk.Pipeline{}, err
	}
	if len(ps) >= maxPipelines {
		return desk.Pipeline{}, desk.Errorf(desk.TooLarge, "pipeline.too_many", "There may be at most %d pipelines.", maxPipelines)
	}
	p.ID = desk.PipelineID(tx.NewID())
	if p.Position == 0 && len(ps) > 0 {
		p.Position = ps[len(ps)-1].Position + 1
	}
	n, err := tx.Exec(ctx, `INSERT INTO pipelines (id, slug, name, position, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (slug) DO NOTHING`, p.ID, p.Slug, p.Name, p.Position, s.clk.Ms())
	if err != nil {
		return desk.Pipeline{}, fmt.Errorf("ticket: create pipeline: %w", err)
	}
	if n == 0 {
		return desk.Pipeline{}, desk.Errorf(desk.Conflict, "pipeline.slug_taken", "There is already a pipeline with the short name %s.", p.Slug).In("slug")
	}
	if err := s.writeStatuses(ctx, tx, p.ID, nil, statuses); err != nil {
		return desk.Pipeline{}, err
	}
	made, err := s.Pipeline(ctx, tx, p.ID)
	if err != nil {
		return desk.Pipeline{}, err
	}
	return made, s.tellPipeline(ctx, tx, actor, nil, &made)
}

// PipelineChange says what to change; nil leaves a field alone. Statuses is the whole list in its order: one with a known id (or, without an id, a known slug) is changed,
// others are added, and those left out are removed.
type PipelineChange struct {
	Name     *string        `json:"name"`
	Position *int           `json:"position"`
	Statuses *[]desk.Status `json:"statuses"`
}

// UpdatePipeline changes a pipeline. A status that tickets still have can neither be removed nor change between open and closed (Conflict status.in_use).
func (s *Service) UpdatePipeline(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.PipelineID, c PipelineChange) (desk.Pipeline, error) {
	if _, err := db.One(ctx, tx, scanPipeline, `SELECT id, slug, name, position FROM pipelines WHERE id = $1 AND archived_at = 0`+tx.ForUpdate(), id); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = noPipeline()
		}
		return desk.Pipeline{}, err
	}
	before, err := s.Pipeline(ctx, tx, id)
	if err != nil {
		return before, err
	}
	p := before
	if c.Name != nil {
		p.Name = strings.TrimSpace(*c.Name)
	}
	if c.Position != nil {
		p.Position = *c.Position
	}
	if c.Statuses != nil {
		p.Statuses = adopt(before, *c.Statuses)
	}
	statuses, err := checkPipeline(p.Slug, p.Name, p.Statuses)
	if err != nil {
		return before, err
	}
	if p.Name == before.Name && p.Position == before.Position && slices.Equal(before.Statuses, statuses) {
		return before, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE pipelines SET name = $1, position = $2 WHERE id = $3`, p.Name, p.Position, id); err != nil {
		return before, fmt.Errorf("ticket: update pipeline: %w", err)
	}
	if err := s.writeStatuses(ctx, tx, id, before.Statuses, statuses); err != nil {
		return before, err
	}
	after, err := s.Pipeline(ctx, tx, id)
	if err != nil {
		return before, err
	}
	return after, s.tellPipeline(ctx, tx, actor, &before, &after)
}

// adopt gives statuses named by slug their id, and all of them the pipeline's.
func adopt(p desk.Pipeline, sts []desk.Status) []desk.Status {
	out := slices.Clone(sts)
	for i := range out {
		out[i].PipelineID = p.ID
		if out[i].ID == 0 {
			if st, ok := statusBySlug(p, out[i].Slug); ok {
				out[i].ID = st.ID
			}
		}
	}
	return out
}

// checkPipeline returns the statuses with slugs and positions filled in.
func checkPipeline(slug, name string, sts []desk.Status) ([]desk.Status, error) {
	if err := desk.CheckSlug("slug", slug); err != nil {
		return nil, err
	}
	if name == "" || len(name) > maxName || strings.ContainsAny(name, "\r\n") {
		return nil, desk.Errorf(desk.Invalid, "pipeline.name_malformed", "A pipeline needs a name of one line, at most %d bytes.", maxName).In("name")
	}
	if len(sts) > maxStatuses {
		return nil, desk.Errorf(desk.TooLarge, "pipeline.too_many_statuses", "A pipeline may have at most %d statuses.", maxStatuses).In("statuses")
	}
	out, seen, states := slices.Clone(sts), map[string]bool{}, map[string]bool{}
	for i := range out {
		st := &out[i]
		st.Name, st.Position = strings.TrimSpace(st.Name), i
		if st.Slug == "" {
			st.Slug = desk.Slug(st.Name)
		}
		if st.Name == "" {
			st.Name = st.Slug
		}
		field := fmt.Sprintf("statuses[%d]", i)
		if err := desk.CheckSlug(field+".slug", st.Slug); err != nil {
			return nil, err
		}
		if seen[st.Slug] {
			return nil, desk.Errorf(desk.Invalid, "status.slug_twice", "Two statuses are called %s.", st.Slug).In(field + ".slug")
		}
		if st.State != Open && st.State != Closed {
			return nil, desk.Errorf(desk.Invalid, "status.state_unknown", "The status %s must be open or closed.", st.Name).In(field + ".state")
		}
		if len(st.Name) > maxName || strings.ContainsAny(st.Name, "\r\n") {
			return nil, desk.Errorf(desk.Invalid, "status.name_malformed", "A status is one line of at most %d bytes.", maxName).In(field + ".name")
		}
		seen[st.Slug], states[st.State] = true, true
	}
	if !states[Open] || !states[Closed] {
		return nil, desk.Errorf(desk.Invalid, "pipeline.states_missing", "A pipeline needs at least one open and one closed status.").In("statuses")
	}
	return out, nil
}

func (s *Service) writeStatuses(ctx context.Context, tx *db.Tx, id desk.PipelineID, before, after []desk.Status) error {
	for _, was := range before {
		i := slices.IndexFunc(after, func(st desk.Status) bool { return st.ID == was.ID })
		if i >= 0 && after[i].State == was.State {
			continue
		}
		if err := s.checkUnused(ctx, tx, was); err != nil {
			return err
		}
		if i < 0 { // its slug becomes free; the row stays for the history
			if _, err := tx.Exec(ctx, `UPDATE pipeline_statuses SET archived_at = $1, slug = slug || '.' || CAST(id AS TEXT) WHERE id = $2`, s.clk.Ms(), was.ID); err != nil {
				return fmt.Errorf("ticket: remove status: %w", err)
			}
		}
	}
	for _, st := range after { // out of each other's way first: two statuses may swap slugs
		if was := slices.IndexFunc(before, func(b desk.Status) bool { return b.ID == st.ID }); was >= 0 && before[was].Slug != st.Slug {
			if _, err := tx.Exec(ctx, `UPDATE pipeline_statuses SET slug = slug || '.' || CAST(id AS TEXT) WHERE id = $1`, st.ID); err != nil {
				return fmt.Errorf("ticket: rename status: %w", err)
			}
		}
	}
	for _, st := range after {
		if slices.ContainsFunc(before, func(b desk.Status) bool { return b.ID == st.ID }) {
			if _, err := tx.Exec(ctx, `UPDATE pipeline_statuses SET slug = $1, name = $2, state = $3, position = $4 WHERE id = $5`, st.Slug, st.Name, st.State, st.Position, st.ID); err != nil {
				return fmt.Errorf("ticket: update status: %w", err)
			}
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO pipeline_statuses (id, pipeline_id, slug, name, state, position) VALUES ($1, $2, $3, $4, $5, $6)`,
			tx.NewID(), id, st.Slug, st.Name, st.State, st.Position); err != nil {
			return fmt.Errorf("ticket: add status: %w", err)
		}
	}
	return nil
}

// maxCounted bounds how far tickets are counted for a sentence.
const maxCounted = 1000

func (s *Service) checkUnused(ctx context.Context, q db.Queryer, st desk.Status) error {
	var n int
	if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM tickets WHERE status_id = $1 LIMIT $2) x`, st.ID, maxCounted+1).Scan(&n); err != nil {
		return fmt.Errorf("ticket: count: %w", err)
	}
	if n == 0 {
		return nil
	}
	many := fmt.Sprint(n)
	if n > maxCounted {
		many = fmt.Sprintf("more than %d", maxCounted)
	}
	return desk.Errorf(desk.Conflict, "status.in_use", "The status %s is still that of %s tickets. Move them to another status first.", st.Name, many).In("statuses")
}

// ArchivePipeline removes a pipeline that no ticket is in; the last one stays.
func (s *Service) ArchivePipeline(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.PipelineID) error {
	ps, err := s.Pipelines(ctx, tx)
	if err != nil {
		return err
	}
	before, err := findPipeline(ps, id)
	if err != nil {
		return err
	}
	if len(ps) == 1 {
		return desk.Errorf(desk.Conflict, "pipeline.last", "The last pipeline stays: tickets need one.")
	}
	for _, st := range before.Statuses {
		if err := s.checkUnused(ctx, tx, st); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE pipelines SET archived_at = $1, slug = slug || '.' || CAST(id AS TEXT) WHERE id = $2`, s.clk.Ms(), id); err != nil {
		return fmt.Errorf("ticket: archive pipeline: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE pipeline_statuses SET archived_at = $1 WHERE pipeline_id = $2`, s.clk.Ms(), id); err != nil {
		return fmt.Errorf("ticket: archive pipeline: %w", err)
	}
	return s.tellPipeline(ctx, tx, actor, &before, nil)
}

func (s *Service) tellPipeline(ctx context.Context, tx *db.Tx, actor desk.Actor, before, after *desk.Pipeline) error {
	p := after
	if p == nil {
		p = before
	}
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor,
		Data: event.Data(map[string]any{"object": "pipeline", "slug": p.Slug, "before": before, "after": after})})
	return err
}
