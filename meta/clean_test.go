package meta_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/meta"
)

func TestClean(t *testing.T) {
	odd := evergrant.NewSecret("planted/secret+with=signs&more")
	short := evergrant.NewSecret("pw7")
	lookalike := "IG" + "AA" + strings.Repeat("planted", 6)
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "Unsupported request - method type: get", "Unsupported request - method type: get"},
		{"lines", " a\r\n\tb\x00c\u202e ", "a bc"},
		{"not UTF-8", "a\xffb", "ab"},
		{"Persian with its joiner", "می‌توانید", "می‌توانید"},
		{"the token", "Malformed access token " + token.Reveal() + " given", "Malformed access token [redacted] given"},
		{"the token twice", token.Reveal() + " " + token.Reveal(), "[redacted] [redacted]"},
		{"the token, cut off", "token " + token.Reveal()[:25] + "...", "token [redacted]..."},
		{"the token's end", "token …" + token.Reveal()[20:], "token …[redacted]"},
		{"the token with a NUL inside", "x " + token.Reveal()[:9] + "\x00" + token.Reveal()[9:], "x [redacted]"},
		{"escaped", "at " + url.QueryEscape(odd.Reveal()), "at [redacted]"},
		{"a short secret", "as pw7", "as [redacted]"},
		{"another token", "token " + lookalike + " is dead", "token [redacted] is dead"},
		{"a long run", "digest 0123456789abcdef0123456789abcdef01234567 differs", "digest [redacted] differs"},
		{"a pair", "GET /x?access_token=abc&fields=id", "GET /x?access_token=[redacted]&fields=id"},
		{"pairs", `client_secret: abc, appsecret_proof=def`, `client_secret: [redacted], appsecret_proof=[redacted]`},
		{"a login code", "code=abcdefghijklmnopqr was used", "code=[redacted] was used"},
		{"an error code", "error code=190", "error code=190"},
		{"a page's words", "THE ACCOUNT IGNORES EASY THINGS", "THE ACCOUNT IGNORES EASY THINGS"},
		{"long", strings.Repeat("word ", 100), strings.Repeat("word ", 59) + "wo…"},
		{"long, cut inside a letter", strings.Repeat("é ", 150), strings.Repeat("é ", 99) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := meta.Clean(tt.text, token, odd, short, evergrant.Secret{}); got != tt.want {
				t.Errorf("got %q; want %q", got, tt.want)
			}
		})
	}
}

func TestCleanBoundsItsWork(t *testing.T) {
	got := meta.Clean(strings.Repeat(token.Reveal()+" ", 30_000), token)
	if len(got) > 300 || leaks(got) != "" {
		t.Errorf("got %d bytes: %q; want at most 300 without the token", len(got), got)
	}
}
