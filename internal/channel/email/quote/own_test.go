package quote

import (
	"strings"
	"testing"
)

// EM-29: what a sender pasted into the own text is never folded away: prompts, cited passages, logs, settings, header lines.
func TestPastedTextIsNotHistory(t *testing.T) {
	header := "From: Mira <m@x.example>\nTo: Bo <bo@x.example>\nSubject: hello\nDate: Tue, 12 Mar 2024 10:15:00 +0100"
	for name, in := range map[string]Input{
		"prompts":         {Plain: "I ran:\n> npm install\n> npm start\nand got an error"},
		"prompts, new":    {Plain: "I ran this\n\n> npm install", New: true},
		"prompts at end":  {Plain: "I typed this:\n> select 1;\n> select 2;"},
		"repl":            {Plain: "See\n\n>>> import foo\n>>> foo.bar()"},
		"passage":         {Plain: "The manual says\n\n> You may return goods.\n\nbut I cannot"},
		"passage first":   {Plain: "> You may return goods.\n\nis what your page says"},
		"settings":        {Plain: "config:\n\nmailer:\n  from: noreply@x.example\n  to: ops@x.example\n  subject: alert\n  date: 2024-03-12 10:15\nthanks"},
		"log":             {Plain: "see\n2024-03-12 10:15:00 ERROR user a@b.example failed:\n  at x\n2024-03-12 10:15:01 ERROR again:\nend"},
		"raw header":      {Plain: "I got\n\nReceived: from a by b; Tue, 12 Mar 2024 10:15:00 +0100\n" + header + "\n\nwhat is it?"},
		"header in a new": {Plain: "I got\n\n" + header + "\n\nIs it yours?", New: true},
	} {
		if o := Split(in); o.Split {
			t.Errorf("%s: folded %q", name, o.QuotedText)
		}
	}
}

// EM-29: the same shapes are history where a program wrote them, and an answer under marked quotes stays.
func TestHistoryIsFoldedUnderUnusualMarks(t *testing.T) {
	for name, s := range map[string]string{
		"zoho, answer below":      "---- On Tue, 12 Mar 2024 10:15:00 +0100 Ann Holm <ann@x.example> wrote ----\n> OLD\n> OLD\n\nNEW",
		"seznam, answer below":    "---------- Původní e-mail ----------\nOd: Ann Holm <ann@x.example>\nKomu: bo@x.example\nDatum: 12. 3. 2024 10:15:00\nPředmět: x\n> OLD\n\nNEW",
		"orange":                  "NEW\n\n> Message du 12/03/24 10:15\n> De : \"Ann Holm\" <ann@x.example>\n> A : bo@x.example\n> Objet : x\n>\n> OLD",
		"orange, answer below":    "> Message du 12/03/24 10:15\n> De : \"Ann Holm\" <ann@x.example>\n> A : bo@x.example\n> Objet : x\n>\n> OLD\n\nNEW",
		"groupwise":               "NEW\n\n>>> Ann Holm <ann@x.example> 12.03.2024 10:15 >>>\nOLD\n\nOLD",
		"reply above":             "NEW\n\n## Please type your reply above this line ##\n\nOLD",
		"reply above de":          "NEW\n\n##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##\n\nOLD",
		"horde de":                "NEW\n\nZitat von Ann Holm <ann@x.example>:\n\n> OLD",
		"libero":                  "NEW\n\n----Messaggio originale----\nDa: ann@x.example\nData: 12/03/2024 10.15\nA: <bo@x.example>\nOgg: x\n\nOLD",
		"right to left":           "NEW\n\n\u202bבתאריך יום ג׳, 12 במרץ 2024 ב-10:15 מאת \u202aAnn Holm\u202c\u200f <\u202aann@x.example\u202c\u200f>:\u202c\n\n> OLD",
		"two lines":               "NEW\n\nVon: Ann Holm\nGesendet: Dienstag, 12. März 2024 10:15\n\nOLD",
		"who and whom":            "NEW\n\nFrom: Ann Holm <ann@x.example>\nTo: Bo\n\nOLD",
		"drawn line":              "NEW\n\n" + strings.Repeat("─", 20) + "\nFrom: Ann Holm <ann@x.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Bo\nSubject: x\n\nOLD",
		"importance before block": "NEW\n\nImportance: High\nFrom: Ann Holm <ann@x.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Bo\nSubject: x\n\nOLD",
	} {
		t.Run(name, func(t *testing.T) { check(t, Split(Input{Plain: s})) })
	}
	check(t, Split(Input{Plain: "NEW\n\nFrom: Ann Holm <ann@x.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Bo\nSubject: x\n\nOLD", New: true}))
}

// EM-29: between marked quotes the words stay where they are, also under a header block.
func TestAnswersBetweenQuotesUnderABlockAreNeverFolded(t *testing.T) {
	for name, s := range map[string]string{
		"zoho":   "---- On Tue, 12 Mar 2024 10:15:00 +0100 Ann <ann@x.example> wrote ----\n> question 1\nNEW one\n> question 2\nNEW two",
		"orange": "> Message du 12/03/24 10:15\n> De : \"Ann\" <ann@x.example>\n> A : bo@x.example\n> Objet : x\n>\n> question 1\nNEW one\n> question 2\nNEW two",
	} {
		if o := Split(Input{Plain: s}); o.Split {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
