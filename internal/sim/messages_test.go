package sim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

const (
	friend = "526000000000000001"
	hello  = `{"recipient":{"id":"` + friend + `"},"message":{"text":"hello"}}`
)

// messenger is a simulator with one account to which a friend has written.
func messenger(t *testing.T) (b *bench, account, token string) {
	b = newBench(t, sim.Config{})
	a := b.account(sim.Account{})
	if err := b.Receive(sim.Inbound{Account: a.ID, From: friend}); err != nil {
		t.Fatal(err)
	}
	return b, a.ID, b.token(sim.TokenSpec{Account: a.ID}).Value
}

func (b *bench) send(account, token, body string) answer {
	b.t.Helper()
	return b.postJSON("/v25.0/"+account+"/messages", body, "Authorization", "Bearer "+token)
}

func TestMessagesDelivers(t *testing.T) {
	b, account, token := messenger(t)
	var got struct {
		Recipient string `json:"recipient_id"`
		ID        string `json:"message_id"`
	}
	b.send("me", token, hello).json(t, &got)
	if got.Recipient != friend || got.ID == "" {
		t.Errorf("got %+v; want recipient %s and a message id", got, friend)
	}
	// The same words again, as a form, with other white space: the person reads them twice.
	form := url.Values{"recipient": {`{"id":"` + friend + `"}`}, "message": {`{ "text": "hello" }`}, "access_token": {token}}
	if a := b.postForm("/"+account+"/messages", form); a.status != http.StatusOK {
		t.Fatalf("form: got %d %s; want 200", a.status, a.body)
	}
	list := b.Deliveries(account)
	if len(list) != 1 || list[0].Count != 2 || list[0].Text != "hello" || list[0].To != friend || len(list[0].MessageIDs) != 2 || list[0].MessageIDs[0] != got.ID {
		t.Errorf("got %+v; want one delivery with count 2", list)
	}
	if n := b.CountsOf(sim.Messages).Effects; n != 2 {
		t.Errorf("got %d effects; want 2", n)
	}
	if other := b.Deliveries("1"); len(other) != 0 {
		t.Errorf("another account: got %d deliveries; want none", len(other))
	}
}

func TestMessagesWindow(t *testing.T) {
	const human = `{"recipient":{"id":"` + friend + `"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"hello"}}`
	for _, tt := range []struct {
		name, body    string
		wait          time.Duration
		code, subcode int // 0: delivered
	}{
		{"inside", hello, day - time.Second, 0, 0},
		{"outside", hello, day, 10, 2534022},
		{"human agent inside", human, 7*day - time.Second, 0, 0},
		{"human agent outside", human, 7 * day, 10, 2534022},
		{"retired tag", strings.Replace(human, "HUMAN_AGENT", "ACCOUNT_UPDATE", 1), 0, 100, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, account, token := messenger(t)
			b.Advance(tt.wait)
			got := b.send(account, token, tt.body)
			if tt.code != 0 {
				wantError(t, got, 400, tt.code, tt.subcode, "IGApiException", "")
				if n := len(b.Deliveries("")); n != 0 {
					t.Errorf("got %d deliveries; want none", n)
				}
			} else if got.status != http.StatusOK {
				t.Errorf("got %d %s; want 200", got.status, got.body)
			}
		})
	}
}

func TestMessagesRefusals(t *testing.T) {
	b, account, token := messenger(t)
	gone := "526000000000000009"
	if err := b.Receive(sim.Inbound{Account: account, From: gone, Unavailable: true}); err != nil {
		t.Fatal(err)
	}
	to := func(id, message string) string { return `{"recipient":{"id":"` + id + `"},"message":` + message + `}` }
	for _, tt := range []struct {
		name, body    string
		code, subcode int
		text          string
	}{
		{"stranger", to("526999", `{"text":"x"}`), 100, 2534014, "No matching user"},
		{"unavailable", to(gone, `{"text":"x"}`), 551, 1545041, "available"},
		{"1001 bytes", to(friend, `{"text":"`+strings.Repeat("é", 500)+`x"}`), 100, 2534015, "1000"},
		{"empty text", to(friend, `{"text":""}`), 100, 2534015, "non-empty"},
		{"no content", to(friend, `{}`), 100, 2534015, "text or an attachment"},
		{"no message", `{"recipient":{"id":"` + friend + `"}}`, 100, 2534015, "message is required"},
		{"no recipient", `{"message":{"text":"x"}}`, 100, 2534015, "recipient is required"},
		{"11 images", to(friend, `{"attachments":[`+strings.Repeat("{},", 10)+`{}]}`), 100, 2534015, "at most 10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, b.send(account, token, tt.body), 400, tt.code, tt.subcode, "IGApiException", tt.text)
		})
	}
	weak := b.token(sim.TokenSpec{Account: account, Permissions: []string{sim.ScopeBasic}}).Value
	wantError(t, b.send(account, weak, hello), 400, 10, -1, "OAuthException", "permission")
	wantError(t, b.send(account, "x", hello), 400, 190, -1, "OAuthException", "Cannot parse")
	wantError(t, b.send("17841400000009999", token, hello), 400, 100, 33, "GraphMethodException", "17841400000009999")
	wantError(t, b.get("/me/messages", nil), 400, 100, -1, "IGApiException", "method type: get")
	if n := len(b.Deliveries("")); n != 0 {
		t.Errorf("got %d deliveries; want none", n)
	}
}

func TestMessagesOtherKinds(t *testing.T) {
	b, account, token := messenger(t)
	for _, body := range []string{
		`{"recipient":{"id":"` + friend + `"},"message":{"text":"` + strings.Repeat("é", 500) + `"}}`,
		`{"recipient":{"id":"` + friend + `"},"message":{"attachment":{"type":"image","payload":{"url":"https://example.com/a.png"}}}}`,
		`{"recipient":{"id":"` + friend + `"},"sender_action":"typing_on"}`,
		`{"recipient":{"comment_id":"17900000000000001"},"message":{"text":"private"}}`,
	} {
		if got := b.send(account, token, body); got.status != http.StatusOK {
			t.Errorf("%s: got %d %s; want 200", body, got.status, got.body)
		}
	}
	again := `{"recipient":{"comment_id":"17900000000000001"},"message":{"text":"another"}}`
	wantError(t, b.send(account, token, again), 400, 100, 2534025, "IGApiException", "private reply")
	if n := len(b.Deliveries("")); n != 3 {
		t.Errorf("got %d deliveries; want 3: an action is none", n)
	}
}

func TestReceiveErrors(t *testing.T) {
	b, account, _ := messenger(t)
	for _, in := range []sim.Inbound{
		{Account: "nobody", From: friend},
		{Account: account, From: "somebody"},
		{Account: account, From: friend, Age: -1},
	} {
		if err := b.Receive(in); err == nil {
			t.Errorf("Receive(%+v): got no error; want one", in)
		}
	}
}
