package demo

import (
	"context"
	"fmt"

	"github.com/evergrant/evergrant"
	"github.com/evergrant/evergrant/internal/sim"
	"github.com/evergrant/evergrant/service"
)

// A KindReport is what became of one sort of channel.
type KindReport struct {
	Kind       string `json:"kind"`
	Channels   int    `json:"channels"`
	Converted  int    `json:"converted"`
	Refreshed  int    `json:"refreshed"`
	Untouched  int    `json:"untouched"` // nothing was due
	Failed     int    `json:"failed"`
	NeedOwner  int    `json:"need_owner"` // lost, or waiting for its owner
	WorkingNow int    `json:"working"`    // Meta accepts the stored token
	// Avoidable counts channels that need their owner although Meta accepted their
	// token when it was imported.
	Avoidable int `json:"avoidable"`
}

// A Report is the end of a demonstration.
type Report struct {
	Import      service.ImportSummary `json:"import"`
	Convert     evergrant.Summary     `json:"convert"`
	AutoRefresh evergrant.Summary     `json:"auto_refresh"`
	Kinds       []KindReport          `json:"kinds"`
	Calls       map[string]int        `json:"calls"` // to the simulator, by endpoint
	// AvoidableReconnects is the number that must be 0.
	AvoidableReconnects int `json:"avoidable_reconnects"`
}

// A judge compares what Evergrant did with what the simulator knows.
type judge struct {
	server   *sim.Server
	fleet    []member
	alive    []bool // by place in the fleet: Meta accepted the token when it was imported
	outcomes []evergrant.Outcome
	report   Report
}

func newJudge(server *sim.Server, fleet []member, sum service.ImportSummary) *judge {
	j := &judge{server: server, fleet: fleet, alive: make([]bool, len(fleet)), outcomes: make([]evergrant.Outcome, len(fleet))}
	for i, m := range fleet {
		j.alive[i] = server.Accepts(m.token.Value)
	}
	j.report.Import = sum
	return j
}

// run notes the outcomes of one command. A later one counts only if it did something.
func (j *judge) run(rep evergrant.Report) {
	if rep.Command == evergrant.CommandConvert {
		j.report.Convert = rep.Summary
	} else {
		j.report.AutoRefresh = rep.Summary
	}
	for _, c := range rep.Channels {
		place := c.ID - 1
		if place < 0 || place >= int64(len(j.outcomes)) {
			continue
		}
		if c.Outcome != evergrant.OutcomeSkipped {
			j.outcomes[place] = c.Outcome
		}
	}
}

// verdict looks at every channel as it is stored now.
func (j *judge) verdict(ctx context.Context, svc *service.Service) (Report, error) {
	list := kinds()
	rows := make([]KindReport, len(list))
	tokens, err := j.server.Tokens(sim.Selector{})
	if err != nil {
		return Report{}, fmt.Errorf("ask the simulator: %w", err)
	}
	accepted := make(map[string]bool, len(tokens))
	for _, token := range tokens {
		accepted[token.Fingerprint] = token.Dead == ""
	}
	for i, m := range j.fleet {
		held, err := svc.Store().Held(ctx, int64(i+1))
		if err != nil {
			return Report{}, fmt.Errorf("look at channel %d: %w", i+1, err)
		}
		row := &rows[m.kind]
		row.Kind = list[m.kind].name
		row.Channels++
		j.count(row, i, held, accepted)
	}
	for _, row := range rows {
		if row.Channels > 0 {
			j.report.Kinds = append(j.report.Kinds, row)
			j.report.AvoidableReconnects += row.Avoidable
		}
	}
	j.report.Calls = map[string]int{}
	for endpoint, counts := range j.server.AllCounts() {
		j.report.Calls[string(endpoint)] = counts.Calls
	}
	return j.report, nil
}

// count files one channel. accepted says which tokens Meta accepts now, by the
// simulator's fingerprint, which is the beginning of ours.
func (j *judge) count(row *KindReport, place int, held evergrant.Held, accepted map[string]bool) {
	needsOwner := held.Status == evergrant.ReconnectRequired || held.Status == evergrant.Paused
	switch {
	case needsOwner:
		row.NeedOwner++
		if j.alive[place] {
			row.Avoidable++
		}
	case j.outcomes[place] == evergrant.OutcomeConverted:
		row.Converted++
	case j.outcomes[place] == evergrant.OutcomeRefreshed:
		row.Refreshed++
	case j.outcomes[place] == evergrant.OutcomeFailed:
		row.Failed++
	default:
		row.Untouched++
	}
	if fp := held.Value.Fingerprint(); fp != "" && accepted[fp[:len(sim.Fingerprint("x"))]] {
		row.WorkingNow++
	}
}
