// Package record runs a workload under the tracer until the trace has a given size.
package record

import (
	"bufio"
	"context"
	"flag"
	"log"
	"os"
	"runtime/trace"
)

// counter passes the trace on, and calls done once when it is big enough.
type counter struct {
	to   *bufio.Writer
	left int64
	done context.CancelFunc
}

func (c *counter) Write(part []byte) (int, error) {
	c.left -= int64(len(part))
	if c.left <= 0 {
		c.done()
	}
	return c.to.Write(part)
}

// Run traces body into the file that the only argument names. Its context ends
// after -bytes bytes; what is then under way adds a little more.
func Run(body func(context.Context)) {
	size := flag.Int64("bytes", 1<<20, "the trace's size, about")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatalf("usage: %s [-bytes N] TRACE", os.Args[0])
	}
	file, err := os.Create(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := bufio.NewWriterSize(file, 1<<20)
	if err := trace.Start(&counter{out, *size, cancel}); err != nil {
		log.Fatal(err)
	}
	body(ctx)
	trace.Stop()
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
