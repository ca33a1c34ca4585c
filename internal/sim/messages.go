package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// maxTextBytes is the longest text of a message, in bytes of UTF-8.
const maxTextBytes = 1000

// A Delivery is one message as a person saw it: the same content sent twice to
// the same person is one Delivery with a Count of 2.
type Delivery struct {
	Account    string          `json:"account"`
	To         string          `json:"to"`
	Message    json.RawMessage `json:"message"`
	Text       string          `json:"text,omitempty"`
	Count      int             `json:"count"`
	MessageIDs []string        `json:"message_ids"`
	First      time.Time       `json:"first"`
	Last       time.Time       `json:"last"`
}

// deliveryKey is what makes two messages the same.
type deliveryKey struct{ account, to, message string }

// outgoing is the body of a send, however it came.
type outgoing struct {
	recipient struct {
		ID        string `json:"id"`
		CommentID string `json:"comment_id"`
	}
	message json.RawMessage
	content struct {
		Text        *string           `json:"text"`
		Attachment  json.RawMessage   `json:"attachment"`
		Attachments []json.RawMessage `json:"attachments"`
	}
	action, tag string
}

func badMessage(text string) *apiError { return graphError(100, typeIGAPI, text).sub(2534015) }

// parseOutgoing reads a send from a JSON body, or from a form whose fields hold
// JSON.
func parseOutgoing(req *request) (*outgoing, *apiError) {
	out := &outgoing{action: req.param("sender_action"), tag: req.param("tag")}
	if json.Unmarshal([]byte(req.param("recipient")), &out.recipient) != nil {
		return nil, badMessage("(#100) The parameter recipient is required")
	}
	if out.action != "" {
		return out, nil
	}
	var compact bytes.Buffer
	text := req.param("message")
	if json.Compact(&compact, []byte(text)) != nil || json.Unmarshal([]byte(text), &out.content) != nil {
		return nil, badMessage("(#100) The parameter message is required")
	}
	out.message = compact.Bytes()
	c := &out.content
	switch {
	case c.Text == nil && c.Attachment == nil && len(c.Attachments) == 0:
		return nil, badMessage("(#100) Param message must have a text or an attachment")
	case c.Text != nil && *c.Text == "":
		return nil, badMessage("(#100) Param message[text] must be a non-empty string")
	case c.Text != nil && len(*c.Text) > maxTextBytes:
		return nil, badMessage("(#100) Length of param message[text] must be less than or equal to 1000")
	case len(c.Attachments) > 10:
		return nil, badMessage("(#100) Param message[attachments] must have at most 10 elements")
	}
	return out, nil
}

// messagesLocked delivers one message. There is no idempotency key: what is sent
// twice arrives twice.
func (s *Server) messagesLocked(req *request, now time.Time) reply {
	if req.method != http.MethodPost {
		return refused(unsupportedRequest(req.methodName()))
	}
	t, no := s.holderLocked(req, now)
	if no != nil {
		return *no
	}
	if no := ownNode(req, t); no != nil {
		return *no
	}
	if !t.may(ScopeMessages) {
		return refused(missingPermission())
	}
	out, e := parseOutgoing(req)
	if e != nil {
		return refused(e)
	}
	to := out.recipient.ID
	if out.recipient.CommentID != "" {
		to = "comment:" + out.recipient.CommentID
		if t.account.replied[to] {
			return refused(graphError(100, typeIGAPI, "(#100) The comment is invalid for a private reply").sub(2534025))
		}
	} else if e := out.mayReach(t.account, now); e != nil {
		return refused(e)
	}
	if out.action != "" {
		return reply{status: http.StatusOK, outcome: OK, body: map[string]string{"recipient_id": to}}
	}
	if out.recipient.CommentID != "" {
		t.account.replied[to] = true
	}
	mid := s.deliverLocked(t.account.ID, to, out, now)
	return reply{status: http.StatusOK, outcome: OK, effect: true, body: map[string]string{"recipient_id": to, "message_id": mid}}
}

// mayReach checks the person and the messaging window.
func (out *outgoing) mayReach(a *account, now time.Time) *apiError {
	p := a.people[out.recipient.ID]
	if p == nil {
		return graphError(100, typeIGAPI, "(#100) No matching user found").sub(2534014)
	}
	if p.unavailable {
		return graphError(551, typeIGAPI, "(#551) This person isn't available right now.").sub(1545041)
	}
	window := standardWindow
	switch out.tag {
	case "":
	case "HUMAN_AGENT":
		window = humanWindow
	default:
		return graphError(100, typeIGAPI, "(#100) The tag "+out.tag+" is no longer supported")
	}
	if now.Sub(p.lastWrote) >= window {
		return graphError(10, typeIGAPI, "(#10) This message is sent outside of allowed window.").sub(2534022)
	}
	return nil
}

func (s *Server) deliverLocked(account, to string, out *outgoing, now time.Time) (mid string) {
	s.messageCount++
	mid = letters("aWdfZAG1f", 60, mix(s.seed, "mid", account, number(s.messageCount)))
	key := deliveryKey{account, to, string(out.message)}
	d := s.deliveries[key]
	if d == nil {
		d = &Delivery{Account: account, To: to, Message: out.message, First: now}
		if out.content.Text != nil {
			d.Text = *out.content.Text
		}
		s.deliveries[key] = d
		s.deliverOrder = append(s.deliverOrder, d)
	}
	d.Count++
	d.Last = now
	d.MessageIDs = append(d.MessageIDs, mid)
	return mid
}

// Deliveries lists what people received, in the order of first arrival. A
// non-empty account (id, app-scoped id or username) chooses.
func (s *Server) Deliveries(account string) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[account]; a != nil {
		account = a.ID
	}
	out := []Delivery{}
	for _, d := range s.deliverOrder {
		if account == "" || d.Account == account {
			one := *d
			one.MessageIDs = append([]string(nil), d.MessageIDs...)
			out = append(out, one)
		}
	}
	return out
}
