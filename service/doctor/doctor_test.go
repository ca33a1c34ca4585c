package doctor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/schedule"
	"github.com/evergrant/evergrant/service"
	"github.com/evergrant/evergrant/service/demo"
	"github.com/evergrant/evergrant/service/doctor"
	"github.com/evergrant/evergrant/service/settings"
)

// patient is an installation with three channels of a simulator.
func patient(t *testing.T) (*demo.Simulator, []string) {
	t.Helper()
	server, err := demo.Listen(t.Context(), "127.0.0.1:0", sim.Config{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	env := append(server.Settings(), "EVERGRANT_STATE_DIR="+filepath.Join(t.TempDir(), "state"))
	tokens, err := server.IssueTokens(sim.TokenSpec{Age: sim.Duration(2 * sim.Day), Count: 3})
	if err != nil {
		t.Fatal(err)
	}
	csv := "access_token,token_kind,issued_at,expires_at\n"
	for _, token := range tokens {
		csv += fmt.Sprintf("%s,long,%s,%s\n", token.Value, token.IssuedAt.Format(time.RFC3339), token.ExpiresAt.Format(time.RFC3339))
	}
	cfg, err := settings.Load(settings.Input{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Import(t.Context(), cfg, service.Options{}, strings.NewReader(csv), service.ImportOptions{}, nil); err != nil {
		t.Fatal(err)
	}
	return server, env
}

func examine(ctx context.Context, env []string, now func() time.Time) doctor.Report {
	cfg, err := settings.Load(settings.Input{Env: env})
	return doctor.Examine(ctx, doctor.Input{Settings: cfg, Problems: err, Env: env, Now: now})
}

func find(t *testing.T, rep doctor.Report, name string, want doctor.Verdict) doctor.Check {
	t.Helper()
	var last doctor.Check
	for _, c := range rep.Checks {
		if c.Name == name {
			if last = c; c.Verdict == want {
				return c
			}
		}
	}
	t.Errorf("check %q is %q (%s); want %q", name, last.Verdict, last.Detail, want)
	return last
}

func TestHealthy(t *testing.T) {
	_, env := patient(t)
	rep := examine(t.Context(), env, nil)
	if !rep.OK {
		t.Errorf("not OK: %+v", rep.Checks)
	}
	for _, c := range rep.Checks {
		if c.Verdict != doctor.OK {
			t.Errorf("%s: %s %s", c.Name, c.Verdict, c.Detail)
		}
	}
}

func TestFindings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		spoil   func(t *testing.T, server *demo.Simulator, dir string) []string // more settings
		now     func() time.Time
		check   string
		verdict doctor.Verdict
	}{
		{name: "clock far behind", spoil: advance(10 * time.Minute), check: "clock", verdict: doctor.Fail},
		{name: "clock far ahead", spoil: advance(-10 * time.Minute), check: "clock", verdict: doctor.Fail},
		{name: "clock a little off", spoil: advance(time.Minute), check: "clock", verdict: doctor.Warn},
		{name: "no database", spoil: set("EVERGRANT_STATE_DIR=/nowhere/at/all"), check: "database", verdict: doctor.Warn},
		{name: "no keyset", spoil: remove("keyset.json"), check: "keyset", verdict: doctor.Fail},
		{name: "no such KMS", spoil: set("EVERGRANT_KMS_URL=frobkms://x"), check: "keyset", verdict: doctor.Fail},
		{name: "database is no database", spoil: overwrite("evergrant.db"), check: "database", verdict: doctor.Fail},
		{name: "settings", spoil: set("EVERGRANT_RATE=x"), check: "settings", verdict: doctor.Fail},
		{name: "unknown variable", spoil: set("EVERGRANT_RTAE=5"), check: "settings", verdict: doctor.Warn},
		{name: "no secret", spoil: set("INSTAGRAM_CLIENT_SECRET="), check: "app", verdict: doctor.Warn},
		{name: "no id", spoil: set("INSTAGRAM_CLIENT_ID="), check: "app", verdict: doctor.Warn},
		{name: "host down", spoil: set("EVERGRANT_INSTAGRAM_GRAPH_URL=http://127.0.0.1:1"), check: "graph host", verdict: doctor.Fail},
		{name: "address without TLS", spoil: set("EVERGRANT_PUBLIC_URL=http://evergrant.example"), check: "redirect URI", verdict: doctor.Warn},
		{name: "address with TLS", spoil: set("EVERGRANT_PUBLIC_URL=https://evergrant.example"), check: "redirect URI", verdict: doctor.OK},
		{name: "tokens expired unnoticed", now: in(90 * 24 * time.Hour), check: "fleet", verdict: doctor.Warn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, env := patient(t)
			dir := strings.TrimPrefix(env[len(env)-1], "EVERGRANT_STATE_DIR=")
			if tt.spoil != nil {
				env = append(env, tt.spoil(t, server, dir)...)
			}
			rep := examine(t.Context(), env, tt.now)
			c := find(t, rep, tt.check, tt.verdict)
			if c.Verdict != doctor.OK && c.Remedy == "" {
				t.Errorf("%s: no remedy for %q", c.Name, c.Detail)
			}
			if tt.verdict == doctor.Fail && rep.OK {
				t.Error("OK in spite of a failed check")
			}
		})
	}
}

type spoiler = func(*testing.T, *demo.Simulator, string) []string

func set(env ...string) spoiler {
	return func(*testing.T, *demo.Simulator, string) []string { return env }
}

func advance(d time.Duration) spoiler {
	return func(_ *testing.T, server *demo.Simulator, _ string) []string {
		server.Advance(d)
		return nil
	}
}

func remove(file string) spoiler {
	return func(t *testing.T, _ *demo.Simulator, dir string) []string {
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
		return nil
	}
}

func overwrite(file string) spoiler {
	return func(t *testing.T, _ *demo.Simulator, dir string) []string {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		return nil
	}
}

func in(d time.Duration) func() time.Time {
	at := time.Now().Add(d)
	return func() time.Time { return at }
}

// The doctor's word must be true: what it promises holds in a life in which every try fails.
func TestWorstCase(t *testing.T) {
	tries, left := doctor.WorstCase(schedule.DefaultPolicy(), schedule.LongLife)
	if tries < 10 || left < 20*24*time.Hour || left > 30*24*time.Hour {
		t.Errorf("%d tries from %v before the end; want at least 10, from between 20 and 30 days", tries, left)
	}
	lazy := schedule.DefaultPolicy()
	lazy.BackoffMin, lazy.BackoffMax = 72*time.Hour, 72*time.Hour
	if fewer, _ := doctor.WorstCase(lazy, schedule.LongLife); fewer >= tries {
		t.Errorf("%d tries with a long back-off; want fewer than %d", fewer, tries)
	}
}

func ExampleExamine() {
	cfg, err := settings.Load(settings.Input{Env: []string{"HOME=/nowhere", "EVERGRANT_RATE=fast"}})
	rep := doctor.Examine(context.Background(), doctor.Input{Settings: cfg, Problems: err})
	fmt.Println(rep.OK)
	for _, c := range rep.Checks {
		fmt.Println(c.Verdict, c.Name)
	}
	// Output:
	// false
	// fail settings
	// ok schedule
}
