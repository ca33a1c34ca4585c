package bench_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// A simulator is `evergrant sim` in a process of its own.
type simulator struct {
	URL      string   `json:"url"`
	Settings []string `json:"settings"`
	cmd      *exec.Cmd
}

// startSimulator starts one and waits until it listens. It is killed at the latest when
// the benchmark ends.
func startSimulator(tb testing.TB, scenario string) *simulator {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), must(tb, shared.binary), "sim", "--listen", "127.0.0.1:0", "--scenario", scenario, "--output", "json")
	cmd.Env = environment(tb.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	s := &simulator{cmd: cmd}
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(s); err != nil {
		_ = cmd.Process.Kill()
		tb.Fatalf("the simulator says nothing: %v, %v", err, cmd.Wait())
	}
	return s
}

// stop interrupts it and waits for its end.
func (s *simulator) stop(tb testing.TB) {
	tb.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		tb.Error(err)
	}
	if err := s.cmd.Wait(); err != nil {
		tb.Errorf("the simulator ended badly: %v", err)
	}
}

// An issuedToken is what the simulator tells of a token and its account, named as an
// import wants it. With all of it, a refresh needs no second call to ask whose token
// it is.
type issuedToken struct {
	Value       string    `json:"access_token"`
	Kind        string    `json:"token_kind"`
	Account     string    `json:"account_id"`
	AppScopedID string    `json:"app_scoped_id"`
	Username    string    `json:"username"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
}

func (s *simulator) tokens(tb testing.TB) []issuedToken {
	tb.Helper()
	var accounts struct {
		Accounts []struct {
			ID          string `json:"account_id"`
			AppScopedID string `json:"app_scoped_id"`
		} `json:"accounts"`
	}
	s.manage(tb, "accounts", &accounts)
	scoped := make(map[string]string, len(accounts.Accounts))
	for _, a := range accounts.Accounts {
		scoped[a.ID] = a.AppScopedID
	}
	var list struct {
		Tokens []struct {
			Value     string    `json:"value"`
			Kind      string    `json:"kind"`
			Account   string    `json:"account"`
			Username  string    `json:"username"`
			IssuedAt  time.Time `json:"issued_at"`
			ExpiresAt time.Time `json:"expires_at"`
		} `json:"tokens"`
	}
	s.manage(tb, "tokens", &list)
	tokens := make([]issuedToken, len(list.Tokens))
	for i, t := range list.Tokens {
		tokens[i] = issuedToken{t.Value, t.Kind, t.Account, scoped[t.Account], t.Username, t.IssuedAt, t.ExpiresAt}
	}
	return tokens
}

// manage reads one list of the management API.
func (s *simulator) manage(tb testing.TB, what string, into any) {
	tb.Helper()
	body, err := get(tb.Context(), http.DefaultClient, s.URL+"/_sim/"+what)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		tb.Fatal(err)
	}
}

// bare makes the calls of a sweep and nothing else.
func (f *sweepFleet) bare(tb testing.TB) cost {
	tb.Helper()
	s := startSimulator(tb, f.scenario)
	defer s.stop(tb)
	transport := &http.Transport{MaxIdleConnsPerHost: sweepInFlight, MaxConnsPerHost: sweepInFlight}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	queue := make(chan string)
	var wg sync.WaitGroup
	return spend(func() {
		for range sweepInFlight {
			wg.Go(func() {
				for token := range queue {
					if _, err := get(tb.Context(), client, s.URL+"/refresh_access_token?grant_type=ig_refresh_token&access_token="+url.QueryEscape(token)); err != nil {
						tb.Error(err)
					}
				}
			})
		}
		for _, t := range f.tokens {
			queue <- t.Value
		}
		close(queue)
		wg.Wait()
	})
}

// get reads a whole answer, which must be 200.
func get(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("got %s: %s", resp.Status, body)
	}
	return body, err
}
