package meta_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

func TestZeroConfig(t *testing.T) {
	c, err := meta.New(meta.Config{})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if got, want := c.MaxCall(), 20*time.Second; got != want {
		t.Errorf("MaxCall: got %v; want %v", got, want)
	}
	if got := c.AuthorizeURL("s", redirect, nil, meta.AuthorizeOptions{}); !strings.HasPrefix(got, meta.DefaultAuthorizeURL+"?") {
		t.Errorf("AuthorizeURL: got %s; want it at %s", got, meta.DefaultAuthorizeURL)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func TestConfigProblems(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config meta.Config
		want   string
	}{
		{"client id with a line break", meta.Config{ClientID: "123\n"}, "ClientID"},
		{"secret with a space", meta.Config{ClientSecret: evergrant.NewSecret("a b")}, "ClientSecret"},
		{"relative address", meta.Config{GraphURL: "graph.instagram.com"}, "GraphURL is not an absolute"},
		{"address of files", meta.Config{APIURL: "file:///etc"}, "APIURL is not an absolute"},
		{"no host", meta.Config{AuthorizeURL: "https:///oauth"}, "AuthorizeURL has no host"},
		{"a port alone", meta.Config{GraphURL: "https://:443"}, "GraphURL has no host"},
		{"user information", meta.Config{GraphURL: "https://user:planted@host"}, "GraphURL holds a user name"},
		{"query", meta.Config{GraphURL: "https://host/?a=b"}, "GraphURL holds a query"},
		{"empty query", meta.Config{GraphURL: "https://host/?"}, "GraphURL holds a query"},
		{"fragment", meta.Config{APIURL: "https://host/#x"}, "APIURL holds a query or fragment"},
		{"unreadable address", meta.Config{GraphURL: "https://user:planted@ho st:x"}, "GraphURL is not a URL"},
		{"version", meta.Config{GraphVersion: "25"}, "GraphVersion"},
		{"version with a path", meta.Config{GraphVersion: "v25.0/me"}, "GraphVersion"},
		{"concurrency", meta.Config{Concurrency: -1}, "Concurrency"},
		{"rate", meta.Config{Rate: math.NaN()}, "Rate"},
		{"endless rate", meta.Config{Rate: math.Inf(1)}, "Rate"},
		{"timeout", meta.Config{CallTimeout: -time.Second}, "CallTimeout"},
		{"proof", meta.Config{Proof: "yes"}, "Proof"},
		{"proof without secret", meta.Config{Proof: meta.ProofToken}, "ClientSecret"},
		{"user agent", meta.Config{UserAgent: "a\r\nb: c"}, "UserAgent"},
		{"exit without scheme", meta.Config{Egress: []string{meta.Direct, "proxy:3128"}}, "Egress[1] has an unknown scheme"},
		{"exit of an unknown kind", meta.Config{Egress: []string{"ftp://user:planted@proxy"}}, "Egress[0] has an unknown scheme"},
		{"exit without host", meta.Config{Egress: []string{"http://"}}, "Egress[0] has no host"},
		{"exit with a path", meta.Config{Egress: []string{"socks5://proxy:1080/x"}}, "Egress[0] has a path"},
		{"exit that is no URL", meta.Config{Egress: []string{"http://user:planted/@proxy:80"}}, "Egress[0] is not a URL"},
		{"empty exit", meta.Config{Egress: []string{""}}, "Egress[0] has an unknown scheme"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := meta.New(tt.config)
			if err == nil || c != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("New = %v, %v; want an error with %q", c, err, tt.want)
			}
			if strings.Contains(err.Error(), "planted") {
				t.Errorf("got %q; want no password in it", err)
			}
		})
	}
}

func TestConfigProblemsComeTogether(t *testing.T) {
	_, err := meta.New(meta.Config{
		AuthorizeURL: "x", APIURL: "y", GraphURL: "z", GraphVersion: "w", Concurrency: -1, CallTimeout: -1,
		Egress: []string{"a", "b"}, Proof: "c", ClientID: " ",
	})
	if err == nil {
		t.Fatal("New: got no error; want one")
	}
	for _, field := range []string{
		"AuthorizeURL", "APIURL", "GraphURL", "GraphVersion", "Concurrency", "CallTimeout",
		"Egress[0]", "Egress[1]", "Proof", "ClientID",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("got %q; want it to name %s", err, field)
		}
	}
}

// Whatever prints a Config or a Client, no secret is in it.
func TestPrintingHidesSecrets(t *testing.T) {
	c := meta.Config{
		ClientID: clientID, ClientSecret: clientSecret, Egress: []string{"http://user:planted-password@127.0.0.1:1"},
		Proof: meta.ProofTimed,
	}
	client, err := meta.New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	var printed strings.Builder
	for _, v := range []any{c, &c, client} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("x", "v", v)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Errorf("Marshal: %v", err)
	}
	printed.Write(raw)
	if got := printed.String(); strings.Contains(got, "planted") || !strings.Contains(got, "[redacted]") {
		t.Errorf("got %q; want only [redacted]", got)
	}
}
