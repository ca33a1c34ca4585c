package deploy_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var cronVariable = regexp.MustCompile(`^[A-Z_]+=(\S.*)$`)

// The five fields of a cron line and their ranges.
var cronFields = []struct {
	name     string
	low, top int
}{{"minute", 0, 59}, {"hour", 0, 23}, {"day", 1, 31}, {"month", 1, 12}, {"weekday", 0, 7}}

// cron answers a line that it cannot read by dropping the whole table, so each line is
// read here the way cron does; those that are commented out, too.
func TestCronCanReadTheExample(t *testing.T) {
	text := read(t, "crontab.example")
	if !strings.HasSuffix(text, "\n") {
		t.Error("the last line has no newline; cron ignores such a table")
	}
	jobs := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "# ") || line == "#" || cronVariable.MatchString(line):
			continue
		}
		command, err := cronCommand(strings.TrimPrefix(line, "#"))
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if strings.Contains(strings.ReplaceAll(command, `\%`, ""), "%") {
			t.Errorf("%q: cron turns a bare %% into a newline", line)
		}
		jobs[command] = true
	}
	for _, want := range []string{"evergrant convert", "evergrant auto-refresh --days-before-expiry", "evergrant auto-refresh --force-all"} {
		found := false
		for command := range jobs {
			found = found || strings.HasPrefix(command, want)
		}
		if !found {
			t.Errorf("no job runs %q", want)
		}
	}
}

// cronCommand checks the schedule of a line and returns what it runs.
func cronCommand(line string) (string, error) {
	parts := strings.Fields(line)
	if len(parts) <= len(cronFields) {
		return "", fmt.Errorf("got %d fields; want %d and a command", len(parts), len(cronFields))
	}
	for i, f := range cronFields {
		for item := range strings.SplitSeq(parts[i], ",") {
			span, step, stepped := strings.Cut(item, "/")
			if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1 || n > f.top) {
				return "", fmt.Errorf("%s: step %q", f.name, step)
			}
			if span == "*" {
				continue
			}
			low, top, ranged := strings.Cut(span, "-")
			if !ranged {
				top = low
			}
			from, errFrom := strconv.Atoi(low)
			to, errTo := strconv.Atoi(top)
			if errFrom != nil || errTo != nil || from < f.low || to > f.top || from > to {
				return "", fmt.Errorf("%s: %q is not within %d-%d", f.name, span, f.low, f.top)
			}
		}
	}
	return strings.Join(parts[len(cronFields):], " "), nil
}

func TestCronReaderCanFail(t *testing.T) {
	for _, tt := range []struct {
		line string
		ok   bool
	}{
		{"*/10 * * * * evergrant convert", true},
		{"37 3 * * 1-5 evergrant convert", true},
		{"0,30 3 1 1 0 evergrant convert", true},
		{"60 3 * * * evergrant convert", false},
		{"5 24 * * * evergrant convert", false},
		{"*/0 3 * * * evergrant convert", false},
		{"5-1 3 * * * evergrant convert", false},
		{"daily evergrant convert", false},
		{"5 3 * * *", false},
	} {
		if _, err := cronCommand(tt.line); (err == nil) != tt.ok {
			t.Errorf("cronCommand(%q) = %v; want ok %v", tt.line, err, tt.ok)
		}
	}
}
