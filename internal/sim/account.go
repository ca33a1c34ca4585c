package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Shape says in which of two forms an account's answers come.
type Shape string

// The shapes of the code exchange and of /me. The empty shape lets the seed
// choose envelope, id type and permissions type independently for each account.
const (
	ShapeDocumented Shape = "documented" // {"data":[{…}]}, id as string, permissions as one string
	ShapeLive       Shape = "live"       // flat, id as a number above 2^53, permissions as a list
)

// A RefreshStyle says which string a refresh returns.
type RefreshStyle string

// The refresh styles. Empty: the seed chooses for each account.
const (
	RefreshSame RefreshStyle = "same" // the same string with a longer life
	RefreshNew  RefreshStyle = "new"  // a new string
)

// An OldToken says what becomes of the old string when a refresh returned a new one.
type OldToken string

// The fates. Empty: the seed chooses between the first two, because nothing on
// record says that refreshing is single-use. OldDies is for those who ask for it.
const (
	OldSurvives OldToken = "survives" // until its own expiry
	OldFades    OldToken = "fades"    // for Config.OldTokenGrace
	OldDies     OldToken = "dies"     // at once
)

// Account describes one Instagram account. The zero value of each field is
// filled in by the simulator.
type Account struct {
	// ID is the professional account id (IG_ID), the "user_id" of /me.
	ID string `json:"account_id"`
	// AppScopedID is the id for this app: the "user_id" of the code exchange and
	// the "id" of /me.
	AppScopedID string `json:"app_scoped_id"`
	Username    string `json:"username"`
	Name        string `json:"name,omitempty"`
	// AccountType is BUSINESS unless set, for example to MEDIA_CREATOR.
	AccountType string `json:"account_type"`
	// RefusedAt is the call at which Meta refuses this account as ineligible:
	// code (no role on an app with Standard Access), exchange or refresh (a
	// personal account: "Unsupported request").
	RefusedAt    Endpoint     `json:"refused_at,omitempty"`
	Shape        Shape        `json:"shape,omitempty"`
	RefreshStyle RefreshStyle `json:"refresh,omitempty"`
	OldToken     OldToken     `json:"old_token,omitempty"`
	// Subscribed are the webhook fields that the account is subscribed to.
	Subscribed []string `json:"subscribed_fields,omitempty"`
}

// AccountSpec asks for one account, or for Count of them: then Username is a
// prefix, and the ids must be empty.
type AccountSpec struct {
	Account
	Count int `json:"count,omitempty"`
}

// account is an Account with its state.
type account struct {
	Account
	tokens  []*token
	minted  uint64                // serial number of the next token string
	calls   [endpointCount]uint64 // calls begun, for the draws
	people  map[string]*person    // by IGSID
	replied map[string]bool       // comments that have had their private reply
	style   accountStyle
}

// accountStyle is what the account's answers look like, decided once.
type accountStyle struct {
	flat, numericID, listPermissions bool
	sameString                       bool
	old                              OldToken
}

// Generated ids are odd and above 2^53, so that none survives a float64.
const (
	firstAccountID   = 17841400000000001
	firstAppScopedID = 27640875392278831
)

// CreateAccount makes an account and returns it with its ids and names filled in.
// What the seed decides (Shape and the like) stays empty.
func (s *Server) CreateAccount(a Account) (Account, error) {
	made, err := s.CreateAccounts(AccountSpec{Account: a})
	if err != nil {
		return Account{}, err
	}
	return made[0], nil
}

// CreateAccounts makes what the specs ask for, in order, and stops at the first
// that it refuses: a bad or taken id, a taken username, an unknown word.
func (s *Server) CreateAccounts(specs ...AccountSpec) ([]Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var made []Account
	for _, spec := range specs {
		if err := spec.check(); err != nil {
			return made, err
		}
		for i := range max(1, spec.Count) {
			a := spec.Account
			if spec.Count > 0 && a.Username != "" {
				a.Username += "-" + strconv.Itoa(i+1)
			}
			acc, err := s.addAccountLocked(a)
			if err != nil {
				return made, err
			}
			made = append(made, acc.snapshot())
		}
	}
	return made, nil
}

