package main

import (
	"fmt"
	"strings"

	"github.com/evergrant/evergrant"
)

// fewChannels is how many channels a person wants to see in full.
const fewChannels = 20

// report prints what a run did, and ends the command with the exit code that fits.
// JSON holds everything. A table holds the channels with which something happened; in
// a pipe, such as cron's, nothing at all is printed when nothing did, unless the channel was
// asked for by name.
func (a *app) report(rep evergrant.Report, named bool) error {
	if err := a.printReport(rep, named); err != nil {
		return err
	}
	if rep.Stopped != "" && rep.DryRun {
		return fmt.Errorf("%s could not look at every channel: %s", rep.Command, oneLine(rep.Stopped))
	}
	if rep.Stopped != "" {
		a.complain(oneLine(fmt.Sprintf("%s ended early: %s", rep.Command, rep.Stopped)))
	}
	if rep.NeedsAttention() {
		return errAttention
	}
	return nil
}

func (a *app) printReport(rep evergrant.Report, named bool) error {
	if a.output.json {
		return a.printJSON(rep)
	}
	all := !a.quiet && (named || a.onTerminal() && rep.Summary.Channels <= fewChannels)
	table := a.sheet("id", "username", "?kind", "?status", "outcome", "?expires", "reason")
	shown := 0
	for _, c := range rep.Channels {
		if !all && !a.worthShowing(c) {
			continue
		}
		shown++
		err := table.row(fmt.Sprint(c.ID), plainText(c.Username), string(c.TokenKind), a.paint(string(c.Status), statusColour(c.Status)),
			a.paint(string(c.Outcome), outcomeColour(c.Outcome)), a.when(c.ExpiresAt), plainText(reasonOf(c)))
		if err != nil {
			return err
		}
	}
	if err := table.end(); err != nil {
		return err
	}
	if a.quiet || shown == 0 && rep.Stopped == "" && !a.onTerminal() {
		return nil
	}
	return a.printf("%s\n", summaryLine(rep))
}

// worthShowing reports whether something happened with the channel or, for the quiet,
// whether it failed or needs its owner.
func (a *app) worthShowing(c evergrant.Result) bool {
	switch c.Outcome {
	case evergrant.OutcomeFailed, evergrant.OutcomeReconnect:
		return true
	case evergrant.OutcomeSkipped:
		return c.Status == evergrant.Paused
	}
	return !a.quiet
}

// reasonOf is the reason with what Meta said, where that says more.
func reasonOf(c evergrant.Result) string {
	if c.Error == nil || c.Error.Message == "" || strings.Contains(c.Reason, c.Error.Message) {
		return c.Reason
	}
	return c.Reason + " (" + errorText(c.Error) + ")"
}

// errorText is a stored error in a few words.
func errorText(e *evergrant.LastError) string {
	if e == nil {
		return ""
	}
	switch {
	case e.Code != 0 && e.Subcode != 0:
		return fmt.Sprintf("%s, code %d/%d: %s", e.Class, e.Code, e.Subcode, e.Message)
	case e.Code != 0:
		return fmt.Sprintf("%s, code %d: %s", e.Class, e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Class, e.Message)
}

// summaryLine counts the outcomes that occurred.
func summaryLine(rep evergrant.Report) string {
	s := rep.Summary
	name := string(rep.Command)
	if rep.DryRun {
		name += " (nothing was changed)"
	}
	parts := []string{}
	for _, count := range []struct {
		n    int
		word string
	}{
		{s.Planned, "planned"},
		{s.Converted, "converted"},
		{s.Refreshed, "refreshed"},
		{s.Skipped, "skipped"},
		{s.Failed, "failed"},
		{s.Reconnect, "to be reconnected by the owner"},
	} {
		if count.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count.n, count.word))
		}
	}
	line := name + ": " + counted(int64(s.Channels), "channel")
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, ", ")
	}
	return line
}

// counted is a number with its noun.
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func statusColour(s evergrant.Status) colour {
	switch s {
	case evergrant.Connected:
		return green
	case evergrant.Paused:
		return yellow
	case evergrant.ReconnectRequired:
		return red
	}
	return ""
}

func outcomeColour(o evergrant.Outcome) colour {
	switch o {
	case evergrant.OutcomeConverted, evergrant.OutcomeRefreshed:
		return green
	case evergrant.OutcomeFailed:
		return yellow
	case evergrant.OutcomeReconnect:
		return red
	}
	return ""
}
