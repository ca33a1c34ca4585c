package main

import (
	"encoding/json"
	"fmt"

	"github.com/evergrant/evergrant/service"
)

// An importPrinter writes the problems of an import as they come, so that a file
// with a million bad rows needs no more memory than one with a hundred.
type importPrinter struct {
	a      *app
	dryRun bool
	begun  bool
	err    error // of the first write that failed
}

// problem prints one problem.
func (p *importPrinter) problem(problem service.ImportProblem) {
	if p.err != nil || problem.Warning && p.a.quiet && !p.a.output.json {
		return
	}
	if !p.a.output.json {
		p.err = p.a.printf("%s\n", plainText(problem.String()))
		return
	}
	data, err := json.Marshal(problem)
	if err != nil {
		p.err = fmt.Errorf("problem: %w", err)
		return
	}
	p.open()
	if p.err == nil {
		p.err = p.a.printf("%s", data)
	}
}

// open writes what stands before the next problem.
func (p *importPrinter) open() {
	before := ",\n"
	if !p.begun {
		before = fmt.Sprintf("{\"command\":\"import\",\"dry_run\":%t,\"problems\":[\n", p.dryRun)
	}
	p.begun = true
	p.err = p.a.printf("%s", before)
}

// end prints the summary, and asks for attention when rows were rejected.
func (p *importPrinter) end(sum service.ImportSummary) error {
	if p.err == nil {
		p.err = p.summary(sum)
	}
	if p.err != nil {
		return p.err
	}
	if sum.Rejected > 0 {
		return errAttention
	}
	return nil
}

func (p *importPrinter) summary(sum service.ImportSummary) error {
	if p.a.output.json {
		if !p.begun {
			p.open()
		}
		data, err := json.Marshal(sum)
		if err != nil {
			return fmt.Errorf("summary: %w", err)
		}
		return p.a.printf("],\n\"summary\":%s}\n", data)
	}
	if p.a.quiet {
		return nil
	}
	name := "import"
	if p.dryRun {
		name += " (nothing was written)"
	}
	return p.a.printf("%s: %s: %d created, %d updated, %d unchanged, %d skipped, %d rejected\n",
		name, counted(sum.Rows, "row"), sum.Created, sum.Updated, sum.Unchanged, sum.Skipped, sum.Rejected)
}

// partly closes the output of an import that broke off, and says what is stored. The
// reason follows on standard error.
func (p *importPrinter) partly(sum service.ImportSummary) {
	if p.begun || !p.a.output.json && sum.Created+sum.Updated > 0 {
		_ = p.end(sum) // the reason why the import broke off is the error that counts
	}
}
