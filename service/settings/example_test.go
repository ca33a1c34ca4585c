package settings_test

import (
	"fmt"

	"github.com/evergrant/evergrant/service/settings"
)

func ExampleLoad() {
	s, err := settings.Load(settings.Input{
		Flags: map[string]string{"log-level": "warn"},
		Env:   []string{"HOME=/home/op", "EVERGRANT_RATE=20", "EVERGRANT_DATABASE_URL=postgres://op:secret@db.example/evergrant"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range s.Explain() {
		if e.Source != "default" {
			fmt.Printf("%s = %s (%s)\n", e.Name, e.Value, e.Source)
		}
	}
	// Output:
	// EVERGRANT_DATABASE_URL = postgres://op:xxxxx@db.example/evergrant (environment EVERGRANT_DATABASE_URL)
	// EVERGRANT_RATE = 20 (environment EVERGRANT_RATE)
	// EVERGRANT_LOG_LEVEL = warn (flag --log-level)
}

func ExampleLoad_problems() {
	_, err := settings.Load(settings.Input{
		Env: []string{"HOME=/home/op", "EVERGRANT_CONCURRENCY=lots", "EVERGRANT_PUBLIC_URL=https://"},
	})
	fmt.Println(err)
	// Output:
	// EVERGRANT_PUBLIC_URL: "https://" has no host: give one such as https://example.com
	// EVERGRANT_CONCURRENCY: "lots" is not a whole number from 1 to 1000
}
