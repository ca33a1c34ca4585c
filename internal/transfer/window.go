package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// firstWindow is the buffer that an ordinary file needs.
const firstWindow = 64 << 10

// A window is a view of a stream of lines that can be read on from and gone back
// in: what has been looked at but not advanced over stays. That lets a reader try a
// record of several lines and, when it turns out broken, begin again one line
// later. It holds at most two lines of the greatest length.
type window struct {
	r    io.Reader
	max  int   // longest line in bytes, without its end
	line int64 // number of the line at the start of the window
	read int64 // bytes taken from r

	buf        []byte
	start, end int
	err        error // what r said last; io.EOF when it is used up
}

func newWindow(r io.Reader, maxLine int) *window {
	return &window{r: r, max: maxLine, line: 1, buf: make([]byte, min(firstWindow, 2*maxLine+firstWindow))}
}

// lineAt returns the line that begins from bytes after the window's start, without
// its LF or CRLF, and where the next line begins. The slice is valid until the next
// call. The error is io.EOF when nothing is left, [ErrLineTooLong] without the line's
// number, or the reader's own.
func (w *window) lineAt(from int) (text []byte, next int, err error) {
	seen := from
	for {
		if i := bytes.IndexByte(w.buf[w.start+seen:w.end], '\n'); i >= 0 {
			next = seen + i + 1
			return w.cut(from, next-1, next)
		}
		seen = w.end - w.start
		if seen-from > w.max+1 { // +1: a CR that belongs to the line's end
			return nil, 0, w.tooLong()
		}
		if w.err == nil {
			w.fill()
			continue
		}
		if !errors.Is(w.err, io.EOF) {
			return nil, 0, w.err
		}
		if seen == from {
			return nil, 0, io.EOF
		}
		return w.cut(from, seen, seen) // the last line, which nothing ends
	}
}

func (w *window) cut(from, to, next int) ([]byte, int, error) {
	text := bytes.TrimSuffix(w.buf[w.start+from:w.start+to], []byte{'\r'})
	if len(text) > w.max {
		return nil, 0, w.tooLong()
	}
	return text, next, nil
}

func (w *window) tooLong() error {
	return fmt.Errorf("%w: more than %d bytes; is it one row a line?", ErrLineTooLong, w.max)
}

// bytes returns the first n bytes of the window, valid until the next lineAt.
func (w *window) bytes(n int) []byte { return w.buf[w.start : w.start+n] }

// advance moves the start over n bytes, which hold the given number of lines.
func (w *window) advance(n int, lines int64) {
	w.start += n
	w.line += lines
}

// peek returns up to n bytes from the start without advancing.
func (w *window) peek(n int) []byte {
	for w.err == nil && w.end-w.start < n {
		w.fill()
	}
	return w.buf[w.start:min(w.end, w.start+n)]
}

// fill reads once more, after making room: by moving what is kept to the front of
// the buffer or, when that would leave it half full, into one twice as large.
func (w *window) fill() {
	if w.end == len(w.buf) {
		kept := w.buf[w.start:w.end]
		if limit := 2*w.max + firstWindow; len(kept) > len(w.buf)/2 && len(w.buf) < limit {
			w.buf = make([]byte, min(2*len(w.buf), limit))
		}
		w.end = copy(w.buf, kept)
		w.start = 0
	}
	n, err := w.r.Read(w.buf[w.end:])
	w.end += n
	w.read += int64(n)
	w.err = err
}
