package fire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/internal/sim"
)

// binary is the program under test, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "evergrant-fire")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "evergrant")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/evergrant")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		os.Exit(1)
	}
	code := pgtest.Run(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// A stage is one simulator, one database and the environment of the processes.
type stage struct {
	t      *testing.T
	meta   *sim.Server
	dir    string
	env    []string
	stderr bytes.Buffer // of every finished command
	stdout bytes.Buffer
}

// newStage starts a simulator. database is "" for SQLite in a fresh state directory.
func newStage(t *testing.T, cfg sim.Config, database string, env ...string) *stage {
	t.Helper()
	meta := sim.New(cfg)
	host := httptest.NewServer(meta)
	t.Cleanup(host.Close)
	secret := sim.DefaultClientSecret
	if len(cfg.App.Secrets) > 0 {
		secret = cfg.App.Secrets[0]
	}
	s := &stage{t: t, meta: meta, dir: t.TempDir()}
	s.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir,
		"EVERGRANT_STATE_DIR=" + filepath.Join(s.dir, "state"),
		"INSTAGRAM_CLIENT_ID=" + sim.DefaultClientID, "INSTAGRAM_CLIENT_SECRET=" + secret,
		"EVERGRANT_INSTAGRAM_AUTHORIZE_URL=" + host.URL + "/oauth/authorize",
		"EVERGRANT_INSTAGRAM_API_URL=" + host.URL, "EVERGRANT_INSTAGRAM_GRAPH_URL=" + host.URL,
		"EVERGRANT_RATE=5000",
	}, env...)
	if database != "" {
		s.env = append(s.env, "EVERGRANT_DATABASE_URL="+database)
	}
	return s
}

// start starts a command; the caller waits for it.
func (s *stage) start(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	s.t.Helper()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env, cmd.Dir = s.env, s.dir
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return cmd, &out, &errOut
}

// run is any for commands that must be able to do their work: exit 0 or 3.
func (s *stage) run(args ...string) (int, string) {
	s.t.Helper()
	code, out := s.any(args...)
	if code != 0 && code != 3 {
		s.t.Fatalf("evergrant %v: exit %d\n%s", args, code, s.stderr.String())
	}
	return code, out
}

// any runs a command to its end and returns its exit code and standard output.
func (s *stage) any(args ...string) (int, string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	defer cancel()
	cmd, out, errOut := s.start(ctx, args...)
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("evergrant %s: %v", strings.Join(args, " "), err)
	}
	s.stderr.Write(errOut.Bytes())
	s.stdout.Write(out.Bytes())
	return cmd.ProcessState.ExitCode(), out.String()
}

// A fleet is what one `status -o json` says.
type fleet struct {
	Channels []struct {
		ID        int64  `json:"id"`
		Username  string `json:"username"`
		Status    string `json:"status"`
		TokenKind string `json:"token_kind"`
		Reason    string `json:"reason"`
	} `json:"channels"`
}

func (s *stage) status() fleet {
	s.t.Helper()
	_, out := s.run("status", "-o", "json")
	var f fleet
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		s.t.Fatalf("status: %v\n%s", err, out)
	}
	return f
}

// importTokens imports what the simulator has issued.
func (s *stage) importTokens(tokens []sim.TokenInfo) {
	s.t.Helper()
	var b strings.Builder
	for _, info := range tokens {
		line, err := json.Marshal(map[string]any{
			"access_token": info.Value, "account_id": info.Account, "username": info.Username,
			"token_kind": info.Kind, "issued_at": info.IssuedAt.Unix(), "expires_at": info.ExpiresAt.Unix(),
		})
		if err != nil {
			s.t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	path := filepath.Join(s.dir, "tokens.ndjson")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if code, out := s.run("import", path); code != 0 {
		s.t.Fatalf("import: exit %d\n%s%s", code, out, s.stderr.String())
	}
}

// issue makes tokens at the simulator.
func (s *stage) issue(specs ...sim.TokenSpec) []sim.TokenInfo {
	s.t.Helper()
	tokens, err := s.meta.IssueTokens(specs...)
	if err != nil {
		s.t.Fatal(err)
	}
	return tokens
}

// export returns the tokens that the database holds, by channel id.
func (s *stage) export() map[int64]string {
	s.t.Helper()
	_, out := s.run("export", "--format", "ndjson", "--with-tokens")
	tokens := map[int64]string{}
	for line := range strings.Lines(out) {
		var row struct {
			ID    int64  `json:"id"`
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			s.t.Fatalf("export: %v", err)
		}
		tokens[row.ID] = row.Token
	}
	// What an export prints is meant to be secret; it is not part of what is searched.
	s.stdout.Truncate(s.stdout.Len() - len(out))
	return tokens
}

// seed is random, printed, and can be given again in EVERGRANT_TEST_SEED.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64()
	if given := os.Getenv("EVERGRANT_TEST_SEED"); given != "" {
		var err error
		if n, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("EVERGRANT_TEST_SEED: %v", err)
		}
	}
	t.Logf("seed: EVERGRANT_TEST_SEED=%d", n)
	return n
}

func days(n float64) sim.Duration { return sim.Duration(n * float64(sim.Day)) }
