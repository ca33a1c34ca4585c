package meta_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

const html = `<!DOCTYPE html><html><title>Sorry</title></html>`

// No answer of this table holds a token that may be used.
func TestAnswersWithoutToken(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		class  evergrant.Class
		scope  evergrant.Scope
		code   int
	}{
		{"empty", 200, "", transient, onMeta, 0},
		{"spaces", 200, " \n", transient, onMeta, 0},
		{"HTML under 200", 200, html, transient, onMeta, 0},
		{"HTML under 403", 403, html, transient, onMeta, 0},
		{"HTML under 503", 503, html, transient, onMeta, 0},
		{"cut off", 200, `{"access_token":"long-tok`, transient, onMeta, 0},
		{"something behind", 200, longToken + "x", transient, onMeta, 0},
		{"a list", 200, `[` + longToken + `]`, transient, onMeta, 0},
		{"null", 200, `null`, transient, onMeta, 0},
		{"a word", 200, `"long-token"`, transient, onMeta, 0},
		{"no token", 200, `{"token_type":"bearer","expires_in":5183944}`, transient, onMeta, 0},
		{"null token", 200, `{"access_token":null,"expires_in":5183944}`, transient, onMeta, 0},
		{"empty token", 200, `{"access_token":"","expires_in":5183944}`, transient, onMeta, 0},
		{"blank token", 200, `{"access_token":"  ","expires_in":5183944}`, transient, onMeta, 0},
		{"token with a line break", 200, `{"access_token":"long\ntoken"}`, transient, onMeta, 0},
		{"token beyond ASCII", 200, `{"access_token":"long-tök€n"}`, transient, onMeta, 0},
		{"endless token", 200, `{"access_token":"` + strings.Repeat("x", 4097) + `"}`, transient, onMeta, 0},
		{"numeric token", 200, `{"access_token":12345}`, transient, onMeta, 0},
		{"token in a list", 200, `{"access_token":["long-token"]}`, transient, onMeta, 0},
		{"field in other letters", 200, `{"Access_Token":"long-token"}`, transient, onMeta, 0},
		{"empty data", 200, `{"data":[]}`, transient, onMeta, 0},
		{"two results", 200, `{"data":[{"access_token":"a"},{"access_token":"b"}]}`, transient, onMeta, 0},
		{"data of a wrong type", 200, `{"data":"long-token"}`, transient, onMeta, 0},
		{"token under a redirect", 302, longToken, transient, onMeta, 0},
		{"token under 404", 404, longToken, transient, onMeta, 0},
		{"token under 500", 500, longToken, transient, onMeta, 0},
		{"token under 429", 429, longToken, throttled, onApp, 0},
		{"too large", 200, `{"access_token":"long-token","x":"` + strings.Repeat("x", 1<<20) + `"}`, transient, onMeta, 0},

		{"envelope", 400, `{"error":{"message":"Session has expired","type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":"AbC"}}`, lost, onChannel, 190},
		{"envelope under 401", 401, `{"error":{"message":"x","code":190}}`, lost, onChannel, 190},
		{"envelope under 403", 403, `{"error":{"message":"x","code":10}}`, denied, onChannel, 10},
		{"envelope under 500", 500, `{"error":{"message":"An unexpected error has occurred. Please retry your request later.","type":"OAuthException","is_transient":true,"code":2}}`, transient, onMeta, 2},
		{"dead token under 500", 500, `{"error":{"message":"x","code":190,"error_subcode":463}}`, transient, onMeta, 190},
		{"envelope under 200", 200, `{"error":{"message":"API access deactivated. To reactivate, go to the app dashboard.","type":"OAuthException","code":200}}`, appWide, onApp, 200},
		{"error next to a token", 200, `{"access_token":"long-token","error":{"code":190,"message":"x"}}`, lost, onChannel, 190},
		{"empty error next to a token", 200, `{"access_token":"long-token","error":{}}`, transient, onChannel, 0},
		{"error as text", 200, `{"access_token":"long-token","error":"invalid_request","error_description":"x"}`, transient, onChannel, 0},
		{"error in data", 200, `{"data":[{"access_token":"long-token","error":{"code":190,"message":"x"}}]}`, lost, onChannel, 190},
		{"code as text", 400, `{"error":{"message":"x","code":"190","error_subcode":"459"}}`, blocked, onChannel, 190},
		{"subcode zero", 400, `{"error":{"message":"Invalid OAuth access token - Cannot parse access token","code":190,"error_subcode":0}}`, appWide, onApp, 190},
		{"code as a float", 400, `{"error":{"message":"x","code":190.0}}`, lost, onChannel, 190},
		{"code beyond reason", 400, `{"error":{"message":"x","code":1e300}}`, transient, onChannel, 0},
		{"code of a wrong type", 400, `{"error":{"message":["x"],"code":{"a":190}}}`, transient, onChannel, 0},
		{"flat", 400, `{"error_type":"OAuthException","code":400,"error_message":"Invalid platform app"}`, appWide, onApp, 400},
		{"flat under 200", 200, `{"error_type":"OAuthException","code":190,"error_message":"x"}`, lost, onChannel, 190},
		{"legacy meta", 400, `{"meta":{"error_type":"OAuthAccessTokenException","code":400,"error_message":"The access_token provided is invalid."}}`, transient, onChannel, 400},
		{"legacy meta with a code alone", 200, `{"meta":{"code":429},"access_token":"long-token"}`, throttled, onApp, 429},
		{"code and description", 400, `{"error_code":190,"error_description":"x"}`, lost, onChannel, 190},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newRecorder(t, tt.status, http.Header{"Location": {"/elsewhere"}}, tt.body)
			got, err := newClient(t, srv.URL).Refresh(t.Context(), token)
			f := failure(t, err)
			if !got.Token.Value.Empty() {
				t.Errorf("got a token along with %v; want none", err)
			}
			if f.Class != tt.class || f.Scope != tt.scope || f.Code != tt.code || f.Status != tt.status || f.NotSent || f.Endpoint != "refresh" {
				t.Errorf("got %s of %s, code %d, status %d, not sent %v; want %s of %s, code %d, status %d, sent",
					f.Class, f.Scope, f.Code, f.Status, f.NotSent, tt.class, tt.scope, tt.code, tt.status)
			}
			if f.Message == "" || strings.Contains(f.Message, "\n") || len(f.Message) > 300 {
				t.Errorf("got message %q; want one line of at most 300 bytes", f.Message)
			}
			if srv.count() != 1 {
				t.Errorf("got %d calls; want 1", srv.count())
			}
		})
	}
}

