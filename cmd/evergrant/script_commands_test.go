package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/service/demo"
)

func simulator(ts *testscript.TestScript) *demo.Simulator {
	return ts.Value(simKey{}).(*demo.Simulator)
}

// cmdSim manages the simulator:
//
//	sim token NAME kind=short age=10m [expires=72h] [dead=password_changed]
//	    makes an account and its token; sets $NAME, $NAME_ISSUED and $NAME_EXPIRES
//	sim fleet FILE N        makes N channels with three days left, as CSV
//	sim calls ENDPOINT N    fails unless so many calls were made since sim reset;
//	                        "changing" means every call that changes something
//	sim await ENDPOINT N    waits until at least so many calls have arrived
//	sim reset               forgets the calls
//	sim fault JSON | sim heal
//	[!] sim accepts VALUE   whether Meta accepts the token
//	sim clock SKEW          moves Meta's clock
func cmdSim(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: sim token|fleet|calls|reset|fault|heal|accepts|clock …")
	}
	s := simulator(ts)
	switch args[0] {
	case "token":
		simToken(ts, s, args[1:])
	case "fleet":
		simFleet(ts, s, args[1:])
	case "calls":
		simCalls(ts, s, args[1:])
	case "await":
		simAwait(ts, s, args[1:])
	case "reset":
		s.ResetCalls()
	case "fault":
		var f sim.Fault
		ts.Check(json.Unmarshal([]byte(args[1]), &f))
		_, err := s.AddFault(f)
		ts.Check(err)
	case "heal":
		s.ClearFaults()
	case "accepts":
		if got := s.Accepts(strings.TrimSpace(args[1])); got == neg {
			ts.Fatalf("Meta accepts the token: %v", got)
		}
	case "clock":
		d, err := time.ParseDuration(args[1])
		ts.Check(err)
		s.Advance(d)
	default:
		ts.Fatalf("sim %s: unknown", args[0])
	}
}

func simToken(ts *testscript.TestScript, s *demo.Simulator, args []string) {
	name := args[0]
	account, err := s.CreateAccount(sim.Account{Username: strings.ToLower(name), RefreshStyle: sim.RefreshNew})
	ts.Check(err)
	spec := sim.TokenSpec{Account: account.ID}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "kind":
			spec.Kind = sim.Kind(value)
		case "age":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			spec.Age = sim.Duration(d)
		case "expires":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			left := sim.Duration(d)
			spec.ExpiresIn = &left
		case "dead":
			spec.Revoked = sim.Reason(value)
		default:
			ts.Fatalf("sim token: unknown %q", key)
		}
	}
	token, err := s.IssueToken(spec)
	ts.Check(err)
	ts.Setenv(name, token.Value)
	ts.Setenv(name+"_ACCOUNT", account.ID)
	ts.Setenv(name+"_ISSUED", token.IssuedAt.Format(time.RFC3339))
	ts.Setenv(name+"_EXPIRES", token.ExpiresAt.Format(time.RFC3339))
}

func simFleet(ts *testscript.TestScript, s *demo.Simulator, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	tokens, err := s.IssueTokens(sim.TokenSpec{Kind: sim.Long, Age: sim.Duration(57 * sim.Day), Count: n})
	ts.Check(err)
	var out strings.Builder
	out.WriteString("id,username,access_token,token_kind,issued_at,expires_at\n")
	for i, t := range tokens {
		fmt.Fprintf(&out, "%d,%s,%s,long,%s,%s\n", i+1, t.Username, t.Value, t.IssuedAt.Format(time.RFC3339), t.ExpiresAt.Format(time.RFC3339))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(out.String()), 0o600))
}

func simCalls(ts *testscript.TestScript, s *demo.Simulator, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sim calls ENDPOINT N")
	}
	got := 0
	switch args[0] {
	case "changing":
		for _, e := range []sim.Endpoint{"code", "exchange", "refresh", "subscribe", "messages"} {
			got += s.Count(e)
		}
	case "all":
		for _, c := range s.AllCounts() {
			got += c.Calls
		}
	default:
		got = s.Count(sim.Endpoint(args[0]))
	}
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("%d calls of %s; want %s", got, args[0], args[1])
	}
}

// simAwait looks again and again, with a limit far above any need.
func simAwait(ts *testscript.TestScript, s *demo.Simulator, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	for s.Count(sim.Endpoint(args[0])) < want {
		select {
		case <-tick.C:
		case <-limit.C:
			ts.Fatalf("%d calls of %s after 30 s; want %d", s.Count(sim.Endpoint(args[0])), args[0], want)
		}
	}
}

// cmdExit runs a command and compares its exit code: exit 3 evergrant convert.
func cmdExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND…")
	}
	code := 0
	var exited *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exited) {
		code = exited.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d; want %s", code, args[0])
	}
}

// cmdJSON compares one value of a JSON document: json FILE|stdout PATH VALUE. A path is
// like .channels[2].outcome, .channels[id=7].error.code or .channels.length.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: json FILE PATH VALUE")
	}
	got := lookUp(ts, args[0], args[1])
	if (got == args[2]) == neg {
		ts.Fatalf("%s is %q; want (negated: %v) %q", args[1], got, neg, args[2])
	}
}

