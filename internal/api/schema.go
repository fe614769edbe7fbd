package api

import (
	"encoding/json"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/desk"
)

// idSchema is how an id is written: decimal digits in a string, or null for none.
type idSchema struct{}

// Schema of an id.
func (idSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "id", Nullable: true, Examples: []any{"4503599627370497"}}
}

// timeSchema is how a moment is written: RFC 3339 in UTC with milliseconds, or null for never.
type timeSchema struct{}

// Schema of a time.
func (timeSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true, Examples: []any{"2026-11-21T09:30:00.000Z"}}
}

// whomSchema is a word or a policy of assignment.
type whomSchema struct{}

// Schema of who gets something.
func (whomSchema) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, r.Schema(reflect.TypeFor[desk.AssignPolicy](), true, "AssignPolicy")}}
}

// contentSchema is one text, or one by language.
type contentSchema struct{}

// Schema of a text.
func (contentSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString}}}}
}

// namer names schemas by their types; of two types that are called alike the second has its package's name before its own.
func namer() func(reflect.Type, string) string {
	var mu sync.Mutex
	taken := map[string]reflect.Type{}
	return func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		mu.Lock()
		defer mu.Unlock()
		if was, ok := taken[name]; ok && was != t && t.Name() != "" {
			pkg := path.Base(t.PkgPath())
			name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
		}
		taken[name] = t
		return name
	}
}

// document is the frame of the OpenAPI document, with the types that are written in their own way.
func document(version string) huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", namer())
	id := reflect.TypeFor[idSchema]()
	for _, t := range []reflect.Type{
		reflect.TypeFor[desk.UserID](), reflect.TypeFor[desk.TeamID](), reflect.TypeFor[desk.InboxID](), reflect.TypeFor[desk.ChannelAccountID](),
		reflect.TypeFor[desk.ContactID](), reflect.TypeFor[desk.AddressID](), reflect.TypeFor[desk.ThreadID](), reflect.TypeFor[desk.MessageID](),
		reflect.TypeFor[desk.AttachmentID](), reflect.TypeFor[desk.TicketID](), reflect.TypeFor[desk.PipelineID](), reflect.TypeFor[desk.StatusID](),
		reflect.TypeFor[desk.PropertyID](), reflect.TypeFor[desk.RawID](), reflect.TypeFor[desk.EventID](), reflect.TypeFor[desk.JobID](),
		reflect.TypeFor[desk.TokenID](), reflect.TypeFor[desk.SessionID](), reflect.TypeFor[desk.DraftID](), reflect.TypeFor[desk.SnippetID](), reflect.TypeFor[desk.TagID](), reflect.TypeFor[desk.CompanyID](), reflect.TypeFor[desk.MergeID](), reflect.TypeFor[desk.SplitID](), reflect.TypeFor[desk.ViewID](), reflect.TypeFor[desk.SpaceID](), reflect.TypeFor[desk.SenderRuleID](), reflect.TypeFor[desk.BulkID](), reflect.TypeFor[desk.MoveID](), reflect.TypeFor[desk.VisitorID](), reflect.TypeFor[desk.ChatflowID](), reflect.TypeFor[desk.ConsentID](), reflect.TypeFor[desk.FormID](), reflect.TypeFor[desk.SubmissionID](), reflect.TypeFor[desk.AbsenceID](),
	} {
		schemas.RegisterTypeAlias(t, id)
	}
	schemas.RegisterTypeAlias(reflect.TypeFor[desk.Time](), reflect.TypeFor[timeSchema]())
	schemas.RegisterTypeAlias(reflect.TypeFor[chatflow.Whom](), reflect.TypeFor[whomSchema]())
	schemas.RegisterTypeAlias(reflect.TypeFor[chatflow.Content](), reflect.TypeFor[contentSchema]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Kanal workspace API", Version: version,
				Description: "What the workspace itself uses, for agents and administrators. Sign in with a session cookie or send `Authorization: Bearer TOKEN`. " +
					"Ids are strings, times are RFC 3339 in UTC with milliseconds, null says none. Lists page by `cursor`; an empty `next` is the end. " +
					"Errors are `application/problem+json` with a stable `reason`. Writes that send take an `Idempotency-Key`.",
			},
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: Cookie},
					"token":   {Type: "http", Scheme: "bearer"},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat: "application/json",
	}
}

// never are fields that always have a value, although their types can say none.
var never = map[string]bool{"id": true, "created_at": true, "updated_at": true, "at": true}

var nouns = reflect.TypeFor[desk.Ticket]().PkgPath()

// finish makes the schemas say the whole truth once everything is registered: pointers to objects may be null, an id in a list and a noun's own id may not.
func (s *Server) finish() {
	reg := s.api.OpenAPI().Components.Schemas
	for name, schema := range reg.Map() {
		t := reg.TypeFromRef("#/components/schemas/" + name)
		if t == nil || t.Kind() != reflect.Struct {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			key, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
			prop := schema.Properties[key]
			if prop == nil {
				continue
			}
			if prop.Format == "id" || prop.Format == "date-time" {
				prop.Nullable = prop.Nullable && (!never[key] || f.Tag.Get("nullable") == "true")
			}
			if prop.Items != nil && prop.Items.Format == "id" {
				prop.Items.Nullable = false
			}
			if len(prop.Enum) > 0 && prop.Type == huma.TypeString && t.PkgPath() == nouns && !slices.Contains(prop.Enum, any("")) {
				prop.Enum = append([]any{""}, prop.Enum...) // a noun's empty choice says none
			}
			if prop.Ref != "" && f.Type.Kind() == reflect.Pointer && !strings.Contains(opts, "omitempty") {
				*prop = huma.Schema{Description: prop.Description, AnyOf: []*huma.Schema{{Ref: prop.Ref}, {Type: "null"}}}
			}
			prop.PrecomputeMessages()
		}
		schema.PrecomputeMessages()
	}
	doc, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		s.Log.Error("the OpenAPI document cannot be written", "err", err)
	}
	s.doc = doc
}

func (s *Server) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(s.doc)
}

// OpenAPI is the document, for tests that hold answers against it.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }
