package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/service"
)

// planCommand is `evergrant plan`.
func (a *app) planCommand() *cobra.Command {
	days := 30
	var calendar bool
	cmd := &cobra.Command{
		Use: "plan", Args: noArgs,
		Short: "Show what will be done, when and why",
		Long: "Shows the next action of each channel within the given days, in order of time, with its\n" +
			"reasons; with --calendar how many fall on each day. It calls nobody and changes nothing.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 1 || days > 366 {
				return usagef("--days %d: give a number of days from 1 to 366", days)
			}
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				plan, err := s.Keeper().Plan(cmd.Context(), time.Duration(days)*24*time.Hour)
				if err != nil {
					return err
				}
				return a.printPlan(plan, calendar)
			})
		},
	}
	cmd.Flags().IntVar(&days, "days", days, "look `N` days ahead")
	cmd.Flags().BoolVar(&calendar, "calendar", false, "show the load of each day instead")
	return cmd
}

func (a *app) printPlan(p evergrant.Plan, calendar bool) error {
	switch {
	case a.output.json:
		return a.printJSON(p)
	case calendar:
		return a.printCalendar(p)
	}
	table := a.sheet("when", "id", "username", "action", "?expires", "why")
	for _, action := range p.Actions {
		err := table.row(a.due(action.At), fmt.Sprint(action.ID), plainText(action.Username), string(action.Action),
			a.when(action.Latest), plainText(strings.Join(action.Reasons, "; ")))
		if err != nil {
			return err
		}
	}
	if err := table.end(); err != nil {
		return err
	}
	return a.planLine(p)
}

func (a *app) printCalendar(p evergrant.Plan) error {
	table := a.sheet("day", "actions", "expiries if nothing is done", "load")
	most := 1
	for _, day := range p.Calendar {
		most = max(most, day.Actions)
	}
	for _, day := range p.Calendar {
		bar := strings.Repeat("#", (day.Actions*30+most-1)/most)
		if err := table.row(day.Date, fmt.Sprint(day.Actions), fmt.Sprint(day.Expiries), bar); err != nil {
			return err
		}
	}
	if err := table.end(); err != nil {
		return err
	}
	return a.planLine(p)
}

func (a *app) planLine(p evergrant.Plan) error {
	line := fmt.Sprintf("plan: %s until %s", counted(int64(len(p.Actions)), "action"), p.Until.UTC().Format(time.DateOnly))
	if p.NeedOwner > 0 {
		line += fmt.Sprintf("; %s only the owner can help", counted(int64(p.NeedOwner), "channel"))
	}
	return a.printf("%s\n", line)
}
