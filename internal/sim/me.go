package sim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// meLocked answers who the token belongs to.
func (s *Server) meLocked(req *request, now time.Time) reply {
	if req.method != http.MethodGet {
		return refused(unsupportedRequest(req.methodName()))
	}
	t, no := s.holderLocked(req, now)
	if no != nil {
		return *no
	}
	if no := ownNode(req, t); no != nil {
		return *no
	}
	if !t.may(ScopeBasic) {
		return refused(missingPermission())
	}
	a := t.account
	node := map[string]any{}
	for field := range strings.SplitSeq(req.param("fields"), ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		value, ok := a.field(field)
		if !ok {
			return refused(graphError(100, typeIGAPI, fmt.Sprintf("(#100) Tried accessing nonexisting field (%s)", field)))
		}
		node[field] = value
	}
	// The live answer has the app-scoped id in any case, the documented one only
	// on request.
	if a.style.flat || len(node) == 0 {
		node["id"] = a.AppScopedID
	}
	var body any = node
	if !a.style.flat {
		body = map[string]any{"data": []any{node}}
	}
	return reply{status: http.StatusOK, outcome: OK, body: body}
}

// field is the value of one of the fields of /me. The counts are made up from
// the id, so that they stay the same.
func (a *account) field(name string) (any, bool) {
	bits := mix(0, "counts", a.ID)
	switch name {
	case "id":
		return a.AppScopedID, true
	case "user_id":
		return a.ID, true
	case "username":
		return a.Username, true
	case "name":
		return a.Name, true
	case "account_type":
		return a.AccountType, true
	case "profile_picture_url":
		return "https://pictures.example/" + a.Username + ".jpg", true
	case "followers_count":
		return bits % 100_000, true
	case "follows_count":
		return bits >> 20 % 1000, true
	case "media_count":
		return bits >> 40 % 2000, true
	}
	return nil, false
}
