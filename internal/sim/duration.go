package sim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Day is 24 hours, the unit in which tokens live.
const Day = 24 * time.Hour

// maxDays keeps a parsed duration inside time.Duration's 292 years.
const maxDays = 100_000

// A Duration is a [time.Duration] that reads and prints as text in JSON. Besides
// the units of [time.ParseDuration] it knows "d", 24 hours, in front: "1d12h".
type Duration time.Duration

// Days is n days as a Duration.
func Days(n int) Duration { return Duration(time.Duration(n) * Day) }

// String prints as [time.Duration] does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText prints the duration, for example "36h0m0s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration such as "90s", "50d" or "1d12h".
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	rest, negative := strings.CutPrefix(s, "-")
	var sum time.Duration
	if days, after, ok := strings.Cut(rest, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > maxDays {
			return fmt.Errorf("duration %q: write it like 90s, 36h, 50d or 1d12h", s)
		}
		sum, rest = time.Duration(n)*Day, after
	}
	if rest != "" {
		part, err := time.ParseDuration(rest)
		if err != nil || part < 0 || rest[0] == '+' || part > maxDays*Day {
			return fmt.Errorf("duration %q: write it like 90s, 36h, 50d or 1d12h", s)
		}
		sum += part
	}
	if s == "" || s == "-" {
		return errors.New("duration is empty: write it like 90s, 36h, 50d or 1d12h")
	}
	if negative {
		sum = -sum
	}
	*d = Duration(sum)
	return nil
}
