package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/service"
)

// whyCommand is `evergrant why`.
func (a *app) whyCommand() *cobra.Command {
	var id int64
	cmd := &cobra.Command{
		Use: "why", Args: noArgs,
		Short: "Explain one channel: what happens next, and what happened last",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needChannel(cmd); err != nil {
				return err
			}
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				why, err := s.Keeper().Why(cmd.Context(), id)
				if err != nil {
					return err
				}
				return a.printWhy(why)
			})
		},
	}
	channelFlag(cmd, &id, "the channel")
	return cmd
}

func (a *app) printWhy(e evergrant.Explanation) error {
	if a.output.json {
		return a.printJSON(e)
	}
	c := e.Channel
	lines := []string{
		fmt.Sprintf("channel %d (%s): %s, token %s", c.ID, plainText(c.Name()), a.paint(string(c.Status), statusColour(c.Status)), c.TokenKind),
		"expires: " + orWord(a.whenExactly(c.ExpiresAt), "nobody knows when") + saidBy(c.ExpirySource),
		"next: " + string(e.Action) + ", " + orWord(a.whenExactly(e.At), "at no set time"),
	}
	for _, reason := range e.Reasons {
		lines = append(lines, "  because: "+plainText(reason))
	}
	if c.LastError != nil {
		lines = append(lines, "last error: "+plainText(errorText(c.LastError)))
	}
	for _, line := range lines {
		if err := a.printf("%s\n", line); err != nil {
			return err
		}
	}
	return a.printEvents(e.Events)
}

func (a *app) printEvents(events []evergrant.Event) error {
	table := a.sheet("at", "event", "what")
	for _, ev := range events {
		what := ev.Reason
		if ev.Error != nil && what == "" {
			what = errorText(ev.Error)
		}
		if until := ev.Data["expires_at"]; until != "" && what == "" {
			what = "expires " + until
		}
		if err := table.row(exact(ev.At), string(ev.Type), plainText(what)); err != nil {
			return err
		}
	}
	return table.end()
}

// whenExactly is an instant, on a terminal with its distance.
func (a *app) whenExactly(at time.Time) string {
	if at.IsZero() || !a.onTerminal() {
		return exact(at)
	}
	return exact(at) + " (" + a.when(at) + ")"
}

// saidBy says how an expiry is known.
func saidBy(source evergrant.ExpirySource) string {
	switch source {
	case evergrant.FromProvider:
		return ", said by Instagram"
	case evergrant.FromImport:
		return ", said by the import"
	case evergrant.FromGuess:
		return ", assumed"
	}
	return ""
}

// orWord is the text, or a word for its absence.
func orWord(text, word string) string {
	if text == "" {
		return word
	}
	return text
}
