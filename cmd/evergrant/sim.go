package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/service/demo"
)

// simCommand is `evergrant sim`.
func (a *app) simCommand() *cobra.Command {
	listen, file := "127.0.0.1:8421", ""
	var seed uint64
	cmd := &cobra.Command{
		Use: "sim", Args: noArgs,
		Short: "Run the simulator of Instagram alone",
		Long: "Plays Instagram's three hosts on one address until it is interrupted, and prints the\n" +
			"settings that point Evergrant at it. Its management API is under /_sim/.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.simulate(cmd.Context(), listen, file, seed)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", listen, "`ADDRESS` to listen on; port 0 picks a free one")
	cmd.Flags().StringVar(&file, "scenario", "", "start with the accounts, tokens and faults of this JSON `FILE`")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "the same `NUMBER` gives the same tokens, shapes and chances")
	return cmd
}

func (a *app) simulate(ctx context.Context, listen, file string, seed uint64) (err error) {
	var scenario sim.Scenario
	if file != "" {
		if scenario, err = readScenario(file); err != nil {
			return err
		}
	}
	s, err := demo.Listen(ctx, listen, sim.Config{Seed: seed, Now: a.now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Apply(scenario); err != nil {
		return fmt.Errorf("scenario %s: %w", file, err)
	}
	if a.output.json {
		err = a.printJSON(map[string]any{"url": s.URL, "settings": s.Settings()})
	} else {
		err = a.printf("# the simulator answers at %s; interrupt it to end it\n%s", s.URL, exports(s.Settings()))
	}
	if err != nil {
		return err
	}
	<-ctx.Done() // the way to end it, so it is no error
	return nil
}

func readScenario(file string) (sim.Scenario, error) {
	f, err := os.Open(file)
	if err != nil {
		return sim.Scenario{}, fmt.Errorf("scenario: %w; check the path", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	scenario, err := sim.LoadScenario(f)
	if err != nil {
		return sim.Scenario{}, fmt.Errorf("scenario %s: %w", file, err)
	}
	return scenario, nil
}

// exports gives settings as lines for a shell.
func exports(settings []string) string {
	var b strings.Builder
	for _, pair := range settings {
		name, value, _ := strings.Cut(pair, "=")
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	return b.String()
}
