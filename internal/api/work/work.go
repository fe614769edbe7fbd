// Package work has the operations around who gets what: skills, limits, what waits, and people's hours and absences. Handlers are thin: every rule is the
// noun's. app mounts them.
package work
