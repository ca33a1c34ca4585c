package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// proofAge is how long a proof with a time in it is good, in either direction.
const proofAge = 5 * time.Minute

// holderLocked finds the live token of a call, or the answer that refuses it.
func (s *Server) holderLocked(req *request, now time.Time) (*token, *reply) {
	if req.token == "" {
		return nil, refusal(graphError(2500, typeOAuth, "An active access token must be used to query information about the current user."))
	}
	t := s.tokens[req.token]
	if t == nil {
		rep := refused(cannotParse())
		// Seen in the wild: not the grammar of RFC 9110, and it repeats the token.
		rep.challenge = fmt.Sprintf(`OAuth "Facebook Platform" "invalid_token" "Invalid OAuth access token - Cannot parse access token %s"`, req.token)
		return nil, &rep
	}
	if why := t.deadAt(now); why != "" {
		e := deathError(why, t.subcode, s.app.ClientID, t.expires, now)
		rep := refused(e)
		rep.challenge = `OAuth "Facebook Platform" "invalid_token" "` + e.Message + `"`
		return nil, &rep
	}
	if e := s.proofLocked(req, now); e != nil {
		return nil, refusal(e)
	}
	return t, nil
}

// proofLocked checks appsecret_proof, in both forms that Meta has documented.
func (s *Server) proofLocked(req *request, now time.Time) *apiError {
	proof := req.param("appsecret_proof")
	if proof == "" {
		if s.app.ProofRequired {
			return graphError(100, typeMethod, "API calls from the server require an appsecret_proof argument")
		}
		return nil
	}
	invalid := graphError(100, typeMethod, "Invalid appsecret_proof provided in the API argument")
	data := req.token
	if at := req.param("appsecret_time"); at != "" {
		sec, err := strconv.ParseInt(at, 10, 64)
		if err != nil || now.Sub(time.Unix(sec, 0)).Abs() > proofAge {
			return invalid
		}
		data += "|" + at
	}
	for _, secret := range s.app.Secrets {
		if hmac.Equal([]byte(proofOf(secret, data)), []byte(proof)) {
			return nil
		}
	}
	return invalid
}

func proofOf(secret, data string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(data))
	return hex.EncodeToString(mac.Sum(nil))
}

// refusal is refused as a pointer, for functions whose nil means "go on".
func refusal(e *apiError) *reply {
	rep := refused(e)
	return &rep
}

// ownNode refuses a path id that is not the IG_ID of the token's account. The
// app-scoped id is not accepted either: clients that mix the two up must see it.
func ownNode(req *request, t *token) *reply {
	if req.node == "me" || req.node == t.account.ID {
		return nil
	}
	return refusal(missingObject(req.node))
}
