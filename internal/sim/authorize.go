package sim

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:embed authorize.html
var authorizeHTML string

var authorizePage = template.Must(template.New("authorize").Parse(authorizeHTML))

// shownAccounts bounds the list on the login page; any other account can be
// typed by name.
const shownAccounts = 50

// retiredScopes stopped working on 27 January 2025.
var retiredScopes = []string{
	"business_basic", "business_manage_messages", "business_manage_comments", "business_content_publish",
}

// authorizeView is what the login page shows. Problem is a page without a form.
type authorizeView struct {
	Problem, ClientID, RedirectURI, State, Scope string
	Scopes                                       []string
	Accounts                                     []Account
	More                                         int
}

// authorizeLocked shows the login page and takes its form. A request that names
// a wrong app or redirect URI gets a page and never a redirect.
func (s *Server) authorizeLocked(req *request, now time.Time) reply {
	v := authorizeView{
		ClientID: req.param("client_id"), RedirectURI: req.param("redirect_uri"),
		State: req.param("state"), Scope: req.param("scope"),
	}
	v.Scopes = strings.FieldsFunc(v.Scope, func(r rune) bool { return r == ',' || r == ' ' })
	if v.Problem = s.authorizeProblemLocked(req, v); v.Problem != "" {
		return v.page(http.StatusBadRequest, Refused)
	}
	if req.method == http.MethodPost {
		return s.decideLocked(req, v, now)
	}
	for _, a := range s.accountOrder[:min(shownAccounts, len(s.accountOrder))] {
		v.Accounts = append(v.Accounts, a.Account)
	}
	v.More = len(s.accountOrder) - len(v.Accounts)
	return v.page(http.StatusOK, OK)
}

func (s *Server) authorizeProblemLocked(req *request, v authorizeView) string {
	switch {
	case req.method != http.MethodGet && req.method != http.MethodPost:
		return "Unsupported request - method type: " + req.methodName()
	case v.ClientID != s.app.ClientID:
		return "Invalid Request: Invalid platform app"
	case !s.app.mayRedirect(v.RedirectURI):
		return "Invalid redirect_uri"
	case req.param("response_type") != "code":
		return "Invalid response_type: it must be code"
	case !slices.Contains(v.Scopes, ScopeBasic):
		return "Invalid scope: " + ScopeBasic + " is always needed"
	}
	for _, scope := range v.Scopes {
		if slices.Contains(retiredScopes, scope) {
			return "Invalid Scopes: " + scope
		}
	}
	return ""
}

// decideLocked takes the person's decision. The form has the fields decision
// (allow, anything else refuses), account or other, and grant, once for each
// scope that is granted.
func (s *Server) decideLocked(req *request, v authorizeView, now time.Time) reply {
	if req.param("decision") != "allow" {
		q := url.Values{
			"error":             {"access_denied"},
			"error_reason":      {"user_denied"},
			"error_description": {"The user denied your request"},
		}
		if !s.app.RefusalOmitsState && v.State != "" {
			q.Set("state", v.State)
		}
		return redirect(v.RedirectURI, q, "")
	}
	ref := req.param("other")
	if ref == "" {
		ref = req.param("account")
	}
	a := s.accounts[ref]
	if a == nil {
		v.Problem = "There is no account of this name: go back and choose another"
		return v.page(http.StatusBadRequest, Refused)
	}
	var granted []string
	for _, scope := range req.params("grant") {
		if slices.Contains(v.Scopes, scope) && !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	q := url.Values{"code": {s.issueCodeLocked(a, v.RedirectURI, granted, now)}}
	if v.State != "" {
		q.Set("state", v.State)
	}
	rep := redirect(v.RedirectURI, q, "#_")
	rep.effect = true
	return rep
}

// redirect adds q to the redirect URI, which may have a query of its own.
func redirect(uri string, q url.Values, suffix string) reply {
	mark := "?"
	if strings.Contains(uri, "?") {
		mark = "&"
	}
	return reply{status: http.StatusFound, outcome: OK, location: uri + mark + q.Encode() + suffix}
}

func (v authorizeView) page(status int, outcome Outcome) reply {
	var buf bytes.Buffer
	if err := authorizePage.Execute(&buf, v); err != nil {
		panic("sim: login page: " + err.Error()) // template and data are ours
	}
	return reply{status: status, outcome: outcome, html: buf.Bytes()}
}
