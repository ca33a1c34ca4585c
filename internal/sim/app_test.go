package sim_test

import (
	"strings"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestAppDefaults(t *testing.T) {
	got := sim.New(sim.Config{}).App()
	if got.ClientID != sim.DefaultClientID || len(got.Secrets) != 1 || got.Secrets[0] != sim.DefaultClientSecret {
		t.Errorf("got %+v; want the default pair", got)
	}
}

func TestAppErrors(t *testing.T) {
	for _, tt := range []struct {
		app  sim.App
		want string
	}{
		{sim.App{ClientID: "abc"}, "client_id"},
		{sim.App{Secrets: []string{""}}, "client_secrets"},
		{sim.App{RedirectURIs: []string{"/callback"}}, "redirect_uris"},
	} {
		if err := sim.New(sim.Config{}).SetApp(tt.app); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("SetApp(%+v): got %v; want an error about %s", tt.app, err, tt.want)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New with %+v: got no panic; want one", tt.app)
				}
			}()
			sim.New(sim.Config{App: tt.app})
		}()
	}
}

func TestUsageHeaders(t *testing.T) {
	b := newBench(t, sim.Config{App: sim.App{Usage: sim.Usage{CallCount: 96, TotalTime: 12, TotalCPUTime: 7, RegainMinutes: 2.5}}})
	a := b.account(sim.Account{})
	tok := b.token(sim.TokenSpec{Account: a.ID}).Value
	h := b.me(tok).header
	if got, want := h.Get("X-App-Usage"), `{"call_count":96,"total_time":12,"total_cputime":7}`; got != want {
		t.Errorf("X-App-Usage: got %s; want %s", got, want)
	}
	want := `{"` + a.ID + `":[{"type":"instagram","call_count":96,"total_cputime":7,"total_time":12,"estimated_time_to_regain_access":2.5}]}`
	if got := h.Get("X-Business-Use-Case-Usage"); got != want {
		t.Errorf("X-Business-Use-Case-Usage: got %s; want %s", got, want)
	}
	if got := b.me("unknown").header.Get("X-Business-Use-Case-Usage"); got != "" {
		t.Errorf("without an account: got %s; want no header", got)
	}
	if err := b.SetApp(sim.App{Usage: sim.Usage{Hidden: true}}); err != nil {
		t.Fatal(err)
	}
	if h := b.me(tok).header; h.Get("X-App-Usage") != "" || h.Get("X-Business-Use-Case-Usage") != "" {
		t.Error("hidden: got usage headers; want none")
	}
}
