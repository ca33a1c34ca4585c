package evergrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/evergrant/evergrant/schedule"
)

// A Job is one run of a command over the fleet or over one channel.
type Job struct {
	Command     Command
	ChannelID   int64         // 0: every channel that is not disconnected
	Force       bool          // convert: long-lived ones too; auto-refresh: whatever is old enough
	Within      time.Duration // auto-refresh: refresh what expires within this time
	DryRun      bool          // say what would be done: no call to Meta, no write
	Check       bool          // ask Meta whose token it is (a read) and say what would be done; no write
	Concurrency int           // channels worked on at once; 0: 16
	MaxSkipped  int           // healthy channels that the report lists; more are only counted; 0: all
	// Progress is called after each channel, never concurrently; nil: not called.
	Progress func(done, total int)
}

// decide is the job's rule for one channel.
func (j Job) decide(c Channel, now time.Time) schedule.Decision {
	switch j.Command {
	case CommandConvert:
		return schedule.ConvertNow(c.scheduled(now), now, j.Force)
	case CommandAutoRefresh:
		return schedule.AutoRefresh(c.scheduled(now), now, j.Within, j.Force)
	default:
		return schedule.RefreshNow(c.scheduled(now), now)
	}
}

// Run works through the fleet with a bounded number of channels at a time. One broken
// channel never stops the others. What does end a run early is a closed brake, a
// throttled app, a network without Meta, or ctx; the report then says so in Stopped,
// and calls under way are finished and stored. The error is for runs that could not
// take place at all.
func (k *Keeper) Run(ctx context.Context, j Job) (Report, error) {
	if j.Concurrency <= 0 {
		j.Concurrency = 16
	}
	r := &run{k: k, job: j, report: Report{Command: j.Command, DryRun: j.DryRun || j.Check, Channels: []Result{}}}
	due, err := r.gather(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", j.Command, err)
	}
	r.total = len(due)
	if !j.DryRun {
		later := r.work(ctx, due, false)
		r.work(ctx, later, true) // those that another worker held: wait for them
	}
	for _, c := range r.untouched {
		r.add(Result{
			ID: c.ID, Username: c.Name(), TokenKind: c.TokenKind, Status: c.Status,
			Outcome: OutcomeSkipped, Reason: "not reached: " + r.report.Stopped, ExpiresAt: c.ExpiresAt,
		})
	}
	slices.SortFunc(r.report.Channels, func(a, b Result) int { return cmp.Compare(a.ID, b.ID) })
	return r.report, nil
}

// hopeless is how many failures in a row of the network, of Meta or of the database end a run.
const hopeless = 24

// A run is one Run under way.
type run struct {
	k   *Keeper
	job Job

	mu        sync.Mutex
	report    Report
	done      int
	total     int
	silent    int // attempts in a row that no answer came to
	storeless int // attempts in a row that failed at the database
	reasons   map[string]string
	probes    int       // how many canaries the run may still send under a closed brake
	untouched []Channel // whose turn never came
}

// gather decides over every channel of the job, from stored state alone. It returns
// those with work to do, the soonest to die first, and reports the others.
func (r *run) gather(ctx context.Context) ([]Channel, error) {
	now := r.k.instant()
	var due []Channel
	file := func(c Channel) {
		d := r.job.decide(c, now)
		switch {
		case !d.Due(now):
			r.add(resultOf(c, d))
		case r.job.DryRun:
			res := resultOf(c, d)
			res.Outcome = OutcomePlanned
			r.add(res)
		default:
			due = append(due, c)
		}
	}
	if r.job.ChannelID != 0 {
		c, err := r.k.store.Channel(ctx, r.job.ChannelID)
		if err != nil {
			return nil, err
		}
		file(c)
		return due, nil
	}
	filter := Filter{Statuses: []Status{Connected, Paused, ReconnectRequired}}
	for {
		page, err := r.k.store.List(ctx, filter)
		if err != nil {
			return nil, fmt.Errorf("list channels: %w", err)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			file(c)
		}
		filter.After = page[len(page)-1].ID
	}
	slices.SortStableFunc(due, func(a, b Channel) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return due, nil
}

// work goes through channels with a bounded number at a time, and returns those that
// another worker holds. Under a closed brake it starts with one channel, the canary, and
// doubles its pace with every success.
func (r *run) work(ctx context.Context, due []Channel, wait bool) (held []Channel) {
	pace := newPace(r.startPace(ctx, due), r.job.Concurrency)
	var wg sync.WaitGroup
	for i, c := range due {
		if !pace.enter(ctx) {
			r.stop("interrupted")
		}
		if r.stopped() {
			r.leave(due[i:])
			break
		}
		wg.Go(func() {
			res, err := r.one(ctx, c, wait)
			if errors.Is(err, ErrLeased) && !wait {
				r.mu.Lock()
				held = append(held, c)
				r.mu.Unlock()
				pace.exit(true)
				return
			}
			r.finish(c, res, err)
			pace.exit(res.Outcome != OutcomeFailed && err == nil)
		})
	}
	wg.Wait()
	return held
}

// startPace is one channel at a time while the brake is closed, else full speed. The
// canaries are then channels without failures of their own, if there are any.
func (r *run) startPace(ctx context.Context, due []Channel) int {
	if len(due) == 0 || r.job.Check {
		return r.job.Concurrency
	}
	b, err := r.k.store.Brake(ctx, due[0].App)
	if err != nil || !b.Closed {
		return r.job.Concurrency
	}
	slices.SortStableFunc(due, func(a, b Channel) int {
		return cmp.Or(cmp.Compare(min(a.Attempts, 1), min(b.Attempts, 1)), b.ExpiresAt.Compare(a.ExpiresAt))
	})
	r.probes = canariesPerRun
	return 1
}

// canariesPerRun is how many channels an operator's run tries under a closed brake: some
// of them may have trouble of their own.
const canariesPerRun = 20

// mayProbe takes one of the run's canaries. A brake that closes during a run, when there
// are none, ends the run.
func (r *run) mayProbe() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.probes--
	return r.probes >= 0
}

