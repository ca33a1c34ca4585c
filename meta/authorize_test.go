package meta_test

import (
	"net/url"
	"testing"

	"github.com/evergrant/evergrant/meta"
)

func TestAuthorizeURL(t *testing.T) {
	plain := url.Values{
		"client_id": {clientID}, "redirect_uri": {redirect}, "response_type": {"code"},
		"scope": {"instagram_business_basic,instagram_business_manage_messages"}, "state": {"a&b=c"},
	}
	with := func(more url.Values) url.Values {
		all := url.Values{}
		for _, values := range []url.Values{plain, more} {
			for name := range values {
				all[name] = values[name]
			}
		}
		return all
	}
	for _, tt := range []struct {
		name string
		opts meta.AuthorizeOptions
		want url.Values
	}{
		{"plain", meta.AuthorizeOptions{}, plain},
		{"forced login", meta.AuthorizeOptions{ForceReauth: true}, with(url.Values{"force_reauth": {"true"}})},
		{"without Facebook", meta.AuthorizeOptions{InstagramOnly: true}, with(url.Values{"enable_fb_login": {"false"}})},
		{"older parameter", meta.AuthorizeOptions{Extra: url.Values{"force_authentication": {"1"}}}, with(url.Values{"force_authentication": {"1"}})},
		{"extra cannot replace", meta.AuthorizeOptions{Extra: url.Values{"state": {"x"}, "client_id": {"y"}}}, plain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, "https://login.example/base")
			got, err := url.Parse(client.AuthorizeURL("a&b=c", redirect,
				[]string{"instagram_business_basic", "instagram_business_manage_messages"}, tt.opts))
			if err != nil {
				t.Fatalf("parse: %v", err)
			}
			if got.Scheme+"://"+got.Host+got.Path != "https://login.example/base/oauth/authorize" {
				t.Errorf("got %s; want it at https://login.example/base/oauth/authorize", got)
			}
			if got.Query().Encode() != tt.want.Encode() {
				t.Errorf("got query %v; want %v", got.Query(), tt.want)
			}
		})
	}
}
