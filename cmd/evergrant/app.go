package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/evergrant/evergrant/service"
	"github.com/evergrant/evergrant/service/settings"
)

// An app is one run of the program: its surroundings and its global flags.
type app struct {
	env         []string
	in          io.Reader
	out, errOut io.Writer
	now         func() time.Time

	config   string
	database string
	logForm  string
	logLevel string
	output   output
	quiet    bool

	command *cobra.Command             // the one that runs; nil until the command line is understood
	started bool                       // it is; whatever fails from here on is no mistake of usage
	status  atomic.Pointer[statusLine] // the progress bar, if one is drawn now
}

// root builds the tree of commands.
func (a *app) root() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "evergrant",
		Short: "Keeps Instagram access tokens alive",
		Long: "Evergrant turns short-lived Instagram tokens into long-lived ones, stores them sealed,\n" +
			"refreshes them long before they expire, and says in time when only the owner can help.",
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.command, a.started = cmd, true
			return nil
		},
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.database, "database", "", "database `URL`: sqlite://PATH or postgres://… (EVERGRANT_DATABASE_URL)")
	flags.StringVar(&a.config, "config", "", "settings `FILE`, TOML ("+settings.ConfigEnv+")")
	flags.VarP(&a.output, "output", "o", "`FORM` of the result: table or json")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "print only what failed or needs its owner")
	flags.StringVar(&a.logForm, "log-format", "", "`FORM` of the log: text or json (EVERGRANT_LOG_FORMAT)")
	flags.StringVar(&a.logLevel, "log-level", "", "least `LEVEL` that is logged: debug, info, warn or error (EVERGRANT_LOG_LEVEL)")
	root.SetHelpCommand(a.helpCommand(root))
	root.AddCommand(
		a.demoCommand(), a.convertCommand(), a.autoRefreshCommand(), a.refreshCommand(), a.statusCommand(),
		a.planCommand(), a.whyCommand(), a.importCommand(), a.exportCommand(), a.disconnectCommand(), a.tokenCommand(),
		a.keysCommand(), a.simCommand(), a.doctorCommand(), a.configCommand(), a.versionCommand(),
	)
	root.SetFlagErrorFunc(flagError)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.errOut)
	root.InitDefaultCompletionCmd() // remembers where to write, hence after SetOut
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			group(cmd)
		}
	}
	return root
}

// group makes cmd a command that only holds others: by itself it shows its help, and
// a word that it does not know is a mistake.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		cmd.SuggestionsMinimumDistance = 2
		text := fmt.Sprintf("unknown command %q for %s", args[0], cmd.CommandPath())
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += ": did you mean " + strings.Join(near, " or ") + "?"
		}
		return usageError{text}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// called is a command as people type it behind the program's name.
func called(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// flagError says in plain words what a flag's value should be.
func flagError(_ *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	name, want := "--"+invalid.GetFlag().Name, invalid.Unwrap().Error()
	switch invalid.GetFlag().Value.Type() {
	case "int", "int64":
		want = "give a whole number"
	case "uint64":
		want = "give a whole number from 0 on"
	case "bool":
		want = "give true or false, or nothing"
	}
	return usagef("%s %q: %s", name, invalid.GetValue(), want)
}

// noArgs refuses words behind a command that takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, got %q", called(cmd), args[0])
	}
	return nil
}

func (a *app) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show the help of a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("no help on %q: there is no such command", strings.Join(args, " "))
			}
			return cmd.Help()
		},
	}
}

// settings loads all layers; see package settings.
func (a *app) settings() (*settings.Settings, error) {
	given := map[string]string{}
	for name, value := range map[string]string{"database": a.database, "log-format": a.logForm, "log-level": a.logLevel} {
		if flag := a.command.Flag(name); flag != nil && flag.Changed {
			given[name] = value
		}
	}
	return settings.Load(settings.Input{Flags: given, Env: a.env, File: a.config})
}

// open loads the settings and opens the service.
func (a *app) open(ctx context.Context, o service.Options) (*service.Service, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	return service.Open(ctx, s, a.options(s, o))
}

// options completes o with what all commands share.
func (a *app) options(s *settings.Settings, o service.Options) service.Options {
	o.Log, o.Now, o.Agent = a.logger(s), a.now, "evergrant/"+buildVersion()
	a.warnOfUnknown(o.Log)
	return o
}

// warnOfUnknown tells of variables that look like settings and are none.
func (a *app) warnOfUnknown(log *slog.Logger) {
	unknown := settings.UnknownEnv(a.env)
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		remedy := "remove it, or see evergrant config explain for the names"
		if near := unknown[name]; near != "" {
			remedy = "did you mean " + near + "?"
		}
		log.Warn("a variable of the environment is no setting and is ignored", "variable", name, "remedy", remedy)
	}
}

// with runs work on an open service, and closes it.
func (a *app) with(ctx context.Context, o service.Options, work func(*service.Service) error) error {
	svc, err := a.open(ctx, o)
	if err != nil {
		return err
	}
	err = work(svc)
	if closing := svc.Close(); closing != nil {
		return errors.Join(err, closing)
	}
	return err
}

// logger writes to standard error: text on a terminal, JSON otherwise, unless a
// setting decides. Quiet leaves warnings and errors.
func (a *app) logger(s *settings.Settings) *slog.Logger {
	level := s.LogLevel
	if a.quiet {
		level = max(level, slog.LevelWarn)
	}
	options := &slog.HandlerOptions{Level: level}
	form := s.LogFormat
	if form == "" {
		form = "json"
		if _, ok := terminal(a.errOut); ok {
			form = "text"
		}
	}
	w := logWriter{a}
	if form == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
