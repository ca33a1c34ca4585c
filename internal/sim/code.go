package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A code is what the login hands to the app's redirect URI.
type code struct {
	account     *account
	redirectURI string
	permissions []string
	expires     time.Time
	used        bool
}

// CodeSpec asks for a code as if a person had just logged in.
type CodeSpec struct {
	Account     string   `json:"account"`
	RedirectURI string   `json:"redirect_uri"`
	Permissions []string `json:"permissions,omitempty"` // empty: basic and messages
}

// IssueCode makes a code without the login page.
func (s *Server) IssueCode(spec CodeSpec) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.accountLocked(spec.Account)
	if err != nil {
		return "", fmt.Errorf("code: %w", err)
	}
	if !s.app.mayRedirect(spec.RedirectURI) {
		return "", fmt.Errorf("code: redirect_uri %q is not one of the app's", spec.RedirectURI)
	}
	if len(spec.Permissions) == 0 {
		spec.Permissions = []string{ScopeBasic, ScopeMessages}
	}
	return s.issueCodeLocked(a, spec.RedirectURI, spec.Permissions, s.clock.now()), nil
}

func (s *Server) issueCodeLocked(a *account, redirectURI string, permissions []string, now time.Time) string {
	s.codeSerial++
	bits := mix(s.seed, "code", a.ID, number(s.codeSerial))
	value := letters("AQB", 180, bits)
	s.codes[value] = &code{
		account: a, redirectURI: redirectURI, permissions: slices.Clone(permissions), expires: now.Add(codeLife),
	}
	return value
}

// codeLocked trades a code for a short-lived token. A code that comes with the
// "#_" of the redirect is not the code, and is refused.
func (s *Server) codeLocked(req *request, now time.Time) reply {
	if req.method != http.MethodPost {
		return refused(unsupportedRequest(req.methodName()))
	}
	c := s.codes[req.param("code")]
	switch {
	case req.param("client_id") != s.app.ClientID, !s.app.hasSecret(req.param("client_secret")):
		return refusedFlat("Invalid platform app")
	case req.param("grant_type") != "authorization_code":
		return refusedFlat("Invalid grant_type: " + req.param("grant_type"))
	case c == nil || c.used:
		return refusedFlat("Matching code was not found or was already used")
	case req.param("redirect_uri") != c.redirectURI:
		return refusedFlat("Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request")
	case !now.Before(c.expires):
		return refusedFlat("This authorization code has expired")
	case c.account.RefusedAt == Code:
		return refusedFlat("Insufficient developer role")
	}
	c.used = true
	made := s.addTokenLocked(token{account: c.account, kind: Short, issued: now, permissions: c.permissions})
	made.expires = now.Add(s.lifeLocked(Short, made.value))
	return reply{status: http.StatusOK, outcome: OK, effect: true, body: c.account.codeAnswer(made)}
}

// codeAnswer is the token in the account's own mixture of the answer shapes.
func (a *account) codeAnswer(t *token) any {
	node := map[string]any{"access_token": t.value, "user_id": a.AppScopedID, "permissions": strings.Join(t.permissions, ",")}
	if a.style.numericID {
		node["user_id"] = json.Number(a.AppScopedID)
	}
	if a.style.listPermissions {
		node["permissions"] = slices.Clone(t.permissions)
	}
	if a.style.flat {
		return node
	}
	return map[string]any{"data": []any{node}}
}
