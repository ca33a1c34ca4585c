// Package sim is a pretend Meta: one [http.Handler] that plays the three hosts
// of the Instagram API with Instagram Login, with a virtual clock and faults on
// demand.
//
// It shares no code with the packages that talk to Meta. Both were written from
// Meta's documents independently, so that a misreading shows up as a failing
// test. It knows nothing of channels, storage or schedules: it only answers as
// Meta would, and remembers what it did. It imports the standard library only.
//
// # What it plays
//
// The three hosts are told apart by path, so one base URL serves for all:
//
//	authorize  GET, POST  /oauth/authorize          login page, then a redirect with a code
//	code       POST       /oauth/access_token       code to short-lived token
//	exchange   GET        /access_token             short-lived to long-lived token
//	refresh    GET        /refresh_access_token     60 more days
//	me         GET        /me, /{ig_id}             who am I
//	subscribe  GET, POST, DELETE  /{ig_id}/subscribed_apps
//	messages   POST       /{ig_id}/messages
//
// The last three also answer under a version (/v25.0/me), and "me" may stand for
// the id. The names on the left are the values of [Endpoint].
//
// Where Meta's documents and live answers disagree, the simulator does both: the
// choice is made from [Config.Seed] and the account, or set for the account
// (see [Account]). So it is for the envelope and the types of a code exchange,
// for the envelope of /me, for a refresh that returns the same or a new string,
// for the fate of the old string, and for subcodes that are there, 0 or missing.
//
// # Time
//
// The simulator's clock is Config.Now plus an offset that [Server.Advance] and
// [Server.SetTime] move. All ages and expiries are on that clock, and the Date
// header shows it. Latency, and nothing else, is real time. Times are UTC.
//
// # Chance
//
// Each draw is a hash of the seed, the account, the endpoint and the number of
// that account's calls to that endpoint. Calls of different accounts may come
// in any order, and the same seed still gives each account the same fate.
//
// # A client that hangs up
//
// A request that has arrived takes effect, even when the client leaves while
// the simulator waits out a latency. Meta does not take back a refresh either.
//
// # A broken connection
//
// The drop faults reset the connection on the wire. The Transport of net/http
// repeats a GET by itself when that happens on a connection which it had used
// before, so the log may hold more calls than the client thinks it made.
//
// # Management
//
// Under /_sim/ lies a JSON API with the operations of [Server]; GET /_sim/ lists
// its routes. It has no authentication: listen on loopback.
//
// # Scenario files
//
// A scenario is one JSON object; every field is optional, and an unknown field
// is an error that names it. Durations are strings such as "90s", "36h", "50d"
// or "1d12h"; times are RFC 3339.
//
//	seed      number
//	clock     {"set": time} or {"advance": duration}
//	app       see [App]
//	accounts  list, see [AccountSpec]; "count" makes many from one template
//	tokens    list, see [TokenSpec]; "count" makes many from one template
//	inbound   list, see [Inbound]: people who wrote to an account
//	faults    list, see [Fault]
//	profile   "chaos": see [ChaosFaults]
//
// They are applied in this order. testdata/small.json is an example.
//
// # Concurrency
//
// A [Server] is safe for concurrent use. It starts no goroutine and holds its
// one lock neither while it waits nor while it writes an answer.
//
// # Sources
//
// Read 2026-09:
//   - https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
//   - https://developers.facebook.com/docs/instagram-platform/reference/oauth-authorize
//   - https://developers.facebook.com/docs/instagram-platform/reference/access_token
//   - https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
//   - https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api
//   - https://developers.facebook.com/docs/graph-api/guides/error-handling
//   - https://developers.facebook.com/docs/graph-api/overview/rate-limiting
//   - https://developers.facebook.com/docs/facebook-login/security
//
// Three answers are on record nowhere and are inventions, marked so in the code:
// a refresh before 24 hours, an exchange of a token that is already long-lived,
// and a wrong client secret at the exchange.
package sim
