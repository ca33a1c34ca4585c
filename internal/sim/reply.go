package sim

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A reply is an answer that is still to be written. The zero parts are left out.
type reply struct {
	status   int
	body     any    // marshalled as JSON, unless raw or html is set
	raw      []byte // written as JSON without change
	html     []byte
	empty    bool   // no body at all
	location string // of a redirect

	cutText  bool // only half of the body, as a complete HTTP message
	cutShort bool // the connection ends in the middle of the body
	drop     bool // the connection ends without an answer

	appUsage, businessUsage string
	trace                   string
	challenge               string // WWW-Authenticate

	// For the log.
	outcome       Outcome
	code, subcode int
	effect        bool
}

func (rep *reply) send(w http.ResponseWriter, r *http.Request, now time.Time) {
	if rep.drop {
		drop(w)
		return
	}
	h := w.Header()
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	setIf(h, "X-App-Usage", rep.appUsage)
	setIf(h, "X-Business-Use-Case-Usage", rep.businessUsage)
	setIf(h, "X-Fb-Trace-Id", rep.trace)
	setIf(h, "Www-Authenticate", rep.challenge)
	h.Set("Cache-Control", "private, no-cache, no-store, must-revalidate")
	if rep.location != "" {
		h.Set("Location", rep.location)
		w.WriteHeader(rep.status)
		return
	}
	body, contentType := rep.bytes()
	if len(body) > 0 {
		h.Set("Content-Type", contentType)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if rep.cutShort {
		// Less than announced: net/http closes the connection.
		body = body[:len(body)/2]
	}
	w.WriteHeader(rep.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone; nobody is left to tell
	}
}

func (rep *reply) bytes() (body []byte, contentType string) {
	contentType = "application/json; charset=UTF-8"
	switch {
	case rep.empty:
		return nil, ""
	case rep.html != nil:
		body, contentType = rep.html, "text/html; charset=utf-8"
	case rep.raw != nil:
		body = rep.raw
	default:
		var err error
		if body, err = json.Marshal(rep.body); err != nil {
			panic("sim: answer does not marshal: " + err.Error()) // the types are ours
		}
	}
	if rep.cutText {
		body = body[:len(body)/2]
	}
	return body, contentType
}

func setIf(h http.Header, key, value string) {
	if value != "" {
		h.Set(key, value)
	}
}

// drop ends the connection with a reset, as a failing network would. Where the
// connection cannot be taken over (HTTP/2, a recorder) it aborts the handler,
// which has the same meaning there.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	inner := conn
	if tls, ok := conn.(interface{ NetConn() net.Conn }); ok {
		inner = tls.NetConn()
	}
	if tcp, ok := inner.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close sends RST; an error leaves an ordinary close
	}
	_ = inner.Close() // the point is to break it
}
