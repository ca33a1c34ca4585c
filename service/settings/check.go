package settings

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The checks say what is wrong and what would be right. They never repeat a
// value that may hold a secret.

func checkPath(raw string) error {
	switch {
	case strings.TrimSpace(raw) == "":
		return errors.New("is empty: give a path")
	case strings.ContainsFunc(raw, unicode.IsControl):
		return errors.New("holds a control character: give a plain path")
	}
	return nil
}

// checkWord wants one word without spaces: an id.
func checkWord(raw string) error {
	if strings.ContainsFunc(raw, notPlain) {
		return fmt.Errorf("%s holds a space, a control character or one beyond ASCII: give the id alone", quote(raw))
	}
	return nil
}

func notWord(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// notPlain finds what the client for Meta would refuse in an id or a secret.
func notPlain(r rune) bool { return r <= ' ' || r > '~' }

func checkSecret(raw string) error {
	if strings.ContainsFunc(raw, notPlain) {
		return errors.New("holds a space, a control character or one beyond ASCII: give the secret alone, without a line break inside")
	}
	return nil
}

var graphVersion = regexp.MustCompile(`^v[1-9][0-9]{0,2}\.[0-9]$`)

func checkVersion(raw string) error {
	if !graphVersion.MatchString(raw) {
		return fmt.Errorf("%s is no version of the Graph API: give one such as v25.0", quote(raw))
	}
	return nil
}

// checkURL wants a base URL: absolute, http or https, with a host, and nothing
// that would be lost or leaked when a path is put behind it.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%s is not a URL: give one such as https://example.com", quote(raw))
	case u.User != nil:
		return errors.New("holds a user or password: leave them out of the URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%s does not begin with http:// or https://", quote(raw))
	case u.Hostname() == "":
		return fmt.Errorf("%s has no host: give one such as https://example.com", quote(raw))
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("%s has a query or a fragment: leave them out", quote(raw))
	}
	return checkPort(u.Port())
}

func checkListen(raw string) error {
	_, port, err := net.SplitHostPort(raw)
	if err != nil || port == "" {
		return fmt.Errorf("%s is not an address: give host:port, such as 127.0.0.1:8420", quote(raw))
	}
	return checkPort(port)
}

func checkPort(port string) error {
	if port == "" {
		return nil
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %s is not a number from 0 to 65535", quote(port))
	}
	return nil
}

// checkDatabase looks at the form only; whether it can be opened is the store's word.
func checkDatabase(raw string) error {
	scheme, rest, ok := strings.Cut(raw, "://")
	switch {
	case !ok, scheme != "sqlite" && scheme != "postgres" && scheme != "postgresql":
		return errors.New("is not a database URL: give sqlite:///path/to/evergrant.db or postgres://user:pass@host:5432/db")
	case rest == "":
		return fmt.Errorf("%s:// names no database: give sqlite:///path/to/evergrant.db or postgres://user:pass@host:5432/db", scheme)
	case scheme == "sqlite":
		return checkPath(rest)
	}
	u, err := url.Parse(raw)
	if err != nil { // the error would repeat the password
		return errors.New("is not a URL: percent-encode special characters of the password")
	}
	if u.Hostname() == "" && u.Query().Get("host") == "" {
		return errors.New("has no host: give postgres://user:pass@host:5432/db")
	}
	return checkPort(u.Port())
}

// checkKMS wants scheme://…; which schemes there are depends on what is linked in.
func checkKMS(raw string) error {
	if scheme, _, ok := strings.Cut(raw, "://"); !ok || scheme == "" || strings.ContainsFunc(scheme, notWord) {
		return errors.New("is not a gocloud secrets URL: give one such as base64key://… or hashivault://…")
	}
	return nil
}

func oneOf(raw string, choices []string) error {
	if slices.Contains(choices, raw) {
		return nil
	}
	return fmt.Errorf("%s is unknown: give %s", quote(raw), strings.Join(choices, ", "))
}

func parseInt(raw string, least, most int) (int, error) {
	n, err := strconv.Atoi(raw)
	if err != nil || n < least || n > most {
		return least, fmt.Errorf("%s is not a whole number from %d to %d", quote(raw), least, most)
	}
	return n, nil
}

func parseDuration(raw string, least, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(raw)
	if err != nil || d < least || d > most {
		return least, fmt.Errorf("%s is not a duration from %v to %v: write it like 10s", quote(raw), least, most)
	}
	return d, nil
}

// splitWords splits a list at its commas and drops empty parts.
func splitWords(raw string) ([]string, error) {
	words := []string{}
	for part := range strings.SplitSeq(raw, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if strings.ContainsFunc(part, notWord) {
			return nil, fmt.Errorf("%s holds a space: separate the words with commas", quote(part))
		}
		words = append(words, part)
	}
	return words, nil
}

func splitExits(raw string) ([]string, error) {
	ways, err := splitWords(raw)
	if err != nil { // the part may hold a password
		return nil, errors.New("holds a space: separate the ways out with commas")
	}
	if len(ways) == 0 {
		return nil, errors.New("names no way out: give direct, http://…, https://… or socks5://…")
	}
	for i, way := range ways {
		if err := checkExit(way); err != nil {
			return nil, fmt.Errorf("way %d %w", i+1, err)
		}
	}
	return ways, nil
}

func checkExit(way string) error {
	if way == "direct" {
		return nil
	}
	u, err := url.Parse(way)
	switch {
	case err != nil:
		return errors.New("is not a URL: percent-encode special characters of the password")
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return errors.New("is unknown: give direct, http://…, https://… or socks5://…")
	case u.Hostname() == "":
		return fmt.Errorf("(%s://) has no host", u.Scheme)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("(%s://) has a path, query or fragment: give scheme://host:port", u.Scheme)
	}
	return checkPort(u.Port())
}

// quote shows a value in an error: on one line, bounded.
func quote(raw string) string {
	const most = 60
	if runes := []rune(raw); len(runes) > most {
		raw = string(runes[:most]) + "…"
	}
	return strconv.Quote(raw)
}
