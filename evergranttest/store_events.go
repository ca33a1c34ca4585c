package evergranttest

import (
	"context"
	"maps"

	"github.com/evergrant/evergrant"
)

// Events implements [evergrant.Store].
func (s *Store) Events(ctx context.Context, channelID int64, limit int) ([]evergrant.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []evergrant.Event
	for i := len(s.events) - 1; i >= 0 && len(found) < limitOf(limit); i-- {
		if ev := s.events[i]; ev.ChannelID == channelID {
			found = append(found, copyEvent(ev))
		}
	}
	return found, nil
}

// addEvent writes one event of a channel. An event without a time happened now.
func (s *Store) addEvent(channelID int64, ev evergrant.Event) {
	ev = copyEvent(ev)
	ev.ID, ev.ChannelID, ev.At = int64(len(s.events))+1, channelID, normal(ev.At)
	if ev.At.IsZero() {
		ev.At = s.now()
	}
	s.events = append(s.events, ev)
}

func copyEvent(ev evergrant.Event) evergrant.Event {
	ev.Error = copyError(ev.Error)
	if len(ev.Data) == 0 {
		ev.Data = nil
	}
	ev.Data = maps.Clone(ev.Data)
	return ev
}
