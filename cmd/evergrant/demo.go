package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant/service/demo"
	"github.com/evergrant/evergrant/service/settings"
)

// maxDemo is as many channels as a demonstration needs.
const maxDemo = 100_000

// demoCommand is `evergrant demo`.
func (a *app) demoCommand() *cobra.Command {
	o := demo.Options{Channels: 200, Listen: "127.0.0.1:0"}
	var stay bool
	cmd := &cobra.Command{
		Use: "demo", Args: noArgs,
		Short: "Show it at work: simulator, database and a fleet of every kind",
		Long: "Starts the simulator, makes a fleet with channels of every kind in a temporary directory,\n" +
			"and runs one round of convert and auto-refresh against it. It needs no settings, reads\n" +
			"none, and leaves nothing behind.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Channels < 1 || o.Channels > maxDemo {
				return usagef("--channels %d: give a number from 1 to %d", o.Channels, maxDemo)
			}
			return a.demonstrate(cmd.Context(), o, stay)
		},
	}
	cmd.Flags().IntVar(&o.Channels, "channels", o.Channels, "`N` channels")
	cmd.Flags().StringVar(&o.Listen, "listen", o.Listen, "`ADDRESS` of the simulator; port 0 picks a free one")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "the same `NUMBER` gives the same fleet")
	cmd.Flags().BoolVar(&stay, "stay", false, "keep simulator and database until interrupted, to try other commands on them")
	return cmd
}

func (a *app) demonstrate(ctx context.Context, o demo.Options, stay bool) (err error) {
	if o.Log, err = a.demoLogger(); err != nil {
		return err
	}
	bars := &stages{a: a}
	o.Now, o.Stage, o.Progress = a.now, bars.stage, bars.progress
	began := a.now()
	d, err := demo.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if !a.output.json && !a.quiet {
		if err := a.printf("simulator: %s (management API under /_sim/)\ndatabase:  %s (temporary)\n", d.Simulator.URL, d.Dir); err != nil {
			return err
		}
	}
	rep, err := d.Run(ctx)
	bars.end()
	if err != nil {
		return err
	}
	if err := a.printDemo(d, rep, a.now().Sub(began)); err != nil {
		return err
	}
	if stay {
		if err := a.stay(ctx, d); err != nil {
			return err
		}
	}
	if rep.AvoidableReconnects > 0 {
		return fmt.Errorf("demo: %d channels need their owner although their tokens were alive; please report this with --seed %d", rep.AvoidableReconnects, o.Seed)
	}
	return nil
}

// demoLogger logs only when asked: the demonstration's own report says what happened,
// and lost channels are part of the show.
func (a *app) demoLogger() (*slog.Logger, error) {
	if !a.command.Flag("log-level").Changed {
		return slog.New(slog.DiscardHandler), nil
	}
	s, err := settings.Load(settings.Input{
		Flags: map[string]string{"log-level": a.logLevel, "log-format": orWord(a.logForm, "text")},
		Env:   []string{"HOME=/"}, // nothing is read from the user's settings
	})
	if err != nil {
		return nil, err
	}
	return a.logger(s), nil
}

// stay keeps the demonstration up until it is interrupted, which is its proper end.
func (a *app) stay(ctx context.Context, d *demo.Demo) error {
	err := a.printf("the simulator stays up until you interrupt this; in another terminal:\n%s", exports(d.Env))
	if err == nil {
		<-ctx.Done()
	}
	return err
}
