package meta

import (
	"errors"
	"net/url"
)

// hosts are the parsed addresses of Meta's three hosts.
type hosts struct{ authorize, api, graph *url.URL }

// parseHosts reads the three addresses of c and returns every problem.
func parseHosts(c Config) (h hosts, err error) {
	var problems [3]error
	h.authorize, problems[0] = parseHost("AuthorizeURL", c.AuthorizeURL)
	h.api, problems[1] = parseHost("APIURL", c.APIURL)
	h.graph, problems[2] = parseHost("GraphURL", c.GraphURL)
	return h, errors.Join(problems[:]...)
}

// parseHost reads the address of a host. Its errors do not repeat the value,
// which may hold a password: the parser's own errors quote parts of it.
func parseHost(field, value string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return nil, &FieldError{field, "is not a URL: use the form https://host or https://host/path"}
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, &FieldError{field, "is not an absolute http or https URL: use the form https://host"}
	case u.Hostname() == "":
		return nil, &FieldError{field, "has no host: use the form https://host"}
	case u.User != nil:
		return nil, &FieldError{field, "holds a user name or password: remove it"}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, &FieldError{field, "holds a query or fragment: remove everything from ? or # on"}
	}
	return u, nil
}

// at returns the address of a call: base, the path's elements, and the query.
// The elements must be plain, since JoinPath cleans dots away.
func at(base *url.URL, query url.Values, elements ...string) string {
	u := base.JoinPath(elements...)
	u.RawQuery = query.Encode()
	return u.String()
}
