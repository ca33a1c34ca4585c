package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/service/settings"
)

// The exit codes, which people script against.
const (
	exitOK        = 0
	exitFailed    = 1 // the command could not do its work
	exitUsage     = 2 // wrong usage
	exitAttention = 3 // it did its work, and a channel failed or needs its owner
)

// run is the whole program with everything that it touches as an argument. SIGINT and
// SIGTERM end it gently: calls under way are finished and stored. A second one ends
// it at once. A reader that leaves (| head) ends nothing: the work is done to its end.
func run(ctx context.Context, args, env []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	signal.Ignore(syscall.SIGPIPE) // or a log line into a closed pipe would kill us between call and commit
	a := &app{env: env, in: in, out: out, errOut: errOut, now: time.Now}
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exit(cmd, err)
}

// errAttention ends a command that did its work and found a channel that somebody
// should look at. The output has said so already.
var errAttention = errors.New("a channel needs attention")

// A usageError is a mistake in the command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// exit reports an error in one line (settings: one for each problem) and gives the
// exit code. What fails before a command starts is a mistake in the command line.
func (a *app) exit(cmd *cobra.Command, err error) int {
	var usage usageError
	var problems settings.Problems
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errAttention):
		return exitAttention
	case errors.As(err, &usage), !a.started:
		a.complain(oneLine(err.Error()) + "; try " + cmd.CommandPath() + " --help")
		return exitUsage
	case errors.As(err, &problems):
		return a.exitProblems(problems)
	case errors.Is(err, evergrant.ErrNotFound) && channelOf(cmd) != "":
		a.complain("channel " + channelOf(cmd) + ": " + evergrant.ErrNotFound.Error() + "; evergrant status lists them")
		return exitFailed
	case errors.Is(err, syscall.EPIPE): // the reader has seen enough
		return exitOK
	case errors.Is(err, context.Canceled):
		a.complain("interrupted: what was under way is stored; run the command again for the rest")
		return exitFailed
	}
	a.complain(oneLine(err.Error()))
	return exitFailed
}

// channelOf is the channel that the command line names, if it names one.
func channelOf(cmd *cobra.Command) string {
	if flag := cmd.Flag("channel-id"); flag != nil && flag.Changed {
		return flag.Value.String()
	}
	return ""
}

func (a *app) exitProblems(problems settings.Problems) int {
	code := exitUsage
	for _, p := range problems {
		a.complain(oneLine(p.Error()))
		if !strings.HasPrefix(p.Where, "--") || p.Where == "--config" {
			code = exitFailed
		}
	}
	return code
}

func (a *app) complain(line string) { _, _ = fmt.Fprintln(a.errOut, "evergrant: "+line) }

// oneLine joins the lines of an error, and drops what would steer a terminal.
func oneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return plainText(strings.Join(lines, "; "))
}
