package hours

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Short reads hours as people write them in a settings file: days to times, like {mon-fri: "09:00-12:00, 13:00-17:00", sat: 10-14}.
func Short(days map[string]any) (Schedule, error) {
	var s Schedule
	for key, v := range days {
		on, err := daysOf(key)
		if err != nil {
			return s, err
		}
		text, ok := v.(string)
		if !ok {
			return s, bad("hours.short_malformed", "The hours of %s are a text like 09:00-17:00.", key).In(key)
		}
		for _, part := range strings.Split(text, ",") {
			from, to, ok := strings.Cut(strings.ReplaceAll(strings.TrimSpace(part), "–", "-"), "-")
			if from, to = clockOf(from), clockOf(to); !ok || from == "" || to == "" {
				return s, bad("hours.short_malformed", "%q is no span of time: write it like 09:00-17:00.", text).In(key)
			}
			s.Ranges = append(s.Ranges, Range{Days: on, From: from, To: to})
		}
	}
	slices.SortFunc(s.Ranges, func(a, b Range) int {
		return cmp.Or(slices.Compare(a.Days, b.Days), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return s, nil
}

// daysOf reads mon-fri, or sat, or mon,wed.
func daysOf(key string) ([]int, error) {
	var out []int
	for _, part := range strings.Split(strings.ToLower(key), ",") {
		a, b, span := strings.Cut(strings.TrimSpace(part), "-")
		from := slices.Index(weekdays, strings.TrimSpace(a))
		to := from
		if span {
			to = slices.Index(weekdays, strings.TrimSpace(b))
		}
		if from < 0 || to < 0 {
			return nil, bad("hours.short_malformed", "%q is no day of the week: write it like mon, mon-fri or sat,sun.", key).In(key)
		}
		for d := from; ; d = (d + 1) % 7 {
			if !slices.Contains(out, d+1) {
				out = append(out, d+1)
			}
			if d == to {
				break
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

var looseClock = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?$`)

func clockOf(s string) string {
	m := looseClock.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return ""
	}
	minutes := m[2]
	if minutes == "" {
		minutes = "00"
	}
	return strings.Repeat("0", 2-len(m[1])) + m[1] + ":" + minutes
}

// On is the schedule with the holidays of calendars on top of its own, which go first on a day that both name.
func (s Schedule) On(calendars ...[]Holiday) Schedule {
	out := s
	out.Holidays = slices.Clone(s.Holidays)
	has := map[string]bool{}
	for _, h := range s.Holidays {
		has[h.Date] = true
	}
	for _, days := range calendars {
		for _, h := range days {
			if !has[h.Date] {
				has[h.Date] = true
				out.Holidays = append(out.Holidays, h)
			}
		}
	}
	return out
}

// Always is a schedule in which somebody is there at any time but for its holidays.
func Always(zone string) Schedule {
	return Schedule{Timezone: zone, Ranges: []Range{{Days: []int{1, 2, 3, 4, 5, 6, 7}, From: "00:00", To: "24:00"}}}
}
