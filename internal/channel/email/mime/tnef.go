package mime

import "strings"

func isTNEF(p *Part) bool {
	switch p.Type {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return true
	}
	n := strings.ToLower(p.Filename())
	return n == "winmail.dat" || n == "win.dat"
}

func (c *collector) tnef(p *Part) { c.attach(p, false) }
