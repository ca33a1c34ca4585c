package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant/service/settings"
)

// configCommand is `evergrant config`.
func (a *app) configCommand() *cobra.Command {
	cmd := group(&cobra.Command{Use: "config", Short: "Look at the settings"})
	cmd.AddCommand(&cobra.Command{
		Use: "explain", Args: noArgs,
		Short: "Show each setting, its value and where it came from",
		Long: "Shows each setting with its value and the flag, variable, file or default that it came\n" +
			"from. Of secrets it says only whether they are set.",
		RunE: func(*cobra.Command, []string) error {
			s, problems := a.settings()
			a.warnOfUnknown(a.logger(s))
			if err := a.printSettings(s.Explain()); err != nil {
				return err
			}
			return problems
		},
	})
	return cmd
}

func (a *app) printSettings(list []settings.Explained) error {
	if a.output.json {
		return a.printJSON(map[string]any{"settings": list})
	}
	table := a.sheet("setting", "from", "value")
	for _, e := range list {
		from := strings.TrimSuffix(e.Source, " "+e.Name)
		if err := table.row(e.Name, plainText(from), plainText(e.Value)); err != nil {
			return err
		}
	}
	return table.end()
}
