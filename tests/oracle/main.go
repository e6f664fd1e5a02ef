// Command oracle prints the events of an execution trace as Go's own reader gives them.
//
// It imports internal/trace, so it only builds as a part of the standard
// distribution: build.py lays it over GOROOT/src/cmd/oracle.
//
//	oracle [-stacks | -count | -loop | -goroutines | -regions | -tasks] TRACE
//	oracle -utilization WORK,… [-windows NS,…] TRACE
//	oracle -many < PATHS
//
// One event a line, tab-separated: kind, time (ns), M, P, G, details. Strings are
// quoted; -1 stands for "none". With -stacks two more columns follow, the event's
// stack and the transition's: func@file:line joined by ";", leaf first, "-" if none.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"internal/trace"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	stacks := flag.Bool("stacks", false, "print the event's stack and the transition's")
	count := flag.Bool("count", false, "print only the number of events of each kind and of all")
	loop := flag.Bool("loop", false, "only read the events")
	goroutines := flag.Bool("goroutines", false, "print Go's summary of each goroutine as a line of JSON")
	regions := flag.Bool("regions", false, "print Go's summary of each region as a line of JSON")
	tasks := flag.Bool("tasks", false, "print Go's summary of each task as a line of JSON")
	utilization := flag.String("utilization", "", "print the mutator utilization with this work counted: stw, assist, sweep")
	windows := flag.String("windows", "", "then also print the MMU of these windows, in ns")
	many := flag.Bool("many", false, "read paths from standard input and print a verdict on each")
	flag.Parse()
	if *many {
		printVerdicts()
		return
	}
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	var err error
	switch {
	case *loop:
		err = each(flag.Arg(0), func(trace.Event) {})
	case *count:
		err = printCounts(out, flag.Arg(0))
	case *goroutines:
		err = printGoroutines(out, flag.Arg(0))
	case *regions, *tasks:
		err = printAnnotations(out, flag.Arg(0), *tasks)
	case *utilization != "":
		err = printUtilization(out, flag.Arg(0), *utilization, *windows)
	default:
		err = each(flag.Arg(0), func(ev trace.Event) { printEvent(out, ev, *stacks) })
	}
	// What was read before the damage is printed, as Go's reader gives it too.
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// each calls visit with every event of the trace in Go's order. A damaged trace
// may make Go's reader panic: that is an error like any other here.
func each(path string, visit func(trace.Event)) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, err := trace.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return err
	}
	for {
		ev, err := reader.ReadEvent()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		visit(ev)
	}
}

// printVerdicts answers each path at once with one line, tab-separated: "accepted" or
// "refused", the number of events, the last one's time, and the first line of the error.
func printVerdicts() {
	paths := bufio.NewScanner(os.Stdin)
	for paths.Scan() {
		var events int
		var last trace.Time
		err := each(paths.Text(), func(ev trace.Event) {
			events++
			last = ev.Time()
		})
		verdict, reason := "accepted", ""
		if err != nil {
			verdict = "refused"
			reason, _, _ = strings.Cut(err.Error(), "\n")
		}
		fmt.Printf("%s\t%d\t%d\t%q\n", verdict, events, last, reason)
	}
}

func printCounts(out io.Writer, path string) error {
	counts := make(map[trace.EventKind]int)
	total := 0
	err := each(path, func(ev trace.Event) {
		counts[ev.Kind()]++
		total++
	})
	for kind := trace.EventSync; kind <= trace.EventExperimental; kind++ {
		if counts[kind] > 0 {
			fmt.Fprintf(out, "%s\t%d\n", kind, counts[kind])
		}
	}
	fmt.Fprintf(out, "total\t%d\n", total)
	return err
}

// stopped returns how long all kinds of stop-the-world took.
func stopped(ranges map[string]time.Duration) time.Duration {
	var sum time.Duration
	for name, time := range ranges {
		if strings.HasPrefix(name, "stop-the-world") {
			sum += time
		}
	}
	return sum
}

// printGoroutines prints what the goroutine pages of go tool trace are made of, by id.
// Of a damaged trace it summarizes what was read before the damage.
func printGoroutines(out io.Writer, path string) error {
	summarizer := trace.NewSummarizer()
	err := each(path, func(ev trace.Event) { summarizer.Event(&ev) })
	summary := summarizer.Finalize()
	ids := slices.Sorted(maps.Keys(summary.Goroutines))
	encoder := json.NewEncoder(out)
	for _, id := range ids {
		g := summary.Goroutines[id]
		line := struct {
			ID                                                 trace.GoID
			Name                                               string
			Created, Started, Ended                            trace.Time
			Exec, Sched, Syscall, SyscallBlock, Total, Unknown time.Duration
			Block                                              map[string]time.Duration
			Stopped, Assist, Sweep                             time.Duration
		}{
			id, g.Name, g.CreationTime, g.StartTime, g.EndTime,
			g.ExecTime, g.SchedWaitTime, g.SyscallTime, g.SyscallBlockTime, g.TotalTime, g.UnknownTime(),
			g.BlockTimeByReason,
			stopped(g.RangeTime), g.RangeTime["GC mark assist"], g.RangeTime["GC incremental sweep"],
		}
		if jsonErr := encoder.Encode(line); jsonErr != nil {
			return jsonErr
		}
	}
	return err
}

