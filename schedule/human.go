package schedule

import (
	"fmt"
	"time"
)

// Human writes a duration as people say it, in one unit: "3 days", "5 hours",
// "2 minutes". It rounds to the nearest, changes the unit at one and a half of the next
// ("36 hours", then "2 days"), and never says a negative one.
func Human(d time.Duration) string {
	switch {
	case d < 0:
		return Human(0)
	case d >= 36*time.Hour:
		return count(int64(d.Round(day)/day), "day")
	case d >= 90*time.Minute:
		return count(int64(d.Round(time.Hour)/time.Hour), "hour")
	case d >= 90*time.Second:
		return count(int64(d.Round(time.Minute)/time.Minute), "minute")
	}
	return count(int64(d.Round(time.Second)/time.Second), "second")
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func times(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
