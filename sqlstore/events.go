package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evergrant/evergrant"
)

// addEvent writes one event of a channel. An event without a time happened now.
func (s *Store) addEvent(ctx context.Context, q querier, channelID int64, now time.Time, ev evergrant.Event) error {
	args, err := eventArgs(channelID, now, ev)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, s.sql.insertEvents(1), args...)
	return err
}

func eventArgs(channelID int64, now time.Time, ev evergrant.Event) ([]any, error) {
	if ev.At.IsZero() {
		ev.At = now
	}
	failure, err := jsonOrNull(cleanError(ev.Error), ev.Error == nil)
	if err != nil {
		return nil, err
	}
	var data map[string]string
	for k, v := range ev.Data {
		if data == nil {
			data = make(map[string]string, len(ev.Data))
		}
		data[clean(k)] = clean(v)
	}
	details, err := jsonOrNull(data, data == nil)
	if err != nil {
		return nil, err
	}
	return []any{channelID, ev.At.UnixMilli(), string(ev.Type), clean(ev.Reason), failure, details}, nil
}

const eventsQuery = `select id, at, type, reason, error, data from events where channel_id = $1 order by id desc limit $2`

// Events implements [evergrant.Store].
func (s *Store) Events(ctx context.Context, channelID int64, limit int) ([]evergrant.Event, error) {
	var found []evergrant.Event
	err := each(ctx, s.db.backend.reader(), func(row scanner) error {
		ev := evergrant.Event{ChannelID: channelID}
		var failure, data sql.NullString
		if err := row.Scan(&ev.ID, timeOf{&ev.At}, &ev.Type, &ev.Reason, &failure, &data); err != nil {
			return err
		}
		if failure.Valid {
			if err := json.Unmarshal([]byte(failure.String), &ev.Error); err != nil {
				return fmt.Errorf("event %d: error: %w", ev.ID, err)
			}
		}
		if data.Valid {
			if err := json.Unmarshal([]byte(data.String), &ev.Data); err != nil {
				return fmt.Errorf("event %d: data: %w", ev.ID, err)
			}
		}
		found = append(found, ev)
		return nil
	}, eventsQuery, channelID, limitOf(limit))
	if err != nil {
		return nil, s.fail(fmt.Sprintf("events of channel %d", channelID), err)
	}
	return found, nil
}
