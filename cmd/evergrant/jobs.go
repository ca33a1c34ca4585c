package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/service"
)

// convertCommand is `evergrant convert`.
func (a *app) convertCommand() *cobra.Command {
	job := evergrant.Job{Command: evergrant.CommandConvert}
	cmd := &cobra.Command{
		Use: "convert", Aliases: []string{"convert_instagram_tokens"}, Args: noArgs,
		Short: "Exchange short-lived tokens for long-lived ones",
		Long: "Exchanges every short-lived token for a long-lived one, and finds out what tokens of\n" +
			"unknown kind are. Needs INSTAGRAM_CLIENT_SECRET. With --check-only it reads the database\n" +
			"and says what it would do; it calls nobody and changes nothing.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd, job) },
	}
	channelFlag(cmd, &job.ChannelID, "only this channel")
	cmd.Flags().BoolVar(&job.DryRun, "check-only", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&job.Force, "force", false, "also tokens that are known as long-lived")
	return cmd
}

// autoRefreshCommand is `evergrant auto-refresh`.
func (a *app) autoRefreshCommand() *cobra.Command {
	job := evergrant.Job{Command: evergrant.CommandAutoRefresh}
	days := 7
	cmd := &cobra.Command{
		Use: "auto-refresh", Aliases: []string{"auto_refresh_instagram_tokens"}, Args: noArgs,
		Short: "Refresh the tokens that expire soon",
		Long: "Refreshes every long-lived token that expires within --days-before-expiry days, and\n" +
			"converts short-lived ones. Made for cron: it prints nothing when nothing happened.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 0 || days > 365 {
				return usagef("--days-before-expiry %d: give a number of days from 0 to 365", days)
			}
			job.Within = time.Duration(days) * 24 * time.Hour
			return a.run(cmd, job)
		},
	}
	cmd.Flags().IntVar(&days, "days-before-expiry", days, "refresh what expires within `N` days")
	cmd.Flags().BoolVar(&job.DryRun, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&job.Force, "force-all", false, "refresh every token that is old enough, however long it lives")
	return cmd
}

// refreshCommand is `evergrant refresh`.
func (a *app) refreshCommand() *cobra.Command {
	job := evergrant.Job{Command: evergrant.CommandRefresh}
	cmd := &cobra.Command{
		Use: "refresh", Aliases: []string{"refresh_instagram_tokens"}, Args: noArgs,
		Short: "Refresh tokens now, or ask whether they work",
		Long: "Refreshes one channel's token, or those of all connected channels, as soon as Instagram\n" +
			"allows it: a token must be 24 hours old. With --check-only it asks Instagram whose token\n" +
			"it is, which changes nothing, and says what a refresh would do.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd, job) },
	}
	channelFlag(cmd, &job.ChannelID, "only this channel")
	cmd.Flags().BoolVar(&job.Check, "check-only", false, "ask Instagram whether the token works, and change nothing")
	return cmd
}

// run does a job over the fleet and prints its report.
func (a *app) run(cmd *cobra.Command, job evergrant.Job) error {
	if err := checkChannelFlag(cmd); err != nil {
		return err
	}
	return a.with(cmd.Context(), service.Options{Offline: job.DryRun}, func(s *service.Service) error {
		var done func()
		job.Progress, done = a.counter(string(job.Command))
		if !a.output.json {
			job.MaxSkipped = fewChannels // a table counts the others
		}
		rep, err := runJob(cmd.Context(), s, job, done)
		if err != nil {
			return err
		}
		return a.report(rep, job.ChannelID != 0)
	})
}

// runJob takes the progress bar away before anything else is printed.
func runJob(ctx context.Context, s *service.Service, job evergrant.Job, done func()) (evergrant.Report, error) {
	defer done()
	return s.Run(ctx, job)
}

// channelFlag adds --channel-id. Zero means that it was not given.
func channelFlag(cmd *cobra.Command, id *int64, help string) {
	cmd.Flags().Int64Var(id, "channel-id", 0, help+": its `ID`")
}

// checkChannelFlag refuses ids that no channel has.
func checkChannelFlag(cmd *cobra.Command) error {
	flag := cmd.Flags().Lookup("channel-id")
	if flag == nil || !flag.Changed {
		return nil
	}
	if id, err := cmd.Flags().GetInt64("channel-id"); err != nil || id <= 0 {
		return usagef("--channel-id %s: give the id of a channel, a number from 1 on", flag.Value)
	}
	return nil
}

// needChannel is for commands that work on one channel only.
func needChannel(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("channel-id") {
		return usagef("%s needs --channel-id", called(cmd))
	}
	return checkChannelFlag(cmd)
}
