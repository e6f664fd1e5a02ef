// Package record records the execution trace of a small program into a file.
package record

import (
	"bytes"
	"flag"
	"io"
	"log"
	"os"
	"runtime/pprof"
	"runtime/trace"
	"time"
)

// Run parses the command line, runs body under the tracer, and writes the trace
// to the file that the only argument names.
//
// The trace is held in memory while body runs: writing it out would put system
// calls into it that are none of the program's.
func Run(body func()) {
	path := output()
	var buffer bytes.Buffer
	if err := trace.Start(&buffer); err != nil {
		log.Fatal(err)
	}
	body()
	stop(path, &buffer)
}

// RunFor is Run for a body that does not return: the program ends after the period.
func RunFor(period time.Duration, body func()) {
	path := output()
	var buffer bytes.Buffer
	if err := trace.Start(&buffer); err != nil {
		log.Fatal(err)
	}
	go func() {
		time.Sleep(period)
		stop(path, &buffer)
		os.Exit(0)
	}()
	body()
}

func stop(path string, buffer *bytes.Buffer) {
	trace.Stop()
	if err := os.WriteFile(path, buffer.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// RunSampled is Run with the CPU profiler on, which adds its samples to the trace.
func RunSampled(body func()) {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		log.Fatal(err)
	}
	defer pprof.StopCPUProfile()
	Run(body)
}

func output() string {
	if !flag.Parsed() {
		flag.Parse()
	}
	if flag.NArg() != 1 {
		log.Fatalf("usage: %s [flags] TRACE", os.Args[0])
	}
	return flag.Arg(0)
}
