package admin

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/survey"
)

func (a *admins) mountSurveys() {
	const tag = "Satisfaction"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/surveys", ID: "listSurveyAnswers", Tag: tag, Summary: "What customers said after their tickets were closed, newest first"}, a.answers)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/surveys/summary", ID: "surveySummary", Tag: tag, Summary: "How many were asked and what they said, over some days"}, a.surveySummary)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/settings/survey", ID: "getSurveySettings", Tag: tag, Summary: "Whom customers' satisfaction is asked of, and when"}, a.surveySettings)
	api.Register(a.server, api.Op{Method: "PUT", Path: "/api/settings/survey", ID: "putSurveySettings", Tag: tag, Summary: "Change whom and when to ask"}, a.setSurvey)
}

type answersInput struct {
	api.Listing
	TicketID string `query:"ticket_id" doc:"Of one ticket."`
}

// sees is the inboxes whose answers a viewer reads; nil is all.
func sees(v access.Viewer) []desk.InboxID {
	if v.AllInboxes {
		return nil
	}
	return append([]desk.InboxID{}, v.Inboxes...)
}

func (a *admins) answers(ctx context.Context, v access.Viewer, in *answersInput) (*api.Out[survey.Page], error) {
	var t desk.TicketID
	if in.TicketID != "" {
		var err error
		if t, err = desk.ParseID[desk.TicketID](in.TicketID); err != nil {
			return nil, desk.Errorf(desk.Invalid, "survey.ticket", "%q is no ticket's id.", in.TicketID).In("ticket_id")
		}
	}
	return api.Answer(a.Surveys.Answers(ctx, a.DB, sees(v), t, in.Cursor, in.Limit))
}

type summaryInput struct {
	Days int `query:"days" default:"30" minimum:"1" maximum:"366"`
}

func (a *admins) surveySummary(ctx context.Context, v access.Viewer, in *summaryInput) (*api.Out[survey.Summary], error) {
	return api.Answer(a.Surveys.Summarize(ctx, a.DB, sees(v), a.Clock.Ms().Add(-time.Duration(in.Days)*24*time.Hour)))
}

func (a *admins) surveySettings(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[survey.Settings], error) {
	return api.Answer(a.Surveys.Settings(ctx, a.DB))
}

type surveyInput struct {
	Body survey.Settings
}

func (a *admins) setSurvey(ctx context.Context, v access.Viewer, in *surveyInput) (*api.Out[survey.Settings], error) {
	var out survey.Settings
	err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = a.Surveys.SetSettings(ctx, tx, v.Actor, in.Body)
		return err
	})
	return api.Answer(out, err)
}
