package sim

import (
	"fmt"
	"net/http"
)

// The values of an error's "type" that the simulator uses.
const (
	typeOAuth  = "OAuthException"
	typeIGAPI  = "IGApiException"
	typeMethod = "GraphMethodException"
)

// apiError is the object inside Meta's error envelope. A nil pointer leaves its
// field out of the JSON.
type apiError struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      int    `json:"code"`
	Subcode   *int   `json:"error_subcode,omitempty"`
	Transient *bool  `json:"is_transient,omitempty"`
	UserTitle string `json:"error_user_title,omitempty"`
	UserMsg   string `json:"error_user_msg,omitempty"`
	TraceID   string `json:"fbtrace_id"`

	status int // 0 means 400
}

type errorEnvelope struct {
	Error *apiError `json:"error"`
}

// flatError is the error shape of the code exchange. It has no trace id.
type flatError struct {
	Type    string `json:"error_type"`
	Code    int    `json:"code"`
	Message string `json:"error_message"`
}

func graphError(code int, typ, message string) *apiError {
	return &apiError{Message: message, Type: typ, Code: code}
}

func (e *apiError) sub(subcode int) *apiError {
	e.Subcode = new(subcode)
	return e
}

func unsupportedRequest(method string) *apiError {
	return graphError(100, typeIGAPI, "Unsupported request - method type: "+method)
}

func cannotParse() *apiError {
	return graphError(190, typeOAuth, "Invalid OAuth access token - Cannot parse access token")
}

func missingObject(id string) *apiError {
	return graphError(100, typeMethod, fmt.Sprintf("Unsupported get request. Object with ID '%s' does not exist, "+
		"cannot be loaded due to missing permissions, or does not support this operation", id)).sub(33)
}

func missingPermission() *apiError {
	return graphError(10, typeOAuth, "(#10) Application does not have permission for this action")
}

// refused is the answer with e in Meta's envelope.
func refused(e *apiError) reply {
	status := e.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	rep := reply{status: status, body: errorEnvelope{e}, outcome: Refused, code: e.Code}
	if e.Subcode != nil {
		rep.subcode = *e.Subcode
	}
	return rep
}

// refusedFlat is the code exchange's refusal.
func refusedFlat(message string) reply {
	return reply{
		status:  http.StatusBadRequest,
		body:    flatError{Type: typeOAuth, Code: http.StatusBadRequest, Message: message},
		outcome: Refused,
		code:    http.StatusBadRequest,
	}
}
