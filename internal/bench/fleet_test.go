package bench_test

import (
	"bufio"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/evergrant/evergrant/seal"
	"github.com/evergrant/evergrant/sqlstore"
)

// A fleet is a SQLite database that the program's own import has made of a CSV file.
// dueOnes of its channels are due, spread evenly; the others have been issued a day
// ago.
type fleet struct {
	rows  int
	csv   string
	state string // the state directory: evergrant.db and keyset.json
	cost  cost   // of the import
}

func (f *fleet) database() string { return filepath.Join(f.state, "evergrant.db") }

func newFleet(name string, rows int) (*fleet, error) {
	dir, err := shared.dir()
	if err != nil {
		return nil, err
	}
	f := &fleet{rows: rows, csv: filepath.Join(dir, name+".csv"), state: filepath.Join(dir, name)}
	if err := writeCSV(f.csv, rows); err != nil {
		return nil, err
	}
	f.cost, err = importCSV(f.csv, f.state)
	return f, err
}

// importCSV has the program import a file into a new database.
func importCSV(csv, state string) (cost, error) {
	binary, err := shared.binary()
	if err != nil {
		return cost{}, err
	}
	return run(context.Background(), environment(state), nil, binary, "import", "--quiet", csv)
}

// tokenBytes is the length of a token as Instagram hands them out today, about.
const tokenBytes = 180

// writeCSV writes rows channels. The same number of rows gives the same names and
// tokens; ages count from now.
func writeCSV(path string, rows int) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriterSize(file, 1<<20)
	if _, err := w.WriteString("id,username,account_id,app_scoped_id,tenant,token_kind,issued_at,expires_at,access_token\n"); err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(1, uint64(rows)))
	now, every := time.Now(), max(1, rows/dueOnes)
	token := make([]byte, tokenBytes)
	var line []byte
	for i := range rows {
		issued := now.Add(-24 * time.Hour)
		if i%every == 0 {
			issued = now.Add(-56 * 24 * time.Hour)
		}
		line = append(strconv.AppendInt(line[:0], int64(i+1), 10), ",shop"...)
		line = append(strconv.AppendInt(line, int64(i+1), 10), ',')
		line = append(strconv.AppendInt(line, 17841400000000001+2*int64(i), 10), ',')
		line = append(strconv.AppendInt(line, 27640875392278831+2*int64(i), 10), ",tenant"...)
		line = append(strconv.AppendInt(line, int64(i%1000), 10), ",long,"...)
		line = append(strconv.AppendInt(line, issued.Unix(), 10), ',')
		line = append(strconv.AppendInt(line, issued.Add(60*24*time.Hour).Unix(), 10), ',')
		line = append(append(line, randomToken(chance, token)...), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return w.Flush()
}

// randomToken fills token with what no compression and no guess makes smaller.
func randomToken(chance *rand.Rand, token []byte) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := 0; i < len(token); {
		for bits := chance.Uint64(); bits > 0 && i < len(token); bits >>= 6 {
			token[i] = letters[bits&63]
			i++
		}
	}
	copy(token, "IGAA")
	return token
}

// openStore opens a fleet's database as the service does, until the benchmark ends.
func openStore(tb testing.TB, state string) *sqlstore.Store {
	tb.Helper()
	return unlock(tb, "sqlite://"+filepath.Join(state, "evergrant.db"), filepath.Join(state, "keyset.json"))
}

// unlock opens a database with its keyset, which is made when there is none.
func unlock(tb testing.TB, url, keyset string) *sqlstore.Store {
	tb.Helper()
	db, err := sqlstore.Open(tb.Context(), sqlstore.Config{URL: url})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close the database: %v", err)
		}
	})
	keyring, _, err := seal.LoadOrCreate(tb.Context(), keyset, seal.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	store, err := db.Unlock(tb.Context(), keyring)
	if err != nil {
		tb.Fatal(err)
	}
	return store
}
