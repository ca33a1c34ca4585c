package meta

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/evergrant/evergrant"
)

// Bounds of what is kept of Meta's words, in bytes.
const (
	maxMessageBytes = 300
	maxLabelBytes   = 64
	// maxRawBytes bounds what is looked at, so that a body of a mebibyte costs little.
	maxRawBytes = 8 << 10
)

// minLeakBytes is the shortest part of a known secret that is looked for: servers
// repeat tokens cut short. A shorter secret is looked for whole.
const minLeakBytes = 12

const hidden = "[redacted]"

var (
	// secretPair finds secrets by the names of their parameters.
	secretPair = regexp.MustCompile(`(?i)\b((?:access_token|client_secret|appsecret_proof|fb_exchange_token|input_token|signed_request)["']?\s*[=:]\s*)[^\s&,;]+`)
	codePair   = regexp.MustCompile(`(?i)\b(code["']?\s*[=:]\s*)[^\s&,;]{16,}`)
	// tokenRun finds what looks like a token of Meta's, and any other long run.
	tokenRun = regexp.MustCompile(`(?:\b|_)(?:IG|EA|TH)[A-Za-z0-9_.|~%-]{20,}|[A-Za-z0-9_-]{40,}`)
)

// clean makes one printable line of at most maxMessageBytes out of foreign text,
// without the given secrets, without parts of them, and without whatever looks
// like a token.
func clean(text string, secrets []evergrant.Secret) string {
	// The order matters: a secret cut apart by control characters must be whole when it is looked for.
	line := oneLine(text)
	line = hideKnown(line, secrets)
	line = secretPair.ReplaceAllString(line, "${1}"+hidden)
	line = codePair.ReplaceAllString(line, "${1}"+hidden)
	line = tokenRun.ReplaceAllString(line, hidden)
	return bound(line, maxMessageBytes)
}

// label cleans a short word such as a trace id, which may look like a token.
func label(text string, secrets []evergrant.Secret) string {
	return bound(hideKnown(oneLine(text), secrets), maxLabelBytes)
}

// oneLine drops what does not print and joins words by single spaces. The joiners
// of Persian script are kept, direction marks are not.
func oneLine(text string) string {
	if len(text) > maxRawBytes {
		text = text[:maxRawBytes]
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200c' || r == '\u200d' || unicode.IsPrint(r):
			return r
		}
		return -1
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// hideKnown replaces every secret in line, whole or in parts, plain or as it
// stands in a URL.
func hideKnown(line string, secrets []evergrant.Secret) string {
	for _, secret := range secrets {
		value := secret.Reveal()
		if value == "" {
			continue
		}
		line = hideParts(line, value)
		if escaped := url.QueryEscape(value); escaped != value {
			line = hideParts(line, escaped)
		}
	}
	return line
}

// hideParts replaces each stretch of line that is made of parts of value.
func hideParts(line, value string) string {
	window := min(minLeakBytes, len(value))
	type stretch struct{ from, to int }
	var found []stretch
	for i := 0; i+window <= len(value); i++ {
		part := value[i : i+window]
		for at := 0; ; {
			j := strings.Index(line[at:], part)
			if j < 0 {
				break
			}
			found = append(found, stretch{at + j, at + j + window})
			at += j + 1
		}
	}
	if len(found) == 0 {
		return line
	}
	slices.SortFunc(found, func(a, b stretch) int { return a.from - b.from })
	var b strings.Builder
	end := 0
	for i, s := range found {
		if i == 0 || s.from > end {
			b.WriteString(line[end:s.from])
			b.WriteString(hidden)
		}
		end = max(end, s.to)
	}
	b.WriteString(line[end:])
	return b.String()
}

// bound cuts s to at most limit bytes, between characters.
func bound(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const dots = "…"
	return strings.ToValidUTF8(s[:limit-len(dots)], "") + dots
}
