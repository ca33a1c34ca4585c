package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/evergrant/evergrant/service"
)

// importCommand is `evergrant import`.
func (a *app) importCommand() *cobra.Command {
	var o service.ImportOptions
	var format string
	cmd := &cobra.Command{
		Use: "import FILE|-", Args: oneFile,
		Short: "Bring channels in from CSV or NDJSON",
		Long: "Reads channels with their tokens from a file, or from standard input (-). Bad rows are\n" +
			"reported with line and reason and skipped, and the exit code is then 3. Importing the same\n" +
			"file again changes nothing. The first import makes the database and its keyset.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			o.Format = service.Format(format)
			return a.importFile(cmd.Context(), args[0], o)
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "`FORM` of the file: csv or ndjson; guessed when not given")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "check every row, and write nothing")
	cmd.Flags().StringVar(&o.Tenant, "tenant", "", "`TENANT` of the rows that name none")
	return cmd
}

func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("%s needs one FILE, or - for standard input", called(cmd))
	}
	return nil
}

func checkFormat(format string) error {
	switch format {
	case "", string(service.CSV), string(service.NDJSON):
		return nil
	}
	return usagef("--format %q: give csv or ndjson", format)
}

func (a *app) importFile(ctx context.Context, name string, o service.ImportOptions) error {
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	r, size, err := a.openInput(name)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // it was only read
	set, done := a.progress("import", size, progressbar.OptionShowBytes(true))
	o.Progress = func(bytes, _ int64) { set(bytes) }
	printer := &importPrinter{a: a, dryRun: o.DryRun}
	sum, err := service.Import(ctx, cfg, a.options(cfg, service.Options{}), r, o, printer.problem)
	done()
	if err != nil {
		printer.partly(sum)
		return fmt.Errorf("%s: %w", inputName(name), err)
	}
	return printer.end(sum)
}

// openInput opens a file, or standard input. The size is -1 when it is not known.
func (a *app) openInput(name string) (io.ReadCloser, int64, error) {
	if name == "-" {
		return io.NopCloser(a.in), -1, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("import: %w; check the path", err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory; give a CSV or NDJSON file", name)
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, fmt.Errorf("import: %w", err)
	}
	if !info.Mode().IsRegular() {
		return f, -1, nil
	}
	return f, info.Size(), nil
}

func inputName(name string) string {
	if name == "-" {
		return "import standard input"
	}
	return "import " + name
}

// exportCommand is `evergrant export`.
func (a *app) exportCommand() *cobra.Command {
	var o service.ExportOptions
	var format, file string
	var yes bool
	cmd := &cobra.Command{
		Use: "export", Args: noArgs,
		Short: "Write channels as NDJSON or CSV",
		Long: "Writes all channels to standard output, or to a file (--out) that only you can read.\n" +
			"Tokens are written with --with-tokens only, in clear; an export with tokens can be imported\n" +
			"on another machine.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			if o.WithTokens && file == "" && a.onTerminal() && !yes {
				return usagef("--with-tokens would show every token on this terminal: send it to a file with --out, or add --yes")
			}
			if file != "" {
				if err := checkTarget(file); err != nil {
					return fmt.Errorf("write %s: %w", file, err)
				}
			}
			o.Format = service.Format(format)
			return a.with(cmd.Context(), service.Options{Offline: true}, func(s *service.Service) error {
				return a.export(cmd.Context(), s, o, file)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "`FORM` of the export: ndjson (default) or csv")
	cmd.Flags().StringVar(&o.Tenant, "tenant", "", "only channels of this `TENANT`")
	cmd.Flags().BoolVar(&o.WithTokens, "with-tokens", false, "write the tokens too, in clear")
	cmd.Flags().BoolVar(&yes, "yes", false, "allow --with-tokens on a terminal")
	cmd.Flags().StringVar(&file, "out", "", "write to this `FILE` (mode 0600; it is replaced when the export is complete)")
	return cmd
}

func (a *app) export(ctx context.Context, s *service.Service, o service.ExportOptions, file string) error {
	if file == "" && a.onTerminal() { // the channels themselves show that it goes on; a bar would stand among them
		_, err := s.Export(ctx, a.out, o)
		return err
	}
	set, done := a.progress("export", -1)
	defer done()
	o.Progress = set
	if file == "" {
		_, err := s.Export(ctx, a.out, o)
		return err
	}
	return replaceFile(file, func(w io.Writer) error {
		_, err := s.Export(ctx, w, o)
		return err
	})
}
