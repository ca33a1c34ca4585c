package sim

import (
	"fmt"
	"strings"
)

// An Endpoint names one of the calls that the simulator answers. Faults match
// by it and the log of calls shows it.
type Endpoint string

// The endpoints. See the package documentation for their paths.
const (
	Authorize Endpoint = "authorize"
	Code      Endpoint = "code"
	Exchange  Endpoint = "exchange"
	Refresh   Endpoint = "refresh"
	Me        Endpoint = "me"
	Subscribe Endpoint = "subscribe"
	Messages  Endpoint = "messages"
	Unknown   Endpoint = "unknown" // no such path
)

var endpoints = [...]Endpoint{Authorize, Code, Exchange, Refresh, Me, Subscribe, Messages, Unknown}

// endpointCount sizes the arrays that are indexed by an endpoint.
const endpointCount = len(endpoints)

// index is e's place in endpoints; ok is false for a name that is none.
func (e Endpoint) index() (i int, ok bool) {
	for i, known := range endpoints {
		if e == known {
			return i, true
		}
	}
	return endpointCount - 1, false
}

// A set of endpoints, one bit for each.
type endpointSet uint16

const everyEndpoint endpointSet = 1<<endpointCount - 1

// parseEndpoints reads "refresh", "refresh|exchange", "*" or "" (all).
func parseEndpoints(s string) (endpointSet, error) {
	if s == "" || s == "*" {
		return everyEndpoint, nil
	}
	var set endpointSet
	for name := range strings.SplitSeq(s, "|") {
		i, ok := Endpoint(strings.TrimSpace(name)).index()
		if !ok {
			return 0, fmt.Errorf("endpoint %q is not known: use one of %v, several joined by |, or *", name, endpoints)
		}
		set |= 1 << i
	}
	return set, nil
}

func (set endpointSet) has(e Endpoint) bool {
	i, _ := e.index()
	return set&(1<<i) != 0
}

// route finds the endpoint of a path, and the node (an id or "me") where the
// path has one. A leading version such as /v25.0 is skipped on the Graph calls.
func route(path string) (e Endpoint, node string) {
	switch path {
	case "/oauth/authorize", "/oauth/authorize/":
		return Authorize, ""
	case "/oauth/access_token", "/oauth/access_token/":
		return Code, ""
	}
	rest := strings.Trim(path, "/")
	if first, after, _ := strings.Cut(rest, "/"); isVersion(first) {
		rest = after
	}
	switch rest {
	case "access_token":
		return Exchange, ""
	case "refresh_access_token":
		return Refresh, ""
	}
	node, edge, _ := strings.Cut(rest, "/")
	if node != "me" && !isID(node) {
		return Unknown, ""
	}
	switch edge {
	case "":
		return Me, node
	case "subscribed_apps":
		return Subscribe, node
	case "messages":
		return Messages, node
	}
	return Unknown, ""
}

// isVersion reports whether s looks like v25.0.
func isVersion(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	return ok && len(major) > 1 && major[0] == 'v' && digits(major[1:]) && digits(minor)
}

// isID reports whether s can be an id of Meta: digits without a leading zero,
// so that it is also a valid JSON number.
func isID(s string) bool { return digits(s) && s[0] != '0' && len(s) <= 30 }

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
