package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/service"
	"github.com/evergrant/evergrant/service/settings"
)

// Options say how large the demonstration is. Channels must be 1 or more.
type Options struct {
	Channels int
	Listen   string // address of the simulator; port 0 picks a free one
	Seed     uint64 // the same seed gives the same fleet
	Now      func() time.Time
	Log      *slog.Logger
	// Stage is called before each stage, with what it does; Progress during the stage.
	// nil: nobody looks.
	Stage    func(what string)
	Progress func(done, total int)
}

// latency makes the simulator about as slow as a near server.
const latency = 20 * time.Millisecond

// A Demo is a demonstration under way. Make one with [Start], and close it.
type Demo struct {
	Simulator *Simulator
	Dir       string   // the temporary directory, gone after Close
	Env       []string // the settings that point Evergrant at it, as NAME=value

	opts Options
}

// Start starts the simulator and makes the temporary directory.
func Start(ctx context.Context, o Options) (*Demo, error) {
	if o.Stage == nil {
		o.Stage = func(string) {}
	}
	s, err := Listen(ctx, o.Listen, sim.Config{Seed: o.Seed, Now: o.Now, Latency: latency})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "evergrant-demo-")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a temporary directory: %w", err), s.Close())
	}
	env := append(s.Settings(), "EVERGRANT_STATE_DIR="+dir, "EVERGRANT_RATE=5000", "EVERGRANT_CONCURRENCY=32")
	return &Demo{Simulator: s, Dir: dir, Env: env, opts: o}, nil
}

// Close stops the simulator and removes the temporary directory.
func (d *Demo) Close() error {
	return errors.Join(d.Simulator.Close(), os.RemoveAll(d.Dir))
}

// Run makes the fleet, imports it, and does one round of convert and auto-refresh.
func (d *Demo) Run(ctx context.Context) (Report, error) {
	d.opts.Stage("make the fleet")
	fleet, err := populate(d.Simulator.Server, d.opts.Channels)
	if err != nil {
		return Report{}, err
	}
	cfg, err := settings.Load(settings.Input{Env: d.Env})
	if err != nil {
		return Report{}, err
	}
	options := service.Options{Log: d.opts.Log, Now: d.opts.Now}
	d.opts.Stage("import")
	sum, err := load(ctx, cfg, options, fleet)
	if err != nil {
		return Report{}, err
	}
	svc, err := service.Open(ctx, cfg, options)
	if err != nil {
		return Report{}, err
	}
	rep, err := d.round(ctx, svc, fleet, sum)
	return rep, errors.Join(err, svc.Close())
}

func (d *Demo) round(ctx context.Context, svc *service.Service, fleet []member, sum service.ImportSummary) (Report, error) {
	j := newJudge(d.Simulator.Server, fleet, sum)
	for _, job := range []evergrant.Job{
		{Command: evergrant.CommandConvert},
		{Command: evergrant.CommandAutoRefresh, Within: 7 * day},
	} {
		d.opts.Stage(string(job.Command))
		job.Progress = d.opts.Progress
		rep, err := svc.Run(ctx, job)
		if err != nil {
			return Report{}, err
		}
		if rep.Stopped != "" {
			return Report{}, fmt.Errorf("%s ended early: %s", job.Command, rep.Stopped)
		}
		j.run(rep)
	}
	return j.verdict(ctx, svc)
}

// load imports the fleet as CSV, the way an operator would.
func load(ctx context.Context, cfg *settings.Settings, o service.Options, fleet []member) (service.ImportSummary, error) {
	r, w := io.Pipe()
	written := make(chan struct{})
	go func() {
		defer close(written)
		_ = w.CloseWithError(writeCSV(w, fleet)) // never fails, says its doc
	}()
	var first error
	sum, err := service.Import(ctx, cfg, o, r, service.ImportOptions{Format: service.CSV}, func(p service.ImportProblem) {
		if first == nil {
			first = fmt.Errorf("import: %s", p)
		}
	})
	_ = r.Close() // never fails, says its doc; ends the writer if the import broke off
	<-written
	return sum, errors.Join(err, first)
}
