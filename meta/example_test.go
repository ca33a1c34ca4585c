package meta_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

// fake answers every call with one body.
func fake(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
}

// exampleClient returns a client of srv whose clock shows 1 September 2026.
func exampleClient(srv *httptest.Server) *meta.Client {
	c, err := meta.New(meta.Config{
		ClientID:     "1234567890",
		ClientSecret: evergrant.NewSecret("from-the-environment"),
		APIURL:       srv.URL,
		GraphURL:     srv.URL,
		Now:          func() time.Time { return time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		panic(err)
	}
	return c
}

func ExampleNew() {
	_, err := meta.New(meta.Config{GraphURL: "graph.instagram.com", Egress: []string{"proxy:3128"}})
	fmt.Println(err)
	// Output:
	// meta settings: GraphURL is not an absolute http or https URL: use the form https://host
	// Egress[0] has an unknown scheme: use direct, http://, https:// or socks5://
}

func ExampleClient_AuthorizeURL() {
	c, err := meta.New(meta.Config{ClientID: "1234567890"})
	if err != nil {
		panic(err)
	}
	fmt.Println(c.AuthorizeURL("random-state", "https://example.com/oauth/instagram/callback",
		[]string{"instagram_business_basic"}, meta.AuthorizeOptions{ForceReauth: true}))
	// Output:
	// https://www.instagram.com/oauth/authorize?client_id=1234567890&force_reauth=true&redirect_uri=https%3A%2F%2Fexample.com%2Foauth%2Finstagram%2Fcallback&response_type=code&scope=instagram_business_basic&state=random-state
}

func ExampleClient_ExchangeCode() {
	srv := fake(400, `{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found or was already used"}`)
	defer srv.Close()
	c := exampleClient(srv)
	defer func() { _ = c.Close() }()
	_, err := c.ExchangeCode(context.Background(), evergrant.NewSecret("the-login-code#_"), "https://example.com/callback")
	fmt.Println(err)
	fmt.Println("log in again:", errors.Is(err, meta.ErrCodeUsed))
	// Output:
	// instagram code: error 400: Matching code was not found or was already used
	// log in again: true
}

func ExampleClient_Exchange() {
	srv := fake(200, `{"access_token":"long-lived","token_type":"bearer","expires_in":5184000}`)
	defer srv.Close()
	c := exampleClient(srv)
	defer func() { _ = c.Close() }()
	issued, err := c.Exchange(context.Background(), evergrant.NewSecret("short-lived"))
	fmt.Println(issued.Token.Value, issued.Token.ExpiresAt, issued.Token.Source, err)
	// Output: [redacted] 2026-10-31 10:00:00 +0000 UTC provider <nil>
}

func ExampleClient_Refresh() {
	srv := fake(400, `{"error":{"message":"Session has expired","type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":"AbC"}}`)
	defer srv.Close()
	c := exampleClient(srv)
	defer func() { _ = c.Close() }()
	_, err := c.Refresh(context.Background(), evergrant.NewSecret("long-lived"))
	fmt.Println(err)
	var f *evergrant.Failure
	if errors.As(err, &f) {
		fmt.Println(f.Class, f.Scope, errors.Is(err, evergrant.ErrLost))
	}
	// Output:
	// instagram refresh: error 190/463: Session has expired (trace AbC)
	// lost channel true
}

func ExampleClient_Identify() {
	srv := fake(200, `{"data":[{"user_id":"17841400000000000","username":"acme","id":"27640875392278831"}]}`)
	defer srv.Close()
	c := exampleClient(srv)
	defer func() { _ = c.Close() }()
	who, err := c.Identify(context.Background(), evergrant.NewSecret("long-lived"))
	fmt.Println(who.AccountID, who.AppScopedID, who.Username, err)
	// Output: 17841400000000000 27640875392278831 acme <nil>
}

func ExampleClient_Subscribe() {
	srv := fake(200, `{"success":true}`)
	defer srv.Close()
	c := exampleClient(srv)
	defer func() { _ = c.Close() }()
	fmt.Println(c.Subscribe(context.Background(), evergrant.NewSecret("long-lived"), "17841400000000000", []string{"messages"}))
	// Output: <nil>
}

func ExampleClient_Reach() {
	srv := fake(404, "")
	defer srv.Close()
	c, err := meta.New(meta.Config{AuthorizeURL: srv.URL, APIURL: srv.URL, GraphURL: srv.URL})
	if err != nil {
		panic(err)
	}
	defer func() { _ = c.Close() }()
	for _, r := range c.Reach(context.Background()) {
		fmt.Println(r.Host, r.Exit, r.Reachable, r.Status)
	}
	// Output:
	// authorize direct true 404
	// api direct true 404
	// graph direct true 404
}

func ExampleClient_MaxCall() {
	c, err := meta.New(meta.Config{CallTimeout: 15 * time.Second})
	if err != nil {
		panic(err)
	}
	fmt.Println("a lease must be longer than", c.MaxCall())
	// Output: a lease must be longer than 30s
}
