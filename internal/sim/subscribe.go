package sim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// webhookFields are the fields that an account may be subscribed to.
var webhookFields = []string{
	"comments", "live_comments", "mentions", "message_reactions", "messages", "messaging_handover",
	"messaging_optins", "messaging_postbacks", "messaging_referral", "messaging_seen", "standby", "story_insights",
}

// subscribeLocked reads and changes the webhook subscription of an account. A
// POST replaces the fields.
func (s *Server) subscribeLocked(req *request, now time.Time) reply {
	switch req.method {
	case http.MethodGet, http.MethodPost, http.MethodDelete:
	default:
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
	switch req.method {
	case http.MethodGet:
		return reply{status: http.StatusOK, outcome: OK, body: map[string]any{"data": s.subscriptionsLocked(a)}}
	case http.MethodDelete:
		changed := len(a.Subscribed) > 0
		a.Subscribed = nil
		return reply{status: http.StatusOK, outcome: OK, effect: changed, body: map[string]any{"success": true}}
	}
	fields := strings.FieldsFunc(req.param("subscribed_fields"), isListMark)
	if len(fields) == 0 {
		return refused(graphError(100, typeOAuth, "(#100) The parameter subscribed_fields is required"))
	}
	for _, f := range fields {
		if !slices.Contains(webhookFields, f) {
			return refused(graphError(100, typeOAuth, "(#100) Param subscribed_fields["+f+"] must be one of "+strings.Join(webhookFields, ", ")))
		}
	}
	changed := !slices.Equal(a.Subscribed, fields)
	a.Subscribed = fields
	return reply{status: http.StatusOK, outcome: OK, effect: changed, body: map[string]any{"success": true}}
}

func (s *Server) subscriptionsLocked(a *account) []any {
	if len(a.Subscribed) == 0 {
		return []any{}
	}
	return []any{map[string]any{"name": "simulated app", "id": s.app.ClientID, "subscribed_fields": slices.Clone(a.Subscribed)}}
}

// isListMark lets a list come as a,b or as a JSON array of plain words.
func isListMark(r rune) bool { return strings.ContainsRune(`, []"`, r) }