// one works on one channel. An interrupt stops the waiting for other workers, but never a
// call under way: its answer may be a token.
func (r *run) one(ctx context.Context, c Channel, wait bool) (Result, error) {
	if r.job.Check {
		return r.k.Check(ctx, c.ID)
	}
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		res, err := r.k.change(context.WithoutCancel(ctx), c.ID, ask{
			verb: string(r.job.Command), wish: fmt.Sprint(r.job.Force, r.job.Within),
			operator: r.mayProbe(), run: true, decide: r.job.decide,
		})
		var leased *LeasedError
		if !wait || !errors.As(err, &leased) {
			return res, err
		}
		if sleep(ctx, min(pause, max(leased.Wait, time.Millisecond))) != nil {
			r.stop("interrupted")
			return res, err
		}
	}
}

// finish files one result and decides whether the run goes on.
func (r *run) finish(c Channel, res Result, err error) {
	var braked *BrakedError
	var paused *PausedError
	switch {
	case errors.As(err, &braked):
		r.stop(braked.Error())
	case errors.As(err, &paused):
		r.stop(paused.Error())
	case err != nil:
		res = Result{
			ID: c.ID, Username: c.Name(), TokenKind: c.TokenKind, Status: c.Status, ExpiresAt: c.ExpiresAt,
			Outcome: OutcomeFailed, Reason: err.Error(),
			Error: &LastError{Class: Transient, Message: err.Error()},
		}
		if n := r.inARow(&r.storeless, true); n >= hopeless {
			r.stop(fmt.Sprintf("%d channels in a row failed before Instagram was asked: %v", n, err))
		}
	default:
		r.inARow(&r.storeless, false)
		if n := r.inARow(&r.silent, res.unanswered); n >= hopeless {
			r.stop(fmt.Sprintf("Instagram gave no usable answer %d times in a row; the last: %s", n, errorOf(res)))
		}
	}
	r.add(res)
}

// errorOf is what a result says of its failure.
func errorOf(res Result) string {
	if res.Error == nil || res.Error.Message == "" {
		return res.Reason
	}
	return res.Error.Message
}

// inARow counts how often in a row something has happened.
func (r *run) inARow(n *int, happened bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n++
	if !happened {
		*n = 0
	}
	return *n
}

func (r *run) add(res Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Summary.add(res.Outcome)
	// A large fleet is mostly healthy, and its report would be mostly about that.
	if healthy := res.Outcome == OutcomeSkipped && res.Status == Connected; !healthy || r.job.MaxSkipped == 0 || r.report.Summary.Skipped <= r.job.MaxSkipped {
		res.Reason = r.once(res.Reason)
		r.report.Channels = append(r.report.Channels, res)
	}
	if r.total > 0 {
		r.done++
		if r.job.Progress != nil {
			r.job.Progress(r.done, r.total)
		}
	}
}

// once gives equal reasons one copy in memory: a fleet shares a few dozen of them.
func (r *run) once(reason string) string {
	if r.reasons == nil {
		r.reasons = map[string]string{}
	}
	if known, ok := r.reasons[reason]; ok {
		return known
	}
	if len(r.reasons) < 1000 {
		r.reasons[reason] = reason
	}
	return reason
}

// stop ends the run after the calls under way. The first reason stands.
func (r *run) stop(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.report.Stopped == "" {
		r.report.Stopped = reason
	}
}

func (r *run) stopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.Stopped != ""
}

func (r *run) leave(channels []Channel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.untouched = append(r.untouched, channels...)
}
