package sim

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config sets up a [Server]. Its zero value works.
type Config struct {
	// Seed decides everything that chance decides. Print it when a test fails.
	Seed uint64
	// Now is the base clock; nil means time.Now.
	Now func() time.Time
	// Latency is added to every answer, in real time.
	Latency time.Duration
	// App is the Instagram app; see [App] for its defaults.
	App App
	// ShortLife and LongLife are the lives of new tokens; 0 means an hour and 60 days.
	ShortLife, LongLife time.Duration
	// OldTokenGrace is how long an old string works on when it fades; 0 means 24 hours.
	OldTokenGrace time.Duration
	// Chaos adds [ChaosFaults] from the start.
	Chaos bool
	// CallLog is how many calls the log keeps at least; 0 means 200,000. Counts
	// are kept for ever.
	CallLog int
}

// A Server is a pretend Meta. Make one with [New].
type Server struct {
	cfg   Config
	clock clock
	admin http.Handler

	mu           sync.Mutex // guards everything below
	seed         uint64
	app          App
	appUsage     string // the X-App-Usage header, made once
	nextID       uint64
	accounts     map[string]*account // by id, app-scoped id and username
	accountOrder []*account
	tokens       map[string]*token
	tokenOrder   []*token
	codes        map[string]*code
	codeSerial   uint64
	faults       faultBook
	log          callLog
	deliveries   map[deliveryKey]*Delivery
	deliverOrder []*Delivery
	messageCount uint64
	strangers    [endpointCount]uint64 // calls begun that belong to no account
}

// New makes a server without accounts. An App that makes no sense panics: it is
// the programmer's mistake.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.ShortLife = orDefault(cfg.ShortLife, defaultShortLife)
	cfg.LongLife = orDefault(cfg.LongLife, defaultLongLife)
	cfg.OldTokenGrace = orDefault(cfg.OldTokenGrace, Day)
	if err := cfg.App.check(); err != nil {
		panic("sim: " + err.Error())
	}
	s := &Server{
		cfg:        cfg,
		clock:      clock{base: cfg.Now},
		seed:       cfg.Seed,
		accounts:   make(map[string]*account),
		tokens:     make(map[string]*token),
		codes:      make(map[string]*code),
		deliveries: make(map[deliveryKey]*Delivery),
		faults:     newFaultBook(),
		log:        newCallLog(cfg.CallLog),
	}
	s.setAppLocked(cfg.App)
	s.admin = s.adminHandler()
	if cfg.Chaos {
		if err := s.addFaultsLocked(ChaosFaults()); err != nil {
			panic("sim: chaos profile: " + err.Error())
		}
	}
	return s
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// ServeHTTP answers one call to Meta, or one to the management API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.admin.ServeHTTP(w, r)
		return
	}
	req := parseRequest(r)
	plan := s.begin(req)
	stayed := wait(r.Context(), s.cfg.Latency+plan.latency)
	rep := s.perform(req, plan, stayed)
	rep.send(w, r, s.clock.now())
}
