package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/service"
)

// statusCommand is `evergrant status`.
func (a *app) statusCommand() *cobra.Command {
	var id int64
	var status, tenant string
	cmd := &cobra.Command{
		Use: "status", Aliases: []string{"check_instagram_tokens"}, Args: noArgs,
		Short: "Show what is stored, without asking Instagram",
		Long: "Shows the channels as they are stored: no call is made and nothing is changed. The exit\n" +
			"code is 3 when one of them needs its owner.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkChannelFlag(cmd); err != nil {
				return err
			}
			filter := evergrant.Filter{Tenant: tenant}
			if status != "" {
				if !slices.Contains(evergrant.Statuses(), evergrant.Status(status)) {
					return usagef("--status %q: give one of %v", status, evergrant.Statuses())
				}
				filter.Statuses = []evergrant.Status{evergrant.Status(status)}
			}
			if id != 0 && (status != "" || tenant != "") {
				return usagef("--channel-id stands alone: leave out --status and --tenant")
			}
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				sum, err := a.printStatus(cmd.Context(), s, id, filter)
				if err == nil && sum.NeedOwner() > 0 {
					return errAttention
				}
				return err
			})
		},
	}
	channelFlag(cmd, &id, "only this channel")
	cmd.Flags().StringVar(&status, "status", "", "only channels with this `STATUS`: connected, paused, reconnect_required, disconnected")
	cmd.Flags().StringVar(&tenant, "tenant", "", "only channels of this `TENANT`")
	return cmd
}

func (a *app) printStatus(ctx context.Context, s *service.Service, id int64, f evergrant.Filter) (service.FleetSummary, error) {
	walk := func(visit func(evergrant.Channel) error) (service.FleetSummary, error) {
		if id != 0 {
			return s.Channel(ctx, id, visit)
		}
		return s.Walk(ctx, f, visit)
	}
	if a.output.json {
		return a.statusJSON(walk)
	}
	return a.statusTable(walk)
}

// A walk calls a function for each channel and counts them.
type walk func(visit func(evergrant.Channel) error) (service.FleetSummary, error)

// statusJSON writes the channels as they come, so that a fleet of any size fits in
// memory. Nothing is written when the walk fails before its first channel.
func (a *app) statusJSON(walk walk) (service.FleetSummary, error) {
	out := bufio.NewWriter(a.out)
	opening := "{\"channels\":[\n"
	sum, err := walk(func(c evergrant.Channel) error {
		data, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("channel %d: %w", c.ID, err)
		}
		_, err = fmt.Fprintf(out, "%s%s", opening, data)
		opening = ",\n"
		return wrote(err)
	})
	if err != nil {
		return sum, err
	}
	if sum.Channels == 0 {
		_, _ = out.WriteString("{\"channels\":[") // an error comes back from Flush
	}
	data, err := json.Marshal(sum)
	if err != nil {
		return sum, fmt.Errorf("summary: %w", err)
	}
	_, _ = fmt.Fprintf(out, "],\n\"summary\":%s}\n", data)
	return sum, wrote(out.Flush())
}

func (a *app) statusTable(walk walk) (service.FleetSummary, error) {
	table := a.sheet("id", "username", "?tenant", "status", "?kind", "?expires", "?next", "?note")
	sum, err := walk(func(c evergrant.Channel) error {
		if a.quiet && c.Status != evergrant.ReconnectRequired && c.Status != evergrant.Paused {
			return nil
		}
		return table.row(fmt.Sprint(c.ID), plainText(c.Name()), plainText(c.Tenant), a.paint(string(c.Status), statusColour(c.Status)),
			string(c.TokenKind), a.when(c.ExpiresAt), a.due(c.NextAttemptAt), plainText(noteOn(c)))
	})
	if err != nil {
		return sum, err
	}
	if err := table.end(); err != nil {
		return sum, err
	}
	if a.quiet {
		return sum, nil
	}
	return sum, a.printf("%s\n", fleetLine(sum))
}

// noteOn is what else there is to say about a channel: why it does not work, or what
// went wrong last.
func noteOn(c evergrant.Channel) string {
	if c.Reason != "" {
		return c.Reason
	}
	return errorText(c.LastError)
}

func fleetLine(sum service.FleetSummary) string {
	line := "status: " + counted(sum.Channels, "channel")
	separator := ": "
	for _, status := range evergrant.Statuses() {
		if n := sum.ByStatus[status]; n > 0 {
			line += fmt.Sprintf("%s%d %s", separator, n, status)
			separator = ", "
		}
	}
	return line
}