func (spec AccountSpec) check() error {
	a := spec.Account
	switch {
	case spec.Count < 0 || spec.Count > maxBulk:
		return fmt.Errorf("account: count %d is not between 0 and %d", spec.Count, maxBulk)
	case spec.Count > 0 && (a.ID != "" || a.AppScopedID != ""):
		return fmt.Errorf("account: count and an id exclude each other: leave the ids out")
	case a.ID != "" && !isID(a.ID):
		return fmt.Errorf("account: account_id %q is not a number", a.ID)
	case a.AppScopedID != "" && !isID(a.AppScopedID):
		return fmt.Errorf("account: app_scoped_id %q is not a number", a.AppScopedID)
	case strings.ContainsAny(a.Username, " \t\r\n/|"):
		return fmt.Errorf("account: username %q holds a space, a slash or a bar", a.Username)
	case isID(a.Username):
		return fmt.Errorf("account: username %q looks like an id: add a letter", a.Username)
	}
	return a.checkWords()
}

func (a Account) checkWords() error {
	switch a.Shape {
	case "", ShapeDocumented, ShapeLive:
	default:
		return fmt.Errorf("account: shape %q: use %q or %q", a.Shape, ShapeDocumented, ShapeLive)
	}
	switch a.RefreshStyle {
	case "", RefreshSame, RefreshNew:
	default:
		return fmt.Errorf("account: refresh %q: use %q or %q", a.RefreshStyle, RefreshSame, RefreshNew)
	}
	switch a.OldToken {
	case "", OldSurvives, OldFades, OldDies:
	default:
		return fmt.Errorf("account: old_token %q: use %q, %q or %q", a.OldToken, OldSurvives, OldFades, OldDies)
	}
	switch a.RefusedAt {
	case "", Code, Exchange, Refresh:
	default:
		return fmt.Errorf("account: refused_at %q: use %q, %q or %q", a.RefusedAt, Code, Exchange, Refresh)
	}
	return nil
}

func (s *Server) addAccountLocked(a Account) (*account, error) {
	for a.ID == "" {
		id := strconv.FormatUint(firstAccountID+2*s.nextID, 10)
		if s.nextID++; s.accounts[id] == nil {
			a.ID = id
		}
	}
	for n := uint64(len(s.accountOrder)); a.AppScopedID == ""; n++ {
		id := strconv.FormatUint(firstAppScopedID+2*n, 10)
		if s.accounts[id] == nil {
			a.AppScopedID = id
		}
	}
	for n := len(s.accountOrder) + 1; a.Username == ""; n++ {
		name := fmt.Sprintf("shop%05d", n)
		if s.accounts[name] == nil {
			a.Username = name
		}
	}
	if a.Name == "" {
		a.Name = a.Username
	}
	if a.AccountType == "" {
		a.AccountType = "BUSINESS"
	}
	keys := []string{a.ID, a.AppScopedID, a.Username}
	for _, key := range keys {
		if s.accounts[key] != nil {
			return nil, fmt.Errorf("account %s: %q is taken by another account", a.Username, key)
		}
	}
	if a.ID == a.AppScopedID {
		return nil, fmt.Errorf("account %s: account_id and app_scoped_id are both %s: they must differ", a.Username, a.ID)
	}
	acc := &account{Account: a, people: make(map[string]*person), replied: make(map[string]bool)}
	acc.Subscribed = slices.Clone(a.Subscribed)
	acc.style = s.styleLocked(a)
	for _, key := range keys {
		s.accounts[key] = acc
	}
	s.accountOrder = append(s.accountOrder, acc)
	return acc, nil
}

// styleLocked settles what the seed decides, and fills in nothing else.
func (s *Server) styleLocked(a Account) accountStyle {
	bits := mix(s.seed, "style", a.ID)
	st := accountStyle{
		flat:            bits&1 != 0,
		numericID:       bits&2 != 0,
		listPermissions: bits&4 != 0,
		sameString:      bits&8 != 0,
		old:             a.OldToken,
	}
	if a.Shape != "" {
		live := a.Shape == ShapeLive
		st.flat, st.numericID, st.listPermissions = live, live, live
	}
	if a.RefreshStyle != "" {
		st.sameString = a.RefreshStyle == RefreshSame
	}
	if st.old == "" {
		st.old = OldSurvives
		if bits&16 != 0 {
			st.old = OldFades
		}
	}
	return st
}

func (a *account) snapshot() Account {
	out := a.Account
	out.Subscribed = slices.Clone(a.Subscribed)
	return out
}

// Accounts lists all accounts in the order of their creation.
func (s *Server) Accounts() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Account, len(s.accountOrder))
	for i, a := range s.accountOrder {
		out[i] = a.snapshot()
	}
	return out
}

// Account finds an account by its id, app-scoped id or username.
func (s *Server) Account(ref string) (Account, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[ref]
	if a == nil {
		return Account{}, false
	}
	return a.snapshot(), true
}

// accountLocked is Account for internal use, with an error that names ref.
func (s *Server) accountLocked(ref string) (*account, error) {
	if a := s.accounts[ref]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("account %q does not exist: create it first", ref)
}
