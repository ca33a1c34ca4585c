package service_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/pgtest"
	"github.com/evergrant/evergrant/service"
	"github.com/evergrant/evergrant/service/settings"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// What keeps PostgreSQL from letting us in is one line with the remedy, without secrets.
func TestPostgresNotReached(t *testing.T) {
	for _, tt := range []struct {
		name string
		url  func(t *testing.T) string
		want string
	}{
		{"nobody listens", fixed("postgres://op:canary@127.0.0.1:1/db"), "database postgres://127.0.0.1:1/db: connection refused: start PostgreSQL"},
		{"no socket", fixed("postgres://op:canary@/db?host=/nowhere"), "no such socket"},
		{"no such database", func(t *testing.T) string {
			return changed(t, func(u *url.URL) { u.Path = "/nosuchdatabase" })
		}, "/nosuchdatabase: this database does not exist: create it"},
		{"no such role", func(t *testing.T) string {
			return changed(t, func(u *url.URL) {
				u.User = nil
				q := u.Query()
				q.Set("user", "nosuchrole")
				q.Set("password", "canary")
				u.RawQuery = q.Encode()
			})
		}, "PostgreSQL refuses the user or its password"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &settings.Settings{DatabaseURL: evergrant.NewSecret(tt.url(t))}
			_, err := service.Open(t.Context(), s, service.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v; want one line with %q and no password", err, tt.want)
			}
		})
	}
}

func fixed(raw string) func(*testing.T) string {
	return func(*testing.T) string { return raw }
}

// changed is the URL of a real server, made wrong.
func changed(t *testing.T, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// The client's own checks speak of the settings that people know.
func TestClientProblemsNameSettings(t *testing.T) {
	s := config(t)
	s.Egress, s.ClientID, s.GraphVersion = []string{"direct", "ftp://u:canary@h"}, "a b", "canary"
	_, err := service.Open(t.Context(), s, service.Options{Create: true})
	var problems settings.Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Fatalf("got %v; want three problems", err)
	}
	for _, want := range []string{"EVERGRANT_EGRESS[1]: has an unknown scheme", "INSTAGRAM_CLIENT_ID: holds spaces", "EVERGRANT_GRAPH_VERSION: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v; want it to say %q", err, want)
		}
	}
	for _, foreign := range []string{"Egress", "ClientID ", "meta settings"} {
		if strings.Contains(err.Error(), foreign) {
			t.Errorf("got %v; want no field's name, such as %s", err, foreign)
		}
	}
}