// printUtilization prints the steps of the system's mutator utilization, "step", time and
// value, and then for each window "mmu", its length and the minimum.
func printUtilization(out io.Writer, path, work, windows string) error {
	kinds := map[string]trace.UtilFlags{"stw": trace.UtilSTW, "assist": trace.UtilAssist, "sweep": trace.UtilSweep}
	var flags trace.UtilFlags
	for _, name := range strings.Split(work, ",") {
		flags |= kinds[name]
	}
	var events []trace.Event
	if err := each(path, func(ev trace.Event) { events = append(events, ev) }); err != nil {
		return err
	}
	utils := trace.MutatorUtilizationV2(events, flags)
	for _, step := range utils[0] {
		fmt.Fprintf(out, "step\t%d\t%v\n", step.Time, step.Util)
	}
	curve := trace.NewMMUCurve(utils)
	for _, text := range strings.Split(windows, ",") {
		window, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "mmu\t%d\t%v\n", window, curve.MMU(time.Duration(window)))
	}
	return nil
}

func printEvent(out io.Writer, ev trace.Event, stacks bool) {
	fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%d", ev.Kind(), ev.Time(), ev.Thread(), ev.Proc(), ev.Goroutine())
	transition := trace.NoStack
	switch kind := ev.Kind(); kind {
	case trace.EventSync:
		fmt.Fprintf(out, "\t%d", ev.Sync().N)
	case trace.EventMetric:
		metric := ev.Metric()
		fmt.Fprintf(out, "\t%q\t%s", metric.Name, formatValue(metric.Value))
	case trace.EventLabel:
		label := ev.Label()
		fmt.Fprintf(out, "\t%q\t%s", label.Label, formatResource(label.Resource))
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		span := ev.Range()
		fmt.Fprintf(out, "\t%q\t%s", span.Name, formatResource(span.Scope))
		if kind == trace.EventRangeEnd {
			for _, attribute := range ev.RangeAttributes() {
				fmt.Fprintf(out, "\t%q\t%s", attribute.Name, formatValue(attribute.Value))
			}
		}
	case trace.EventTaskBegin, trace.EventTaskEnd:
		task := ev.Task()
		fmt.Fprintf(out, "\t%d\t%d\t%q", int64(task.ID), int64(task.Parent), task.Type)
	case trace.EventRegionBegin, trace.EventRegionEnd:
		region := ev.Region()
		fmt.Fprintf(out, "\t%d\t%q", int64(region.Task), region.Type)
	case trace.EventLog:
		log := ev.Log()
		fmt.Fprintf(out, "\t%d\t%q\t%q", int64(log.Task), log.Category, log.Message)
	case trace.EventStateTransition:
		change := ev.StateTransition()
		from, to := states(change)
		fmt.Fprintf(out, "\t%s\t%s\t%s\t%q", formatResource(change.Resource), from, to, change.Reason)
		transition = change.Stack
	case trace.EventExperimental:
		fmt.Fprintf(out, "\t%q", ev.Experimental().Name)
	}
	if stacks {
		fmt.Fprintf(out, "\t%s\t%s", formatStack(ev.Stack()), formatStack(transition))
	}
	fmt.Fprintln(out)
}

// formatResource gives two columns: the kind of resource and its id.
func formatResource(resource trace.ResourceID) string {
	id := int64(-1)
	switch resource.Kind {
	case trace.ResourceGoroutine:
		id = int64(resource.Goroutine())
	case trace.ResourceProc:
		id = int64(resource.Proc())
	case trace.ResourceThread:
		id = int64(resource.Thread())
	}
	return fmt.Sprintf("%s\t%d", resource.Kind, id)
}

func states(change trace.StateTransition) (from, to string) {
	switch change.Resource.Kind {
	case trace.ResourceGoroutine:
		old, now := change.Goroutine()
		return old.String(), now.String()
	case trace.ResourceProc:
		old, now := change.Proc()
		return old.String(), now.String()
	}
	return "-", "-"
}

func formatValue(value trace.Value) string {
	if value.Kind() == trace.ValueUint64 {
		return fmt.Sprint(value.Uint64())
	}
	return fmt.Sprintf("%q", value.String())
}

func formatStack(stack trace.Stack) string {
	if stack == trace.NoStack {
		return "-"
	}
	var frames []string
	for frame := range stack.Frames() {
		frames = append(frames, fmt.Sprintf("%s@%s:%d", frame.Func, frame.File, frame.Line))
	}
	if len(frames) == 0 {
		return "-"
	}
	return strings.Join(frames, ";")
}
