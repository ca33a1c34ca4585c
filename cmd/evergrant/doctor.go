package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant/service/doctor"
)

// doctorCommand is `evergrant doctor`.
func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Args: noArgs,
		Short: "Examine settings, database, keyset, clock, network and schedule",
		Long: "Examines the installation and changes nothing. Each finding that is not well comes with a\n" +
			"remedy. The exit code is 1 when a check fails.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, problems := a.settings()
			rep := doctor.Examine(cmd.Context(), doctor.Input{
				Settings: s, Problems: problems, Env: a.env, Now: a.now, Log: a.logger(s),
			})
			if err := a.printChecks(rep); err != nil {
				return err
			}
			if rep.OK {
				return nil
			}
			failed := 0
			for _, c := range rep.Checks {
				if c.Verdict == doctor.Fail {
					failed++
				}
			}
			return errors.New("doctor: " + counted(int64(failed), "check") + " failed; the remedies are beside them")
		},
	}
}

func (a *app) printChecks(rep doctor.Report) error {
	if a.output.json {
		return a.printJSON(rep)
	}
	table := a.sheet("check", "verdict", "finding")
	for _, c := range rep.Checks {
		if a.quiet && c.Verdict == doctor.OK {
			continue
		}
		finding := c.Detail
		if c.Remedy != "" {
			finding = fmt.Sprintf("%s -> %s", c.Detail, c.Remedy)
		}
		if err := table.row(c.Name, a.paint(string(c.Verdict), verdictColour(c.Verdict)), plainText(finding)); err != nil {
			return err
		}
	}
	return table.end()
}

func verdictColour(v doctor.Verdict) colour {
	switch v {
	case doctor.Warn:
		return yellow
	case doctor.Fail:
		return red
	}
	return green
}
