package sim_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

// A token with ten days left is refreshed; the answer of the first call is lost.
func Example() {
	now := time.Date(2027, 1, 15, 10, 0, 0, 0, time.UTC)
	meta := sim.New(sim.Config{Seed: 1, Now: func() time.Time { return now }})
	web := httptest.NewServer(meta)
	defer web.Close()

	shop, err := meta.CreateAccount(sim.Account{Username: "acme", RefreshStyle: sim.RefreshNew, OldToken: sim.OldFades})
	if err != nil {
		panic(err)
	}
	old, err := meta.IssueToken(sim.TokenSpec{Account: shop.ID, Age: sim.Days(50)})
	if err != nil {
		panic(err)
	}
	if _, err := meta.AddFault(sim.Fault{Kind: sim.FaultDropAfter, Endpoint: "refresh", Times: 1}); err != nil {
		panic(err)
	}

	refresh := web.URL + "/refresh_access_token?" + url.Values{
		"grant_type": {"ig_refresh_token"}, "access_token": {old.Value},
	}.Encode()
	for range 2 {
		status, err := get(refresh)
		fmt.Println("refresh:", status, err != nil)
	}
	meta.Advance(48 * time.Hour)
	fmt.Println("old token two days later:", meta.Accepts(old.Value))
	for _, c := range meta.Calls(sim.CallFilter{Endpoint: sim.Refresh}) {
		fmt.Println(c.Seq, c.Username, c.TokenKind, c.Outcome, "effect:", c.Effect)
	}
	// Output:
	// refresh: 0 true
	// refresh: 200 false
	// old token two days later: false
	// 1 acme long dropped effect: true
	// 2 acme long ok effect: true
}

func ExampleLoadScenario() {
	sc, err := sim.LoadScenario(strings.NewReader(`{
		"clock":    {"set": "2027-01-15T10:00:00Z"},
		"accounts": [{"username": "acme"}],
		"tokens":   [{"account": "acme", "age": "57d"}]
	}`))
	if err != nil {
		panic(err)
	}
	meta := sim.New(sim.Config{Now: func() time.Time { return time.Unix(0, 0) }})
	if err := meta.Apply(sc); err != nil {
		panic(err)
	}
	tokens, err := meta.Tokens(sim.Selector{Account: "acme"})
	if err != nil {
		panic(err)
	}
	fmt.Println(tokens[0].Kind, "issued", tokens[0].IssuedAt.Format(time.RFC3339))

	_, err = sim.LoadScenario(strings.NewReader(`{"acounts": []}`))
	fmt.Println(err)
	// Output:
	// long issued 2026-11-19T10:00:00Z
	// scenario: json: unknown field "acounts"
}

// get returns the status of a call, or the error of its connection.
func get(address string) (status int, err error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
