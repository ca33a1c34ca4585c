package sim

import (
	"fmt"
	"time"
)

// ProfileChaos is the name of [ChaosFaults] in scenarios and in the management API.
const ProfileChaos = "chaos"

// ChaosFaults is a mixture of harmless misbehaviour: about one call in ten
// fails, some are a little slow, and every failure goes away when the call is
// repeated. It leaves alone what cannot be repeated: the code exchange, whose code
// works once, and messages, which would arrive twice. Those are only slow.
func ChaosFaults() []Fault {
	const repeatable = "exchange|refresh|me|subscribe"
	return []Fault{
		{Kind: FaultLatency, Latency: Duration(2 * time.Millisecond), Probability: 0.10},
		{Kind: FaultLatency, Latency: Duration(12 * time.Millisecond), Probability: 0.02},
		{Kind: FaultServerError, Endpoint: repeatable, Probability: 0.015},
		{Kind: FaultHTMLError, Endpoint: repeatable, Probability: 0.010},
		{Kind: FaultHTML, Endpoint: repeatable, Probability: 0.010},
		{Kind: FaultEmpty, Endpoint: repeatable, Probability: 0.010},
		{Kind: FaultTruncated, Endpoint: repeatable, Probability: 0.010},
		{Kind: FaultCut, Endpoint: repeatable, Probability: 0.005},
		{Kind: FaultDropBefore, Endpoint: repeatable, Probability: 0.015},
		{Kind: FaultDropAfter, Endpoint: repeatable, Probability: 0.015},
		{Kind: FaultThrottle, Endpoint: repeatable, Probability: 0.005, Code: 80002, RegainMinutes: 1},
	}
}

// profile finds a named set of faults.
func profile(name string) ([]Fault, error) {
	if name != ProfileChaos {
		return nil, fmt.Errorf("profile %q is not known: use %q", name, ProfileChaos)
	}
	return ChaosFaults(), nil
}
