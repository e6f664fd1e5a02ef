// Starvation provokes idle processors beside goroutines that could run on them.
//
// The scheduler wakes a thread for an idle P as soon as there is work, but it is
// the operating system that runs it: here it takes long, as all threads share one
// CPU, at the lowest priority, with busy processes of normal priority beside them
// (copies of this program, started with -hog).
package main

import (
	"flag"
	"log"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const (
	hogs    = 3
	rounds  = 4
	workers = 6
	lowest  = 19
	// The rounds of work.Mix that each worker computes, some milliseconds.
	compute = 2_000_000
)

// firstCPU returns the mask of the first CPU that this process may use.
func firstCPU() (mask [128]byte) {
	size, _, errno := syscall.RawSyscall(
		syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)),
	)
	if errno != 0 {
		log.Fatal(errno)
	}
	for i, allowed := range mask[:size] {
		if allowed != 0 {
			clear(mask[:])
			mask[i] = allowed & -allowed
			break
		}
	}
	return mask
}

// yieldCPU pins all threads of this process to one CPU, with a priority. Threads
// that come later inherit both.
func yieldCPU(priority int) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		log.Fatal(err)
	}
	mask := firstCPU()
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			log.Fatal(err)
		}
		_, _, errno := syscall.RawSyscall(
			syscall.SYS_SCHED_SETAFFINITY, uintptr(id), unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)),
		)
		if errno != 0 {
			log.Fatal(errno)
		}
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, id, priority); err != nil {
			log.Fatal(err)
		}
	}
}

func startHogs() (stop func()) {
	var started []*exec.Cmd
	for range hogs {
		hog := exec.Command(os.Args[0], "-hog")
		if err := hog.Start(); err != nil {
			log.Fatal(err)
		}
		started = append(started, hog)
	}
	return func() {
		for _, hog := range started {
			_ = hog.Process.Kill()
			_ = hog.Wait()
		}
	}
}

func render() {
	work.Mix(1, compute)
}

func main() {
	hog := flag.Bool("hog", false, "only keep the CPU busy")
	flag.Parse()
	if *hog {
		yieldCPU(0)
		work.Spin(time.Minute)
		return
	}
	runtime.GOMAXPROCS(4)
	stop := startHogs()
	time.Sleep(100 * time.Millisecond)
	yieldCPU(lowest)
	record.Run(func() {
		for range rounds {
			var all sync.WaitGroup
			for range workers {
				all.Add(1)
				go func() {
					defer all.Done()
					render()
				}()
			}
			all.Wait()
		}
	})
	stop()
}
