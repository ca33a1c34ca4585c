package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// maxBody bounds what is read of a call's body.
const maxBody = 1 << 20

// A request is a call as far as the simulator cares. Parameters may come in the
// query, in a form, in a multipart form or in a JSON body, on any method: clients
// do all of it.
type request struct {
	endpoint Endpoint
	node     string // an id or "me", where the path has one
	path     string
	method   string
	token    string
	query    url.Values
	form     url.Values
	json     map[string]json.RawMessage
	err      *apiError // the body could not be read
}

func parseRequest(r *http.Request) *request {
	req := &request{path: r.URL.Path, method: r.Method, query: r.URL.Query()}
	req.endpoint, req.node = route(r.URL.Path)
	req.readBody(r)
	req.token = req.param("access_token")
	if req.token == "" {
		const scheme = "bearer "
		if h := r.Header.Get("Authorization"); len(h) > len(scheme) && strings.EqualFold(h[:len(scheme)], scheme) {
			req.token = strings.TrimSpace(h[len(scheme):])
		}
	}
	return req
}

func (req *request) readBody(r *http.Request) {
	if r.ContentLength == 0 || r.Body == nil {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		req.err = graphError(100, typeOAuth, "The request body could not be read or is too large")
		return
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return
	}
	if err := req.parseBody(r.Header.Get("Content-Type"), body); err != nil {
		req.err = graphError(100, typeOAuth, "(#100) The request body is malformed")
	}
}

func (req *request) parseBody(contentType string, body []byte) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "" // absent or odd: look at the body, as Meta has to
	}
	switch {
	case kind == "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(maxBody)
		if err != nil {
			return err
		}
		req.form = form.Value
		return form.RemoveAll()
	case kind == "application/json" || body[0] == '{':
		return json.Unmarshal(body, &req.json)
	case kind == "" || kind == "application/x-www-form-urlencoded":
		req.form, err = url.ParseQuery(string(body))
		return err
	}
	return errors.New("content type is not one of Meta's")
}

// param looks for name in query, form and JSON body, in this order. A JSON value
// that is no string is returned as it stands.
func (req *request) param(name string) string {
	if v := req.query.Get(name); v != "" {
		return v
	}
	if v := req.form.Get(name); v != "" {
		return v
	}
	raw, ok := req.json[name]
	if !ok || string(raw) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// params returns all values of a form field, as check boxes send them.
func (req *request) params(name string) []string {
	return append(req.query[name], req.form[name]...)
}

// methodName is the method as Meta's error texts print it.
func (req *request) methodName() string { return strings.ToLower(req.method) }
