package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
)

func TestReasonOf(t *testing.T) {
	refused := &evergrant.LastError{Class: evergrant.Lost, Code: 190, Subcode: 460, Message: "password changed"}
	for _, tt := range []struct {
		name string
		in   evergrant.Result
		want string
	}{
		{"no error", evergrant.Result{Reason: "short-lived"}, "short-lived"},
		{"error says more", evergrant.Result{Reason: "kept", Error: refused}, "kept (lost, code 190/460: password changed)"},
		{"reason says it all", evergrant.Result{Reason: "190/460 password changed", Error: refused}, "190/460 password changed"},
		{"code without subcode", evergrant.Result{Reason: "kept", Error: &evergrant.LastError{Class: evergrant.Throttled, Code: 4, Message: "limit"}}, "kept (throttled, code 4: limit)"},
		{"no code", evergrant.Result{Reason: "kept", Error: &evergrant.LastError{Class: evergrant.Transient, Message: "no answer"}}, "kept (transient: no answer)"},
		{"no message", evergrant.Result{Reason: "kept", Error: &evergrant.LastError{Class: evergrant.Transient}}, "kept"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reasonOf(tt.in); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

func TestReportExitCodes(t *testing.T) {
	for _, tt := range []struct {
		name string
		rep  evergrant.Report
		want error
	}{
		{"nothing", evergrant.Report{}, nil},
		{"failed", evergrant.Report{Summary: evergrant.Summary{Failed: 1}}, errAttention},
		{"failed to look", evergrant.Report{DryRun: true, Summary: evergrant.Summary{Failed: 1}}, nil},
		{"reconnect", evergrant.Report{DryRun: true, Summary: evergrant.Summary{Reconnect: 1}}, errAttention},
		{"stopped", evergrant.Report{Stopped: "interrupted"}, errAttention},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &app{out: io.Discard, errOut: io.Discard, now: time.Now}
			if err := a.report(tt.rep, false); !errors.Is(err, tt.want) {
				t.Errorf("got %v; want %v", err, tt.want)
			}
		})
	}
}

func TestSaidBy(t *testing.T) {
	for source, want := range map[evergrant.ExpirySource]string{
		evergrant.FromProvider: ", said by Instagram",
		evergrant.FromImport:   ", said by the import",
		evergrant.FromGuess:    ", assumed",
		"":                     "",
	} {
		if got := saidBy(source); got != want {
			t.Errorf("%q: got %q; want %q", source, got, want)
		}
	}
}

func TestReplaceFileKeepsTheOldOne(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "export.ndjson")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broke off")
	err := replaceFile(name, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v; want the writer's error", err)
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "old" {
		t.Errorf("file holds %q, %v; want what it held before", data, err)
	}
	if err := replaceFile(dir, func(io.Writer) error { return nil }); err == nil || !strings.HasPrefix(err.Error(), "write "+dir+": ") {
		t.Errorf("a directory as target: got %v; want an error that names it", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%d files, %v; want only the export: a leftover", len(list), err)
	}
}

// A result that cannot be written is an error of every command, not a silent loss.
func TestUnwritableOutput(t *testing.T) {
	env := fleetOf(t, 2)
	for _, args := range [][]string{
		{"status"},
		{"status", "-o", "json"},
		{"plan"},
		{"plan", "--calendar"},
		{"why", "--channel-id", "1"},
		{"export"},
		{"token", "--channel-id", "1"},
		{"keys", "list"},
		{"keys", "rotate"},
		{"doctor"},
		{"config", "explain"},
		{"version"},
		{"auto-refresh"},
		{"disconnect", "--channel-id", "2"},
		{"sim", "--listen", "127.0.0.1:0"},
		{"demo", "--channels", "1"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var errOut bytes.Buffer
			code := run(t.Context(), append(args, "--log-level", "error"), env, strings.NewReader(""), brokenWriter{}, &errOut)
			if code != exitFailed || !strings.Contains(errOut.String(), "disk full") || strings.Count(errOut.String(), "\n") != 1 {
				t.Errorf("exit code %d, %q; want %d and one line that says why", code, errOut.String(), exitFailed)
			}
		})
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestExitCodeOfProblems(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		env  []string
		want int
	}{
		{"flag alone", []string{"status", "--log-level", "x"}, nil, exitUsage},
		{"flag and variable", []string{"status", "--log-level", "x"}, []string{"EVERGRANT_RATE=x"}, exitFailed},
		{"file that a flag names", []string{"status", "--config", "/nowhere"}, nil, exitFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t.Context(), tt.args, append(tt.env, "HOME=/h"), strings.NewReader(""), io.Discard, io.Discard)
			if got != tt.want {
				t.Errorf("exit code %d; want %d", got, tt.want)
			}
		})
	}
}
