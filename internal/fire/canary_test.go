package fire_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/evergrant/evergrant/internal/sim"
)

// Planted secrets are found nowhere: not in what any command prints or logs, in good
// days and bad, nor in any file of the state directory.
func TestCanary(t *testing.T) {
	const canary = "CanarySecretThatMustNeverShow"
	secret := canary + "ClientSecret0123456789"
	n := seed(t)
	s := newStage(t, sim.Config{Seed: n, App: sim.App{Secrets: []string{secret}}}, "", "EVERGRANT_LOG_LEVEL=debug")
	account, err := s.meta.CreateAccount(sim.Account{})
	if err != nil {
		t.Fatal(err)
	}
	tokens := s.issue(
		sim.TokenSpec{Kind: sim.Short, Value: "IGAA" + canary + "Short0123456789"},
		sim.TokenSpec{Kind: sim.Long, Age: days(57), Value: "IGAA" + canary + "Long0123456789"},
		sim.TokenSpec{Kind: sim.Long, Age: days(57), Value: "IGAA" + canary + "Dead0123456789", Revoked: sim.PasswordChanged},
		sim.TokenSpec{Kind: sim.Long, Age: days(61), Value: "IGAA" + canary + "Expired0123456789"},
		sim.TokenSpec{Kind: sim.Long, Age: days(10), Value: "IGAA" + canary + "Healthy0123456789", Account: account.ID},
	)
	s.importTokens(tokens)
	list := filepath.Join(s.dir, "tokens.ndjson")
	broken := filepath.Join(s.dir, "broken.csv")
	if err := os.WriteFile(broken, []byte("access_token,expires_at\nIGAA"+canary+"Bad,never\n\"IGAA"+canary+"Quote,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := [][]string{
		{"convert", "--check-only"},
		{"auto-refresh", "--dry-run"},
		{"refresh", "--check-only"},
		{"import", "--dry-run", list},
		{"import", broken},
		{"config", "explain"},
		{"doctor"},
		{"convert"},
		{"auto-refresh"},
		{"refresh", "-o", "json"},
		{"auto-refresh", "--force-all", "-o", "json"},
		{"convert", "--force"},
		{"status"},
		{"status", "-o", "json"},
		{"plan"},
		{"plan", "--calendar"},
		{"why", "--channel-id", "1"},
		{"why", "--channel-id", "3", "-o", "json"},
		{"keys", "list"},
		{"keys", "rotate"},
		{"export", "--format", "csv"},
		{"disconnect", "--channel-id", "5"},
	}
	echo := "Malformed access token " + "IGAA" + canary + "Long0123456789 access_token=IGAA" + canary + "Long0123456789"
	for _, fault := range []sim.Fault{
		{},
		{Kind: sim.FaultDropAfter},
		{Kind: sim.FaultHTMLError},
		{Kind: sim.FaultError, Status: 400, Code: 190, Type: "OAuthException", Message: echo},
		{Kind: sim.FaultBody, Body: echo},
		{Kind: sim.FaultTruncated},
	} {
		s.meta.ClearFaults()
		if fault.Kind != "" {
			if _, err := s.meta.AddFault(fault); err != nil {
				t.Fatal(err)
			}
		}
		for _, command := range commands {
			s.any(command...)
		}
	}
	if s.stderr.Len() == 0 || s.stdout.Len() == 0 {
		t.Fatal("the commands printed nothing: nothing was searched")
	}
	shapes := [][]byte{[]byte(canary), []byte(hex.EncodeToString([]byte(canary))), []byte(base64.StdEncoding.EncodeToString([]byte(canary))[:30])}
	search := func(what string, content []byte) {
		for _, shape := range shapes {
			if i := bytes.Index(content, shape); i >= 0 {
				t.Errorf("the canary is in %s: …%q…", what, content[max(0, i-80):min(len(content), i+80)])
			}
		}
	}
	search("standard error", s.stderr.Bytes())
	search("standard output", s.stdout.Bytes())
	files := 0
	err = filepath.WalkDir(filepath.Join(s.dir, "state"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		search(path, content)
		files++
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("%d files searched, %v; want database and keyset at least", files, err)
	}
}
