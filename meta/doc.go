// Package meta speaks to Instagram over HTTP: it is the [evergrant.Provider] of
// the real world, and the only reader of Meta's answers and errors.
//
// It makes one call when asked for one, and says what came of it. When a call is
// due, whether to repeat it and what a failure means for a channel is
// [evergrant.Keeper]'s business; the storage of tokens is the store's.
//
// A [Client] is safe for concurrent use by any number of goroutines. Durations
// are [time.Duration], times are UTC to the millisecond. The life of a token is
// counted from an instant read before the call was sent, so an expiry is early by
// the round trip and never late.
//
// # Calls
//
//	code       POST {api}/oauth/access_token             form: client_id, client_secret, grant_type, redirect_uri, code
//	exchange   GET  {graph}/access_token                 query: grant_type, client_secret, access_token
//	refresh    GET  {graph}/refresh_access_token         query: grant_type, access_token
//	me         GET  {graph}/{version}/me                 query: fields; Bearer
//	subscribe  POST {graph}/{version}/{id}/subscribed_apps  query: subscribed_fields; Bearer
//
// Tokens travel in the Authorization header wherever it is known to work.
// Exchange and refresh are documented with query parameters only, so there the
// token is in the URL. No error, log line or hook of this package holds a URL.
//
// # Answers
//
// Meta documents {"data":[{…}]} where live servers send a flat object; both are
// read everywhere. Ids are text, made from JSON strings or integers without
// passing through a float, because they exceed 2^53. An answer is a success only
// when it is one JSON object without any error in it, under a 2xx status, and has
// what was asked for. Everything else is an *[evergrant.Failure].
//
// Errors come in four shapes, under any HTTP status:
//
//	{"error":{"message","type","code","error_subcode","is_transient","error_user_title","error_user_msg","fbtrace_id"}}
//	{"error_type","code","error_message"}
//	{"meta":{"error_type","code","error_message"}}
//	{"error_code","error_description"}
//
// # Exactly one call
//
// Exchange, refresh, code and subscribe change something at Meta. They are sent
// once: net/http's silent repetition is switched off for them, redirects are not
// followed, and another exit is tried only when provably nothing was sent.
//
// # Sources
//
// Read 2026-09:
//   - https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
//   - https://developers.facebook.com/docs/instagram-platform/reference/oauth-authorize
//   - https://developers.facebook.com/docs/instagram-platform/reference/access_token
//   - https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
//   - https://developers.facebook.com/docs/instagram-platform/webhooks
//   - https://developers.facebook.com/docs/graph-api/guides/error-handling
//   - https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
//   - https://developers.facebook.com/docs/graph-api/overview/rate-limiting
//   - https://developers.facebook.com/docs/facebook-login/security
package meta
