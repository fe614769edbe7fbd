package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kanalhq/kanal/internal/desk"
)

// metrics are what /metrics shows: what happened (from the event log), the queue, HTTP, the database and the process.
type metrics struct {
	registry *prometheus.Registry
	events   *prometheus.CounterVec
	received *prometheus.CounterVec
	sends    *prometheus.CounterVec
	requests *prometheus.HistogramVec
}

func (a *App) newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kanal_events_total", Help: "Events recorded by the installation since this process started, by type."}, []string{"type"}),
		received: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kanal_intake_total", Help: "Inbound items by what became of them: received, set_aside, ignored."}, []string{"outcome"}),
		sends:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kanal_sends_total", Help: "Outcomes of sending: queued, sent, delivered, read, failed, uncertain, retried."}, []string{"outcome"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kanal_http_request_seconds", Help: "Time to answer HTTP requests, by route and status class.", Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "status"}),
	}
	m.registry.MustRegister(m.events, m.received, m.sends, m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), queueCollector{a}, visitorCollector{a})
	v := Version()
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "kanal_build_info", Help: "The version that runs.", ConstLabels: prometheus.Labels{"version": v.Version, "commit": v.Commit, "go": v.Go}})
	build.Set(1)
	m.registry.MustRegister(build)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// observe is called after each request.
func (m *metrics) observe(route string, status int, took time.Duration) {
	if route == "" {
		route = "other"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

var (
	receivedOutcome = map[string]string{desk.EvMessageReceived: "received", desk.EvInboundSetAside: "set_aside", desk.EvInboundIgnored: "ignored"}
	sendOutcome     = map[string]string{
		desk.EvMessageQueued: "queued", desk.EvMessageSent: "sent", desk.EvMessageDelivered: "delivered", desk.EvMessageRead: "read", desk.EvMessageFailed: "failed",
		desk.EvMessageUncertain: "uncertain", desk.EvMessageRetried: "retried",
	}
)

// followEvents counts what happens until ctx ends.
func (a *App) followEvents(ctx context.Context) {
	sub := a.Events.Subscribe()
	defer sub.Close()
	seq, err := a.Events.Last(ctx)
	if err != nil {
		a.log.Warn("metrics do not count events", "err", err)
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-sub.C:
		}
		for {
			evs, err := a.Events.After(ctx, seq, 500)
			if err != nil || len(evs) == 0 {
				break
			}
			for _, ev := range evs {
				seq = ev.Seq
				a.metrics.count(ev.Type)
			}
		}
	}
}

func (m *metrics) count(typ string) {
	m.events.WithLabelValues(typ).Inc()
	if o, ok := receivedOutcome[typ]; ok {
		m.received.WithLabelValues(o).Inc()
	}
	if o, ok := sendOutcome[typ]; ok {
		m.sends.WithLabelValues(o).Inc()
	}
}

// queueCollector reads the queue and the connections when it is asked.
type queueCollector struct{ a *App }

var (
	descJobs     = prometheus.NewDesc("kanal_jobs", "Jobs by state.", []string{"state"}, nil)
	descLate     = prometheus.NewDesc("kanal_job_queue_age_seconds", "How long the oldest due job has waited.", nil, nil)
	descAccounts = prometheus.NewDesc("kanal_channel_accounts", "Channel accounts by state of their connection.", []string{"state"}, nil)
	descAside    = prometheus.NewDesc("kanal_inbound_set_aside", "Inbound items that wait for an administrator.", nil, nil)
	descDB       = prometheus.NewDesc("kanal_database_up", "1 when the database answers.", nil, nil)
)

func (c queueCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descJobs, descLate, descAccounts, descAside, descDB} {
		out <- d
	}
}

func (c queueCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	up := 0.0
	if c.a.DB.Ping(ctx) == nil {
		up = 1
	}
	gauge(descDB, up)
	if s, err := c.a.Jobs.Stats(ctx); err == nil {
		gauge(descJobs, float64(s.Ready), "ready")
		gauge(descJobs, float64(s.Running), "running")
		gauge(descJobs, float64(s.Dead), "dead")
		gauge(descLate, s.Late.Seconds())
	}
	var aside int64
	if err := c.a.DB.QueryRow(ctx, "SELECT COUNT(*) FROM inbound_raw WHERE state = 'set_aside'").Scan(&aside); err == nil {
		gauge(descAside, float64(aside))
	}
	rows, err := c.a.DB.Query(ctx, "SELECT state, COUNT(*) FROM channel_accounts WHERE archived_at = 0 AND active = 1 GROUP BY state")
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var n int64
		if rows.Scan(&state, &n) == nil {
			gauge(descAccounts, float64(n), state)
		}
	}
}

// visitorCollector reads the visitors' connections and what was refused when it is asked.
type visitorCollector struct{ a *App }

var (
	descVisitors = prometheus.NewDesc("kanal_widget_visitors", "Visitors of websites who are connected to this process.", nil, nil)
	descStreams  = prometheus.NewDesc("kanal_widget_streams", "Open streams and long polls of visitors.", nil, nil)
	descTold     = prometheus.NewDesc("kanal_widget_frames_total", "What visitors were told: live, replayed after a lost connection.", []string{"how"}, nil)
	descCut      = prometheus.NewDesc("kanal_widget_streams_cut_total", "Streams that were ended because their reader was too slow.", nil, nil)
	descRefused  = prometheus.NewDesc("kanal_widget_refused_total", "Requests of visitors that were refused, by reason.", []string{"reason"}, nil)
)

func (c visitorCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descVisitors, descStreams, descTold, descCut, descRefused} {
		out <- d
	}
}

func (c visitorCollector) Collect(out chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	n := c.a.Lobby.Numbers()
	send(descVisitors, prometheus.GaugeValue, float64(n.Visitors))
	send(descStreams, prometheus.GaugeValue, float64(n.Streams))
	send(descTold, prometheus.CounterValue, float64(n.Told), "live")
	send(descTold, prometheus.CounterValue, float64(n.Replayed), "replayed")
	send(descCut, prometheus.CounterValue, float64(n.Cut))
	for reason, count := range c.a.Guard.Refused() {
		send(descRefused, prometheus.CounterValue, float64(count), reason)
	}
}
