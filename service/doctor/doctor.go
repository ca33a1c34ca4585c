// Package doctor examines an installation: settings, database, migrations, keyset,
// clock, reachability of Meta's hosts, redirect URI and the safety of the schedule.
//
// It changes nothing: it makes no database, migrates nothing, and sends Meta no token.
// Every finding that is not well comes with a remedy. Times are UTC.
package doctor

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/evergrant/evergrant/service/settings"
)

// A Verdict says how a check ended.
type Verdict string

// The verdicts.
const (
	OK   Verdict = "ok"
	Warn Verdict = "warn" // works, but somebody should know
	Fail Verdict = "fail" // does not work
)

// A Check is one finding.
type Check struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	Remedy  string  `json:"remedy,omitempty"`
}

// A Report is the whole examination.
type Report struct {
	OK     bool    `json:"ok"` // no check failed
	Checks []Check `json:"checks"`
}

// Input is what is examined. Settings and Problems come from settings.Load.
type Input struct {
	Settings *settings.Settings
	Problems error
	Env      []string
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
}

// Examine makes all checks. A check that another one rules out is left out.
func Examine(ctx context.Context, in Input) Report {
	if in.Now == nil {
		in.Now = time.Now
	}
	x := &examination{Input: in}
	x.settings()
	if in.Problems == nil {
		x.storage(ctx)
		x.network(ctx)
		x.redirect()
	}
	x.schedule()
	rep := Report{OK: true, Checks: x.checks}
	for _, c := range x.checks {
		rep.OK = rep.OK && c.Verdict != Fail
	}
	return rep
}

// examination collects the findings.
type examination struct {
	Input
	checks []Check
}

func (x *examination) add(name string, v Verdict, detail, remedy string) {
	x.checks = append(x.checks, Check{name, v, detail, remedy})
}

func (x *examination) settings() {
	var problems settings.Problems
	if errors.As(x.Problems, &problems) {
		for _, p := range problems {
			x.add("settings", Fail, p.Error(), "correct "+p.Where)
		}
		return
	}
	x.add("settings", OK, "all values are well-formed", "")
	unknown := settings.UnknownEnv(x.Env)
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		remedy := "remove it, or see evergrant config explain for the names"
		if near := unknown[name]; near != "" {
			remedy = "did you mean " + near + "?"
		}
		x.add("settings", Warn, name+" is set, and no setting has that name", remedy)
	}
	if x.Settings.ClientSecret.Empty() {
		x.add("app", Warn, "INSTAGRAM_CLIENT_SECRET is not set: refresh works without it, convert and new logins do not",
			"set it, or name a file with INSTAGRAM_CLIENT_SECRET_FILE")
	}
	if x.Settings.ClientID == "" {
		x.add("app", Warn, "INSTAGRAM_CLIENT_ID is not set: new logins need it", "take it from the app's Instagram settings (not the Meta app id)")
	}
	if x.Settings.ClientID != "" && !x.Settings.ClientSecret.Empty() {
		x.add("app", OK, "client id and secret are set", "")
	}
}
