package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/service/demo"
)

// A pty is a terminal of the test's own.
type pty struct {
	*os.File // the side of the program
	master   *os.File
	seen     bytes.Buffer
	wg       sync.WaitGroup
}

// newPTY makes a terminal of the given width, or skips the test where there are none.
func newPTY(t *testing.T, columns uint16) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("this machine has no terminals to give: %v", err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns})
	}
	if err != nil {
		t.Skipf("this machine has no terminals to give: %v", err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine has no terminals to give: %v", err)
	}
	p := &pty{File: slave, master: master}
	p.wg.Go(func() { _, _ = io.Copy(&p.seen, master) }) // ends with EIO when the program's side is closed
	return p
}

// text closes the terminal and returns what stood on it.
func (p *pty) text() string {
	_ = p.File.Close()
	p.wg.Wait()
	_ = p.master.Close()
	return strings.ReplaceAll(p.seen.String(), "\r\n", "\n")
}

// fleetOf makes a database with n channels that expire in three days, and returns the
// environment that points at it.
func fleetOf(t *testing.T, n int) []string {
	t.Helper()
	server, err := demo.Listen(t.Context(), "127.0.0.1:0", sim.Config{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	tokens, err := server.IssueTokens(sim.TokenSpec{Age: sim.Duration(57 * sim.Day), Count: n})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	csv := "id,username,access_token,token_kind,issued_at,expires_at\n"
	for i, token := range tokens {
		csv += fmt.Sprintf("%d,%s,%s,long,%s,%s\n", i+1, token.Username, token.Value, token.IssuedAt.Format(time.RFC3339), token.ExpiresAt.Format(time.RFC3339))
	}
	file := filepath.Join(dir, "fleet.csv")
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(server.Settings(), "EVERGRANT_STATE_DIR="+filepath.Join(dir, "state"), "EVERGRANT_RATE=1000", "TERM=xterm")
	var errOut bytes.Buffer
	if code := run(t.Context(), []string{"import", file}, env, strings.NewReader(""), io.Discard, &errOut); code != exitOK {
		t.Fatalf("import: exit code %d: %s", code, errOut.String())
	}
	return env
}

// runOn runs a command with standard output and standard error on one terminal.
func runOn(t *testing.T, columns uint16, env []string, args ...string) (int, string) {
	t.Helper()
	p := newPTY(t, columns)
	code := run(t.Context(), args, env, strings.NewReader(""), p.File, p.File)
	return code, p.text()
}

func TestTerminalTableFits(t *testing.T) {
	env := fleetOf(t, 3)
	for _, columns := range []uint16{60, 100, 200} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			_, text := runOn(t, columns, append(env, "NO_COLOR=1"), "status")
			if !strings.Contains(text, "USERNAME") {
				t.Errorf("no table on the terminal: %q", text)
			}
			if strings.Contains(text, "\x1b") {
				t.Errorf("colours in spite of NO_COLOR: %q", text)
			}
			for line := range strings.Lines(text) {
				if got := len([]rune(strings.TrimRight(line, "\n"))); got > int(columns) {
					t.Errorf("a line of %d columns; want at most %d: %q", got, columns, line)
				}
			}
		})
	}
}

// On a narrow terminal the columns stay that say which channel is how.
func TestTerminalNarrow(t *testing.T) {
	env := fleetOf(t, 2)
	_, text := runOn(t, 40, append(env, "NO_COLOR=1"), "status")
	for _, want := range []string{"ID", "USERNAME", "STATUS", "connected"} {
		if !strings.Contains(text, want) {
			t.Errorf("a terminal of 40 columns lacks %q:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if got := len([]rune(strings.TrimRight(line, "\n"))); strings.Contains(line, "connected") && !strings.HasPrefix(line, "status:") && got > 40 {
			t.Errorf("a line of %d columns: %q", got, line)
		}
	}
}

// A long note gives way to what names the channel, and a long name to what it is.
func TestWideSheetNarrow(t *testing.T) {
	for _, tt := range []struct{ name, user, note, want string }{
		{"long note", "acme.shop", strings.Repeat("refused and ", 10), "acme.shop  reconnect_required"},
		{"long name", "a.name.of.thirty.characters.xx", "", "…  reconnect_required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			w := &wideSheet{out: &out, width: 40, columns: []string{"id", "username", "status", "note"}, optional: []bool{false, false, false, true}}
			_ = w.row("1", tt.user, "reconnect_required", tt.note)
			if err := w.end(); err != nil || !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), "NOTE") {
				t.Errorf("got %v, %q; want %q and no column of crumbs", err, out.String(), tt.want)
			}
		})
	}
}

