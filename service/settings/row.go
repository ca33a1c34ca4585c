package settings

import (
	"strconv"
	"strings"
	"time"

	"github.com/evergrant/evergrant"
)

// text makes a row for a plain string with a check of its own.
func text(row Setting, field func(*Settings) *string, check func(string) error) Setting {
	if row.Kind == "" {
		row.Kind = String
	}
	row.set = func(s *Settings, raw string) error {
		if err := check(raw); err != nil {
			return err
		}
		*field(s) = raw
		return nil
	}
	row.show = func(s *Settings) string { return *field(s) }
	return row
}

func path(row Setting, field func(*Settings) *string) Setting {
	row.Kind = Path
	return text(row, field, checkPath)
}

// address makes a row for a base URL; a trailing slash is dropped.
func address(row Setting, field func(*Settings) *string) Setting {
	row.Kind = URL
	row.set = func(s *Settings, raw string) error {
		if err := checkURL(raw); err != nil {
			return err
		}
		*field(s) = strings.TrimRight(raw, "/")
		return nil
	}
	row.show = func(s *Settings) string { return *field(s) }
	return row
}

func choice(row Setting, field func(*Settings) *string) Setting {
	row.Kind = Choice
	return text(row, field, func(raw string) error { return oneOf(raw, row.Choices) })
}

func secret(row Setting, field func(*Settings) *evergrant.Secret, check func(string) error, show func(string) string) Setting {
	row.Secret, row.Filed = true, true
	row.set = func(s *Settings, raw string) error {
		if err := check(raw); err != nil {
			return err
		}
		*field(s) = evergrant.NewSecret(raw)
		return nil
	}
	row.show = func(s *Settings) string { return show(field(s).Reveal()) }
	return row
}

func list(row Setting, field func(*Settings) *[]string) Setting {
	row.Kind = List
	row.set = func(s *Settings, raw string) error {
		words, err := splitWords(raw)
		*field(s) = words
		return err
	}
	row.show = func(s *Settings) string { return strings.Join(*field(s), ",") }
	return row
}

func exits(row Setting, field func(*Settings) *[]string) Setting {
	row.Kind, row.Secret, row.Filed = Exits, true, true
	row.set = func(s *Settings, raw string) error {
		ways, err := splitExits(raw)
		*field(s) = ways
		return err
	}
	row.show = func(s *Settings) string {
		shown := make([]string, len(*field(s)))
		for i, way := range *field(s) {
			shown[i] = withoutUser(way)
		}
		return strings.Join(shown, ",")
	}
	return row
}

func number(row Setting, least, most int, field func(*Settings) *int) Setting {
	row.Kind = Int
	row.set = func(s *Settings, raw string) (err error) {
		*field(s), err = parseInt(raw, least, most)
		return err
	}
	row.show = func(s *Settings) string { return strconv.Itoa(*field(s)) }
	return row
}

func span(row Setting, least, most time.Duration, field func(*Settings) *time.Duration) Setting {
	row.Kind = Duration
	row.set = func(s *Settings, raw string) (err error) {
		*field(s), err = parseDuration(raw, least, most)
		return err
	}
	row.show = func(s *Settings) string { return field(s).String() }
	return row
}
