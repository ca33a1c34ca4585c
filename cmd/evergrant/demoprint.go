package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evergrant/evergrant/service/demo"
)

// stages shows the stages of a demonstration, one bar after the other.
type stages struct {
	a    *app
	what string
	step func(done, total int)
	done func()
}

// stage ends the bar of the last stage.
func (s *stages) stage(what string) {
	s.end()
	s.what = what
}

// progress draws the bar of the present stage.
func (s *stages) progress(done, total int) {
	if s.step == nil {
		s.step, s.done = s.a.counter(s.what)
	}
	s.step(done, total)
}

// end takes the bar away.
func (s *stages) end() {
	if s.done != nil {
		s.done()
	}
	s.step, s.done = nil, nil
}

// printDemo prints the closing report.
func (a *app) printDemo(d *demo.Demo, rep demo.Report, took time.Duration) error {
	if a.output.json {
		return a.printJSON(struct {
			demo.Report
			Simulator string  `json:"simulator"`
			Database  string  `json:"database"`
			Seconds   float64 `json:"seconds"`
		}{rep, d.Simulator.URL, d.Dir, took.Seconds()})
	}
	table := a.sheet("kind of channel", "channels", "converted", "refreshed", "untouched", "failed", "owner", "works", "avoidable")
	for _, k := range rep.Kinds {
		err := table.row(k.Kind, fmt.Sprint(k.Channels), fmt.Sprint(k.Converted), fmt.Sprint(k.Refreshed), fmt.Sprint(k.Untouched),
			fmt.Sprint(k.Failed), fmt.Sprint(k.NeedOwner), fmt.Sprint(k.WorkingNow), fmt.Sprint(k.Avoidable))
		if err != nil {
			return err
		}
	}
	if err := table.end(); err != nil {
		return err
	}
	calls := []string{}
	for _, endpoint := range slices.Sorted(maps.Keys(rep.Calls)) {
		calls = append(calls, fmt.Sprintf("%d %s", rep.Calls[endpoint], endpoint))
	}
	verdict := a.paint("no reconnect that could have been avoided", green)
	if rep.AvoidableReconnects > 0 {
		verdict = a.paint(fmt.Sprintf("%d reconnects that could have been avoided", rep.AvoidableReconnects), red)
	}
	return a.printf("demo: %s in %.1f s; calls: %s; %s\n",
		counted(rep.Import.Created, "channel"), took.Seconds(), strings.Join(calls, ", "), verdict)
}