// Nothing stands between the lines of an export on a terminal, and nothing before them.
func TestTerminalExport(t *testing.T) {
	env := fleetOf(t, 30)
	code, text := runOn(t, 100, env, "export", "--format", "csv")
	if code != exitOK || !strings.HasPrefix(text, "id,") || strings.Count(text, "\n") != 31 || strings.Contains(text, "export") {
		t.Errorf("exit code %d, %q; want %d and 31 lines of CSV alone", code, text, exitOK)
	}
}

// What is due says so, in the words of plan.
func TestDueIsNow(t *testing.T) {
	at := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	a := &app{out: io.Discard, now: func() time.Time { return at }}
	for _, tt := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"past", at.Add(-time.Hour), "now"},
		{"this instant", at, "now"},
		{"to come", at.Add(time.Hour), "2026-09-01T11:00:00Z"},
		{"never", time.Time{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := a.due(tt.at); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

func TestTerminalColours(t *testing.T) {
	env := fleetOf(t, 1)
	if _, text := runOn(t, 120, env, "status"); !strings.Contains(text, "\x1b[32mconnected\x1b[0m") {
		t.Errorf("no colour on a terminal: %q", text)
	}
	if _, text := runOn(t, 120, append(env, "TERM=dumb"), "status"); strings.Contains(text, "\x1b") {
		t.Errorf("colours on a dumb terminal: %q", text)
	}
}

// On a terminal a person sees the few channels in full, the bar while it lasts, and
// the log lines whole.
func TestTerminalRun(t *testing.T) {
	env := fleetOf(t, 5)
	code, text := runOn(t, 160, env, "auto-refresh")
	if code != exitOK {
		t.Errorf("exit code %d; want %d", code, exitOK)
	}
	for _, want := range []string{"auto-refresh", "refreshed", "✅ Instagram token refreshed for channel", "auto-refresh: 5 channels: 5 refreshed"} {
		if !strings.Contains(text, want) {
			t.Errorf("the terminal lacks %q:\n%s", want, text)
		}
	}
	_, text = runOn(t, 160, env, "auto-refresh")
	if got := strings.Count(text, "younger than 24 hours"); got != 5 {
		t.Errorf("%d skipped channels shown; want all 5:\n%s", got, text)
	}
	if _, text = runOn(t, 160, env, "auto-refresh", "--quiet"); text != "" {
		t.Errorf("--quiet printed %q; want nothing", text)
	}
}

func TestTerminalNeverShowsTokensUnasked(t *testing.T) {
	env := fleetOf(t, 1)
	code, text := runOn(t, 120, env, "export", "--with-tokens")
	if code != exitUsage || strings.Contains(text, "IGAA") {
		t.Errorf("exit code %d, %q; want %d and no token", code, text, exitUsage)
	}
	code, text = runOn(t, 120, env, "export", "--with-tokens", "--yes")
	if code != exitOK || !strings.Contains(text, "IGAA") {
		t.Errorf("exit code %d with --yes, %q; want %d and the token", code, text, exitOK)
	}
}

// sim and demo --stay stay up until they are interrupted, and that is no error.
func TestStaysUntilInterrupted(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		last string // the setting that they print last
	}{
		{"sim", []string{"sim", "--listen", "127.0.0.1:0"}, "EVERGRANT_INSTAGRAM_GRAPH_URL="},
		{"sim, JSON", []string{"sim", "--listen", "127.0.0.1:0", "-o", "json"}, "}"},
		{"demo", []string{"demo", "--stay", "--channels", "10"}, "EVERGRANT_CONCURRENCY="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			out := &trigger{word: tt.last, fire: cancel}
			var errOut bytes.Buffer
			if code := run(ctx, tt.args, nil, strings.NewReader(""), out, &errOut); code != exitOK {
				t.Errorf("exit code %d; want %d: %s", code, exitOK, errOut.String())
			}
			if !strings.Contains(out.seen.String(), "http://127.0.0.1:") {
				t.Errorf("no address in %q", out.seen.String())
			}
		})
	}
}

// A trigger fires when a word has been written to it.
type trigger struct {
	word string
	fire func()
	seen bytes.Buffer
}

func (w *trigger) Write(p []byte) (int, error) {
	n, err := w.seen.Write(p)
	if strings.Contains(w.seen.String(), w.word) {
		w.fire()
	}
	return n, err
}

func TestPlainText(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "سلام acme ✅", "سلام acme ✅"},
		{"escape sequence", "a\x1b[31mb", "a[31mb"},
		{"line breaks and tabs", "a\nb\tc\r", "a b c "},
		{"C1 control", "a\u009bb", "ab"},
		{"reordering", "a\u202eb\u2066c", "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := plainText(tt.in); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}
