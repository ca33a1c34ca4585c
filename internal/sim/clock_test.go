package sim_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/evergrant/evergrant/internal/sim"
)

func TestClock(t *testing.T) {
	base := start
	s := sim.New(sim.Config{Now: func() time.Time { return base.In(time.FixedZone("X", 3600)) }})
	if got := s.Now(); !got.Equal(start) || got.Location() != time.UTC {
		t.Errorf("Now: got %v; want %v in UTC", got, start)
	}
	if got := s.Advance(36 * time.Hour); !got.Equal(start.Add(36 * time.Hour)) {
		t.Errorf("Advance: got %v; want 36 hours later", got)
	}
	base = base.Add(time.Minute)
	if got := s.Now(); !got.Equal(start.Add(36*time.Hour + time.Minute)) {
		t.Errorf("the base moved: got %v; want the clock to move with it", got)
	}
	other := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if s.SetTime(other); !s.Now().Equal(other) || s.Offset() != other.Sub(base) {
		t.Errorf("SetTime: got %v, offset %v; want %v, %v", s.Now(), s.Offset(), other, other.Sub(base))
	}
	if got := s.Advance(-time.Hour); !got.Equal(other.Add(-time.Hour)) {
		t.Errorf("Advance back: got %v; want an hour earlier", got)
	}
}

func TestDateHeader(t *testing.T) {
	b := newBench(t, sim.Config{})
	b.Advance(61 * day)
	if got, want := b.me("x").header.Get("Date"), start.Add(61*day).Format(http.TimeFormat); got != want {
		t.Errorf("Date: got %s; want %s", got, want)
	}
}

// A token lives until its expiry and not a moment longer.
func TestExpiry(t *testing.T) {
	b := newBench(t, sim.Config{ShortLife: 2 * time.Hour, LongLife: 10 * day})
	short := b.token(sim.TokenSpec{Kind: sim.Short})
	long := b.token(sim.TokenSpec{})
	if got := short.ExpiresAt.Sub(start); got != 2*time.Hour {
		t.Errorf("short life: got %v; want 2h", got)
	}
	if got := long.ExpiresAt.Sub(start); got > 10*day || got < 10*day-100*time.Second {
		t.Errorf("long life: got %v; want just under 10 days", got)
	}
	for _, tok := range []sim.TokenInfo{short, long} {
		b.SetTime(tok.ExpiresAt.Add(-1))
		if !b.Accepts(tok.Value) {
			t.Errorf("%s: dead a nanosecond before its expiry", tok.Kind)
		}
		b.SetTime(tok.ExpiresAt)
		if now, _ := b.Token(tok.Value); now.Dead != sim.Expired {
			t.Errorf("%s at its expiry: got %q; want expired", tok.Kind, now.Dead)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		text string
		want time.Duration
	}{
		{"90s", 90 * time.Second},
		{"36h", 36 * time.Hour},
		{"50d", 50 * day},
		{"1d12h", 36 * time.Hour},
		{"-2d", -2 * day},
		{"-1d1h", -25 * time.Hour},
		{"0", 0},
		{"0d", 0},
		{"1.5h", 90 * time.Minute},
	} {
		var d sim.Duration
		if err := d.UnmarshalText([]byte(tt.text)); err != nil || time.Duration(d) != tt.want {
			t.Errorf("%q: got %v, %v; want %v", tt.text, d, err, tt.want)
		}
		var back sim.Duration
		text, err := json.Marshal(d)
		if err != nil || json.Unmarshal(text, &back) != nil || back != d {
			t.Errorf("%q: %s does not read back as %v", tt.text, text, d)
		}
	}
	for _, text := range []string{"", "-", "d", "1", "1x", "d1h", "1d2d", "--1d", "1d-2h", "1d+2h", "999999999d", "99999999h", "1.5d"} {
		var d sim.Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %v; want an error", text, d)
		}
	}
}