func TestIdentityFailures(t *testing.T) {
	for _, tt := range []struct{ name, body string }{
		{"empty object", `{}`},
		{"empty data", `{"data":[]}`},
		{"two accounts", `{"data":[{"id":"1"},{"id":"2"}]}`},
		{"ids that are none", `{"id":"../../x","user_id":-1.5}`},
		{"error under 200", `{"id":"1","error":{"code":190,"message":"x"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newClient(t, newRecorder(t, 200, nil, tt.body).URL).Identify(t.Context(), token)
			if f := failure(t, err); got != (evergrant.Identity{}) || f.Endpoint != "me" {
				t.Errorf("got %+v, %+v; want no identity and a failure of me", got, f)
			}
		})
	}
}

func TestLife(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name, expiresIn string
		short           bool
		want            time.Duration
		source          evergrant.ExpirySource
	}{
		{"long", `5183944`, false, 5183944 * time.Second, evergrant.FromProvider},
		{"long, as text", `"5183944"`, false, 5183944 * time.Second, evergrant.FromProvider},
		{"long, fractional", `5183944.5`, false, 5183944500 * time.Millisecond, evergrant.FromProvider},
		{"long, below a millisecond", `5183944.0009`, false, 5183944 * time.Second, evergrant.FromProvider},
		{"long, exponent", `5.184e6`, false, 60 * day, evergrant.FromProvider},
		{"long, one day", `86400`, false, day, evergrant.FromProvider},
		{"long, below a day", `86399`, false, 60 * day, evergrant.FromGuess},
		{"long, 120 days", `10368000`, false, 120 * day, evergrant.FromProvider},
		{"long, above 120 days", `10368001`, false, 60 * day, evergrant.FromGuess},
		{"long, an instant", `1767225600`, false, 60 * day, evergrant.FromGuess},
		{"long, beyond every number", `1e999`, false, 60 * day, evergrant.FromGuess},
		{"long, zero", `0`, false, 60 * day, evergrant.FromGuess},
		{"long, negative", `-5183944`, false, 60 * day, evergrant.FromGuess},
		{"long, null", `null`, false, 60 * day, evergrant.FromGuess},
		{"long, a word", `"soon"`, false, 60 * day, evergrant.FromGuess},
		{"long, not a number", `"NaN"`, false, 60 * day, evergrant.FromGuess},
		{"long, a list", `[5183944]`, false, 60 * day, evergrant.FromGuess},
		{"short", `3600`, true, time.Hour, evergrant.FromProvider},
		{"short, a day", `86400`, true, day, evergrant.FromProvider},
		{"short, above a day", `86401`, true, time.Hour, evergrant.FromGuess},
		{"short, zero", `0`, true, time.Hour, evergrant.FromGuess},
		{"short, null", `null`, true, time.Hour, evergrant.FromGuess},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newRecorder(t, 200, nil, `{"access_token":"new-token","expires_in":`+tt.expiresIn+`}`)
			client := newClient(t, srv.URL)
			got, err := client.Exchange(t.Context(), token)
			if tt.short {
				got, err = client.ExchangeCode(t.Context(), code, redirect)
			}
			if err != nil {
				t.Fatalf("got error %v; want a token", err)
			}
			if life := got.Token.ExpiresAt.Sub(got.Token.IssuedAt); life != tt.want || got.Token.Source != tt.source {
				t.Errorf("got life %v, %s; want %v, %s", life, got.Token.Source, tt.want, tt.source)
			}
			if got.Token.IssuedAt.Location() != time.UTC || got.Token.IssuedAt.Nanosecond()%1e6 != 0 {
				t.Errorf("got issued at %v; want UTC to the millisecond", got.Token.IssuedAt)
			}
		})
	}
}

func TestRefusalIsReadWhole(t *testing.T) {
	srv := newRecorder(t, 400, http.Header{"Retry-After": {"30"}, "X-App-Usage": {`{"call_count":97}`}},
		`{"error":{"message":"Error validating\naccess token","type":"OAuthException","code":190,"error_subcode":463,"is_transient":false,`+
			`"error_user_title":"نشست شما","error_user_msg":"می‌توانید دوباره وارد شوید","fbtrace_id":"EJplcsCHuLu"}}`)
	_, err := newClient(t, srv.URL).Refresh(t.Context(), token)
	got := *failure(t, err)
	want := evergrant.Failure{
		Class: lost, Scope: onChannel, Endpoint: "refresh", Status: 400, Code: 190, Subcode: 463,
		Type: "OAuthException", Message: "Error validating access token",
		UserTitle: "نشست شما", UserMessage: "می‌توانید دوباره وارد شوید",
		TraceID: "EJplcsCHuLu", RetryAfter: 30 * time.Second, Usage: evergrant.Usage{App: 97},
	}
	if got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
	if !errors.Is(err, evergrant.ErrLost) {
		t.Errorf("got %v; want it to match ErrLost", err)
	}
}

func TestCodeExchangeRefusals(t *testing.T) {
	for _, tt := range []struct {
		message string
		want    error
	}{
		{"Matching code was not found or was already used", meta.ErrCodeUsed},
		{"Insufficient developer role", meta.ErrNoRole},
	} {
		srv := newRecorder(t, 400, nil, `{"error_type":"OAuthException","code":400,"error_message":"`+tt.message+`"}`)
		_, err := newClient(t, srv.URL).ExchangeCode(t.Context(), code, redirect)
		if f := failure(t, err); !errors.Is(err, tt.want) || f.Class != denied || f.Message != tt.message || f.Type != "OAuthException" {
			t.Errorf("got %+v; want denied with cause %v", f, tt.want)
		}
	}
}

// What cannot be sent is not sent, and is never a verdict on the channel.
func TestUnusableInput(t *testing.T) {
	srv := newRecorder(t, 200, nil, longToken)
	good, bare := newClient(t, srv.URL), newClient(t, srv.URL, func(c *meta.Config) { c.ClientID, c.ClientSecret = "", evergrant.Secret{} })
	idOnly := newClient(t, srv.URL, func(c *meta.Config) { c.ClientSecret = evergrant.Secret{} })
	none, broken := evergrant.Secret{}, evergrant.NewSecret("to\nken")
	for _, tt := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"refresh without token", func(ctx context.Context) error { _, err := good.Refresh(ctx, none); return err }},
		{"refresh with a broken token", func(ctx context.Context) error { _, err := good.Refresh(ctx, broken); return err }},
		{"refresh with an endless token", func(ctx context.Context) error {
			_, err := good.Refresh(ctx, evergrant.NewSecret(strings.Repeat("x", 5000)))
			return err
		}},
		{"exchange without token", func(ctx context.Context) error { _, err := good.Exchange(ctx, none); return err }},
		{"exchange without secret", func(ctx context.Context) error { _, err := bare.Exchange(ctx, token); return err }},
		{"me without token", func(ctx context.Context) error { _, err := good.Identify(ctx, none); return err }},
		{"code without app", func(ctx context.Context) error { _, err := bare.ExchangeCode(ctx, code, redirect); return err }},
		{"code without secret", func(ctx context.Context) error { _, err := idOnly.ExchangeCode(ctx, code, redirect); return err }},
		{"code that is only the suffix", func(ctx context.Context) error {
			_, err := good.ExchangeCode(ctx, evergrant.NewSecret("#_"), redirect)
			return err
		}},
		{"subscribe without token", func(ctx context.Context) error { return good.Subscribe(ctx, none, "1", []string{"messages"}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := failure(t, tt.run(t.Context()))
			if f.Class != appWide || !f.NotSent || f.Message == "" || strings.Contains(f.Error(), "to\nken") {
				t.Errorf("got %+v; want an unsent failure of the app", f)
			}
		})
	}
	if srv.count() != 0 {
		t.Errorf("got %d calls; want none", srv.count())
	}
}
