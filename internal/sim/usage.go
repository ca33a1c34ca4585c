package sim

import (
	"fmt"
	"strconv"
)

// appHeader is the value of X-App-Usage, or "" when hidden. It has no time to
// regain: Meta's has none.
func (u Usage) appHeader() string {
	if u.Hidden {
		return ""
	}
	return fmt.Sprintf(`{"call_count":%d,"total_time":%d,"total_cputime":%d}`, u.CallCount, u.TotalTime, u.TotalCPUTime)
}

// businessHeader is the value of X-Business-Use-Case-Usage for one account, or
// "" when hidden. Minutes may be fractional.
func (u Usage) businessHeader(account string) string {
	if u.Hidden || account == "" {
		return ""
	}
	return fmt.Sprintf(`{%q:[{"type":"instagram","call_count":%d,"total_cputime":%d,"total_time":%d,"estimated_time_to_regain_access":%s}]}`,
		account, u.CallCount, u.TotalCPUTime, u.TotalTime, strconv.FormatFloat(u.RegainMinutes, 'f', -1, 64))
}

// usageLocked adds the usage headers to an answer about account, which may be
// nil. Whether Meta sends them on token calls is not documented; the simulator
// does, so that a client that trusts them is seen to work.
func (s *Server) usageLocked(rep *reply, a *account) {
	if rep.appUsage == "" {
		rep.appUsage = s.appUsage
	}
	if rep.businessUsage == "" && a != nil {
		rep.businessUsage = s.app.Usage.businessHeader(a.ID)
	}
}
