package service

import (
	"context"
	"errors"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
	"github.com/evergrant/evergrant/service/settings"
)

// ErrNoClientSecret: Instagram exchanges short-lived tokens only for those who know
// the app's secret.
var ErrNoClientSecret = errors.New("INSTAGRAM_CLIENT_SECRET is not set: give it in the environment, " +
	"in a file that INSTAGRAM_CLIENT_SECRET_FILE names, or as the systemd credential instagram_client_secret")

// newClient makes the client for Meta. It calls nobody.
func newClient(s *settings.Settings, o Options) (*meta.Client, error) {
	if s.AppSecretProof != string(meta.ProofOff) && s.ClientSecret.Empty() {
		return nil, errors.New("EVERGRANT_APPSECRET_PROOF is " + s.AppSecretProof + ", which needs the app's secret: " + ErrNoClientSecret.Error())
	}
	client, err := meta.New(meta.Config{
		ClientID:     s.ClientID,
		ClientSecret: s.ClientSecret,
		AuthorizeURL: s.AuthorizeURL,
		APIURL:       s.APIURL,
		GraphURL:     s.GraphURL,
		GraphVersion: s.GraphVersion,
		Egress:       s.Egress,
		Concurrency:  s.Concurrency,
		Rate:         float64(s.Rate),
		CallTimeout:  s.CallTimeout,
		Proof:        meta.Proof(s.AppSecretProof),
		UserAgent:    o.Agent,
		Now:          o.Now,
		Log:          o.Log,
	})
	return client, inSettings(err)
}

// withoutSecret is a provider for an installation that has not been given the app's
// secret. Refreshes need none, so they go on; an exchange fails for its own channel
// alone, with the remedy, and is no reason to close the fleet's brake.
type withoutSecret struct{ evergrant.Provider }

func (withoutSecret) Exchange(context.Context, evergrant.Secret) (evergrant.Issued, error) {
	return evergrant.Issued{}, &evergrant.Failure{
		Class: evergrant.Denied, Scope: evergrant.ScopeApp, Endpoint: "exchange", NotSent: true,
		Message: "INSTAGRAM_CLIENT_SECRET is not set", Cause: ErrNoClientSecret,
	}
}
