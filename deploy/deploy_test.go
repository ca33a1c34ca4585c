// Package deploy_test checks the files that an operator installs: that systemd
// accepts the units, that their sandbox is tight and the same in all of them, and
// that cron can read the example. That the commands and flags in them exist is
// checked in internal/arch, together with those of the guides.
package deploy_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxExposure is the highest figure of `systemd-analyze security` that we accept, in
// tenths. It goes from 0 to 100; up to 20 systemd itself calls OK.
const maxExposure = 20

// analyze runs systemd-analyze, which reads files only: no running systemd is needed.
// Without the tool the test is skipped, in CI it fails.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("systemd-analyze is missing in CI; Debian: apt-get install systemd")
		}
		t.Skip("systemd-analyze is missing")
	}
	cmd := exec.CommandContext(t.Context(), tool, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

// staged copies the units to a folder of their own, with a program that exists here
// in place of the one that does not.
func staged(t *testing.T) (units []string) {
	t.Helper()
	dir := t.TempDir()
	for _, pattern := range []string{"systemd/*.service", "systemd/*.timer"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no units match %s: %v", pattern, err)
		}
		for _, name := range names {
			text := strings.ReplaceAll(read(t, name), "/usr/local/bin/evergrant ", "/bin/true ")
			unit := filepath.Join(dir, filepath.Base(name))
			if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			units = append(units, unit)
		}
	}
	return units
}

func TestSystemdAcceptsTheUnits(t *testing.T) {
	// It warns about unknown settings and goes on, so silence is what counts.
	if out := analyze(t, append([]string{"verify", "--man=no"}, staged(t)...)...); strings.TrimSpace(out) != "" {
		t.Errorf("systemd-analyze verify says:\n%s", out)
	}
}

var exposure = regexp.MustCompile(`Overall exposure level for (\S+): (\d+)\.(\d)`)

func TestServicesAreHardened(t *testing.T) {
	var services []string
	for _, unit := range staged(t) {
		if strings.HasSuffix(unit, ".service") && !strings.Contains(unit, "@") {
			services = append(services, unit)
		}
	}
	found := exposure.FindAllStringSubmatch(analyze(t, append([]string{"security", "--offline=true", "--no-pager"}, services...)...), -1)
	if len(found) != len(services) {
		t.Fatalf("got figures for %d services; want %d", len(found), len(services))
	}
	for _, m := range found {
		tenths, err := strconv.Atoi(m[2] + m[3])
		if err != nil {
			t.Fatal(err)
		}
		if tenths > maxExposure {
			t.Errorf("%s: exposure %s.%s; want at most %d.%d", m[1], m[2], m[3], maxExposure/10, maxExposure%10)
		}
	}
}

// What a review of one unit finds must hold for all: they differ in what they run, and
// in nothing that protects the machine.
func TestServicesShareOneSandbox(t *testing.T) {
	const begin = "# Sandbox:"
	var first, firstName string
	for _, name := range services(t) {
		text := read(t, name)
		_, sandbox, ok := strings.Cut(text, begin)
		if !ok {
			t.Errorf("%s has no part that begins with %q", name, begin)
			continue
		}
		if first == "" {
			first, firstName = sandbox, name
		}
		if sandbox != first {
			t.Errorf("the sandbox of %s differs from that of %s", name, firstName)
		}
		for _, want := range []string{"User=evergrant\n", "UMask=0077\n", "StateDirectory=evergrant\n", "StateDirectoryMode=0700\n", "OnFailure=evergrant-alert@%n.service\n"} {
			if !strings.Contains(text, "\n"+want) {
				t.Errorf("%s does not say %q", name, strings.TrimSpace(want))
			}
		}
		if strings.Contains(text, "INSTAGRAM_CLIENT_SECRET") {
			t.Errorf("%s names the client secret: it comes as a credential", name)
		}
	}
}

// Exit code 3 is a customer's trouble: it raises one alarm, in one place.
func TestOneUnitIsTheAlarm(t *testing.T) {
	for _, name := range services(t) {
		got := strings.Contains(read(t, name), "\nSuccessExitStatus=3\n")
		if want := !strings.Contains(name, "attention"); got != want {
			t.Errorf("%s accepts exit code 3: got %v; want %v", name, got, want)
		}
	}
}

func TestEachTimerHasItsService(t *testing.T) {
	timers, err := filepath.Glob("systemd/*.timer")
	if err != nil {
		t.Fatal(err)
	}
	if len(timers) != len(services(t)) {
		t.Errorf("got %d timers; want one for each of %d services", len(timers), len(services(t)))
	}
	for _, name := range timers {
		if _, err := os.Stat(strings.TrimSuffix(name, ".timer") + ".service"); err != nil {
			t.Errorf("%s starts nothing: %v", name, err)
		}
		for line := range strings.Lines(read(t, name)) {
			if calendar, ok := strings.CutPrefix(strings.TrimSpace(line), "OnCalendar="); ok {
				analyze(t, "calendar", calendar)
			}
		}
	}
}

// services lists the units that run Evergrant.
func services(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("systemd/evergrant-*.service")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.Contains(name, "@") })
	if len(names) == 0 {
		t.Fatal("no service units")
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
