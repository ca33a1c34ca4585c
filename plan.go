package evergrant

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// A PlannedAction is what the daemon will do with one channel.
type PlannedAction struct {
	ID       int64           `json:"id"`
	Username string          `json:"username"`
	Action   schedule.Action `json:"action"`
	At       time.Time       `json:"at"`
	Latest   time.Time       `json:"latest,omitzero"` // the expiry, if known
	Reasons  []string        `json:"reasons"`
}

// A CalendarDay counts the planned actions of one day, UTC.
type CalendarDay struct {
	Date     string `json:"date"` // YYYY-MM-DD
	Actions  int    `json:"actions"`
	Expiries int    `json:"expiries"` // tokens that would die on this day if nothing ran
}

// A Plan is what the daemon will do within a time, in order, and why. What is overdue
// is planned for now.
type Plan struct {
	From     time.Time       `json:"from"`
	Until    time.Time       `json:"until"`
	Actions  []PlannedAction `json:"actions"`
	Calendar []CalendarDay   `json:"calendar"`
	// NeedOwner counts channels that no plan can help: only their owner can.
	NeedOwner int `json:"need_owner"`
}

// Plan says what the daemon will do from now on, within the given time: the next action
// of each channel. It changes nothing and makes no call to Meta.
func (k *Keeper) Plan(ctx context.Context, within time.Duration) (Plan, error) {
	now := k.instant()
	p := Plan{From: now, Until: now.Add(within), Actions: []PlannedAction{}}
	var slots []schedule.Slot
	planned := map[int64]PlannedAction{}
	expiries := map[string]int{}
	filter := Filter{Statuses: []Status{Connected, Paused, ReconnectRequired}}
	for {
		page, err := k.store.List(ctx, filter)
		if err != nil {
			return Plan{}, fmt.Errorf("plan: list channels: %w", err)
		}
		if len(page) == 0 {
			break
		}
		filter.After = page[len(page)-1].ID
		for _, c := range page {
			d := k.policy.Next(c.scheduled(now))
			if d.Action == schedule.AskOwner {
				p.NeedOwner++
				continue
			}
			if c.ExpiresAt.After(now) && c.ExpiresAt.Before(p.Until) {
				expiries[c.ExpiresAt.Format(time.DateOnly)]++
			}
			at := d.At
			if at.Before(now) {
				at = now
			}
			// Under a daily cap, overflow from beyond the horizon may move into it.
			if !d.Action.Calls() || k.policy.DailyCap == 0 && at.After(p.Until) {
				continue
			}
			slots = append(slots, schedule.Slot{ID: c.ID, At: at, Earliest: earliest(c, at, now)})
			planned[c.ID] = PlannedAction{ID: c.ID, Username: c.Name(), Action: d.Action, Latest: c.ExpiresAt, Reasons: d.Reasons}
		}
	}
	perDay := map[string]int{}
	for _, s := range schedule.Spread(slots, now, k.policy.DailyCap) {
		if s.At.After(p.Until) {
			continue
		}
		a := planned[s.ID]
		a.At = s.At.UTC()
		p.Actions = append(p.Actions, a)
		perDay[a.At.Format(time.DateOnly)]++
	}
	for day := now.Truncate(24 * time.Hour); day.Before(p.Until); day = day.Add(24 * time.Hour) {
		date := day.Format(time.DateOnly)
		p.Calendar = append(p.Calendar, CalendarDay{Date: date, Actions: perDay[date], Expiries: expiries[date]})
	}
	return p, nil
}

// earliest is the instant before which the cap must not move an action: a pause that
// Meta asked for or that failures have earned is not to be cut short.
func earliest(c Channel, at, now time.Time) time.Time {
	if c.Attempts > 0 || c.Status == Paused || !c.HoldUntil.IsZero() {
		return at
	}
	return c.scheduled(now).OldEnough(schedule.Margin)
}

// An Explanation is the reason chain for one channel.
type Explanation struct {
	Channel Channel         `json:"channel"`
	Action  schedule.Action `json:"action"`
	At      time.Time       `json:"at"`     // when; zero: never
	Latest  time.Time       `json:"latest"` // too late from here on; zero: unknown
	Reasons []string        `json:"reasons"`
	Events  []Event         `json:"events"` // the newest first
}

// Why explains what will happen to a channel next, and what happened to it last. It
// changes nothing and makes no call to Meta.
func (k *Keeper) Why(ctx context.Context, id int64) (Explanation, error) {
	c, err := k.store.Channel(ctx, id)
	if err != nil {
		return Explanation{}, err
	}
	events, err := k.store.Events(ctx, id, 10)
	if err != nil {
		return Explanation{}, fmt.Errorf("channel %d: events: %w", id, err)
	}
	d := k.policy.Next(c.scheduled(k.instant()))
	e := Explanation{Channel: c, Action: d.Action, Latest: d.Latest, Reasons: d.Reasons, Events: events}
	if c.Reason != "" {
		e.Reasons = append(e.Reasons, c.Reason)
	}
	if d.Action.Calls() {
		if e.At = d.At; e.At.IsZero() {
			e.At = c.NextAttemptAt
		}
	}
	return e, nil
}

// MarshalJSON writes unknown instants as null.
func (e Explanation) MarshalJSON() ([]byte, error) {
	events := e.Events
	if events == nil {
		events = []Event{}
	}
	return json.Marshal(struct {
		Channel Channel         `json:"channel"`
		Action  schedule.Action `json:"action"`
		At      *time.Time      `json:"at"`
		Latest  *time.Time      `json:"latest"`
		Reasons []string        `json:"reasons"`
		Events  []Event         `json:"events"`
	}{e.Channel, e.Action, orNull(e.At), orNull(e.Latest), e.Reasons, events})
}
