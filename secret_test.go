package evergrant_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/evergrant/evergrant"
)

func TestSecretNeverPrints(t *testing.T) {
	const canary = "canary-value-that-must-not-show"
	s := evergrant.NewSecret(canary)
	hidden := struct {
		inner evergrant.Secret
		ptr   *evergrant.Secret
	}{s, &s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", &s)
		fmt.Fprintf(&out, verb+"\n", hidden)
		fmt.Fprintf(&out, verb+"\n", []evergrant.Secret{s})
		fmt.Fprintf(&out, verb+"\n", map[string]evergrant.Secret{"k": s})
		fmt.Fprintf(&out, verb+"\n", evergrant.Held{Value: s, Previous: evergrant.Token{Value: s}})
	}
	for _, v := range []any{s, &s, evergrant.Token{Value: s}, evergrant.Login{Code: s}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	for _, shape := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), shape) {
			t.Errorf("the value shows as %q in:\n%s", shape, out.String())
		}
	}
}

func TestSecretCompares(t *testing.T) {
	a, b, zero := evergrant.NewSecret("a"), evergrant.NewSecret("b"), evergrant.Secret{}
	if !a.Equal(evergrant.NewSecret("a")) || a.Equal(b) || a.Equal(zero) || !zero.Equal(evergrant.NewSecret("")) {
		t.Error("Equal is wrong")
	}
	if !zero.Empty() || a.Empty() || zero.Fingerprint() != "" || len(a.Fingerprint()) != 32 || a.Fingerprint() == b.Fingerprint() {
		t.Error("Empty or Fingerprint is wrong")
	}
}