// cmdJSONEnv sets a variable from a JSON document: jsonenv NAME FILE|stdout PATH.
func cmdJSONEnv(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], lookUp(ts, args[1], args[2]))
}

// lookUp finds one value of a file that holds exactly one JSON value.
func lookUp(ts *testscript.TestScript, file, path string) string {
	var doc any
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(file)))
	dec.UseNumber()
	ts.Check(dec.Decode(&doc))
	if dec.More() {
		ts.Fatalf("%s holds more than one JSON value", file)
	}
	value, err := at(doc, path)
	ts.Check(err)
	if value == nil {
		return "null"
	}
	return fmt.Sprint(value)
}

// at walks a path into a JSON value.
func at(v any, path string) (any, error) {
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch container := v.(type) {
		case map[string]any:
			next, ok := container[part]
			if !ok {
				return nil, fmt.Errorf("%s: no field %q", path, part)
			}
			v = next
		case []any:
			next, err := element(container, part)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			v = next
		default:
			return nil, fmt.Errorf("%s: nothing below %v", path, v)
		}
	}
	return v, nil
}

func element(list []any, part string) (any, error) {
	if part == "length" {
		return len(list), nil
	}
	if field, want, ok := strings.Cut(part, "="); ok {
		for _, v := range list {
			if object, ok := v.(map[string]any); ok && fmt.Sprint(object[field]) == want {
				return v, nil
			}
		}
		return nil, fmt.Errorf("no element with %s", part)
	}
	i, err := strconv.Atoi(part)
	if err != nil || i < 0 || i >= len(list) {
		return nil, fmt.Errorf("no element %q of %d", part, len(list))
	}
	return list[i], nil
}

func openDatabase(ts *testscript.TestScript) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs("state/evergrant.db"))
	ts.Check(err)
	return db
}

// cmdChannels writes every byte of the channels table to a file, to be compared:
// channels FILE.
func cmdChannels(ts *testscript.TestScript, _ bool, args []string) {
	db := openDatabase(ts)
	defer func() { _ = db.Close() }()
	rows, err := db.Query("select * from channels order by id") //nolint:noctx // a test's own look
	ts.Check(err)
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	ts.Check(err)
	var out bytes.Buffer
	for rows.Next() {
		cells := make([]any, len(names))
		for i := range cells {
			cells[i] = new(any)
		}
		ts.Check(rows.Scan(cells...))
		for i, name := range names {
			fmt.Fprintf(&out, "%s=%#v\n", name, *cells[i].(*any))
		}
	}
	ts.Check(rows.Err())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}

// cmdSQL runs one statement on the database: sql STATEMENT.
func cmdSQL(ts *testscript.TestScript, _ bool, args []string) {
	db := openDatabase(ts)
	defer func() { _ = db.Close() }()
	_, err := db.Exec(args[0]) //nolint:noctx // a test's own hand
	ts.Check(err)
}

// cmdFifo makes a pipe from which a gigabyte in one line can be read: fifo FILE.
func cmdFifo(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	ts.Check(syscall.Mkfifo(name, 0o600))
	var wg sync.WaitGroup
	wg.Go(func() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0) // waits for the reader
		if err != nil {
			return
		}
		defer func() { _ = f.Close() }()
		chunk := bytes.Repeat([]byte("a"), 1<<20)
		for range 1 << 10 {
			if _, err := f.Write(chunk); err != nil {
				return // the reader has seen enough
			}
		}
	})
	ts.Defer(func() {
		// If nobody came to read, come, so that the writer ends.
		if f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			_ = f.Close()
		}
		wg.Wait()
	})
}

// cmdTmpfs mounts a small file system: tmpfs DIR SIZE. It needs root.
func cmdTmpfs(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]); err != nil {
		ts.Logf("this machine lets nobody mount: %v", err)
		ts.Setenv("MOUNTED", "no")
		return
	}
	ts.Setenv("MOUNTED", "yes")
	ts.Defer(func() { ts.Check(syscall.Unmount(dir, 0)) })
}

// cmdOneLine checks that a stream of the last command is one line that begins with
// "evergrant: " and holds neither a stack trace nor a usage text: oneline stderr.
func cmdOneLine(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	switch {
	case strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "evergrant: "):
		ts.Fatalf("not one line that begins with evergrant: %q", text)
	case strings.Contains(text, "goroutine ") || strings.Contains(text, "Usage:"):
		ts.Fatalf("a stack trace or a usage text: %q", text)
	}
}

// cmdExpand replaces $NAME and ${NAME} in a file by the script's variables: expand FILE.
func cmdExpand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// cmdMode compares the permissions of a file: mode 0600 FILE.
func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	if got := info.Mode().Perm(); got != fs.FileMode(want) {
		ts.Fatalf("mode of %s is %04o; want %04o", args[1], got, want)
	}
}
