package main

import (
	"cmp"
	"encoding/json"
	"internal/trace"
	"io"
	"maps"
	"slices"
	"time"
)

// A regionLine is a region of a goroutine: Begin and End are 0 without one. Stack has
// the frames where it began, as formatStack gives them.
type regionLine struct {
	Goroutine                                          trace.GoID
	Type                                               string
	Task                                               int64
	Begin, End                                         trace.Time
	Stack                                              string
	Exec, Sched, Syscall, SyscallBlock, Total, Unknown time.Duration
	Block                                              map[string]time.Duration
	Stopped, Assist, Sweep                             time.Duration
}

// A taskLine is a task by what it refers to: regions by type and begin, logs by time, goroutine and text.
type taskLine struct {
	ID, Parent int64 // Parent: -1 for none
	Name       string
	Begin, End trace.Time
	Complete   bool
	Regions    []taskRegion
	Logs       []taskLog
	Children   []int64
	Goroutines []trace.GoID
}

type taskRegion struct {
	Type       string
	Begin, End trace.Time
}

type taskLog struct {
	Time              trace.Time
	Goroutine         trace.GoID
	Category, Message string
}

// printAnnotations prints the regions of all goroutines, or all tasks, of Go's summary.
func printAnnotations(out io.Writer, path string, tasks bool) error {
	summarizer := trace.NewSummarizer()
	err := each(path, func(ev trace.Event) { summarizer.Event(&ev) })
	summary := summarizer.Finalize()
	encoder := json.NewEncoder(out)
	if tasks {
		for _, id := range slices.Sorted(maps.Keys(summary.Tasks)) {
			if jsonErr := encoder.Encode(taskOf(summary.Tasks[id])); jsonErr != nil {
				return jsonErr
			}
		}
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(summary.Goroutines)) {
		for _, region := range summary.Goroutines[id].Regions {
			if jsonErr := encoder.Encode(regionOf(id, region)); jsonErr != nil {
				return jsonErr
			}
		}
	}
	return err
}

func regionOf(id trace.GoID, region *trace.UserRegionSummary) regionLine {
	stack := "-"
	if region.Start != nil {
		stack = formatStack(region.Start.Stack())
	}
	block := make(map[string]time.Duration)
	for reason, time := range region.BlockTimeByReason {
		if time != 0 {
			block[reason] = time
		}
	}
	return regionLine{
		id, region.Name, int64(region.TaskID), timeOf(region.Start), timeOf(region.End), stack,
		region.ExecTime, region.SchedWaitTime, region.SyscallTime, region.SyscallBlockTime, region.TotalTime,
		region.UnknownTime(), block,
		stopped(region.RangeTime), region.RangeTime["GC mark assist"], region.RangeTime["GC incremental sweep"],
	}
}

func taskOf(task *trace.UserTaskSummary) taskLine {
	line := taskLine{
		ID: int64(task.ID), Parent: -1, Name: task.Name, Begin: timeOf(task.Start), End: timeOf(task.End),
		Complete: task.Complete(), Goroutines: slices.Sorted(maps.Keys(task.Goroutines)),
	}
	if task.Parent != nil {
		line.Parent = int64(task.Parent.ID)
	}
	for _, region := range task.Regions {
		line.Regions = append(line.Regions, taskRegion{region.Name, timeOf(region.Start), timeOf(region.End)})
	}
	for _, ev := range task.Logs {
		log := ev.Log()
		line.Logs = append(line.Logs, taskLog{ev.Time(), ev.Goroutine(), log.Category, log.Message})
	}
	for _, child := range task.Children {
		line.Children = append(line.Children, int64(child.ID))
	}
	slices.SortFunc(line.Regions, func(a, b taskRegion) int {
		return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.End, b.End))
	})
	return line
}

func timeOf(ev *trace.Event) trace.Time {
	if ev == nil {
		return 0
	}
	return ev.Time()
}
