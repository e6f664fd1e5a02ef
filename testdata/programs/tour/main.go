// Tour provokes a bit of everything, so that every type of event occurs that a
// program without cgo can bring about: each function below is one stop. It is
// recorded under every version of Go, with the CPU profiler on.
//
// The collector and the goroutines that must assist it are busy when the tracer
// begins its second generation, as their ranges are then announced as active.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"syscall"
	"time"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const short = 2 * time.Millisecond

// inParallel runs every function in a goroutine of its own and waits for all.
func inParallel(functions ...func()) {
	var all sync.WaitGroup
	for _, f := range functions {
		all.Add(1)
		go func() {
			defer all.Done()
			f()
		}()
	}
	all.Wait()
}

func channels() {
	plain, closed := make(chan int), make(chan struct{})
	inParallel(
		func() { plain <- 1; time.Sleep(short); <-plain },
		func() { time.Sleep(short); <-plain; plain <- 2 },
		func() {
			select {
			case <-closed:
			case <-time.After(time.Minute):
			}
		},
		func() { time.Sleep(short); close(closed) },
	)
}

func locks() {
	var mu sync.Mutex
	var rw sync.RWMutex
	var once sync.Once
	ready, condLock := false, sync.Mutex{}
	cond := sync.NewCond(&condLock)
	inParallel(
		func() { mu.Lock(); time.Sleep(short); mu.Unlock() },
		func() { mu.Lock(); time.Sleep(short); mu.Unlock() },
		func() { rw.Lock(); time.Sleep(short); rw.Unlock() },
		func() { rw.RLock(); time.Sleep(short); rw.RUnlock() },
		func() { once.Do(func() { time.Sleep(short) }) },
		func() { once.Do(func() { time.Sleep(short) }) },
		func() {
			condLock.Lock()
			for !ready {
				cond.Wait()
			}
			condLock.Unlock()
		},
		func() {
			time.Sleep(short)
			condLock.Lock()
			ready = true
			condLock.Unlock()
			cond.Broadcast()
		},
	)
}

func systemCalls() {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		log.Fatal(err)
	}
	runtime.GOMAXPROCS(1) // so that the writer needs the P of the blocked reader
	defer runtime.GOMAXPROCS(2)
	inParallel(
		func() {
			for range 5 {
				var buffer [1]byte
				if _, err := syscall.Read(pipe[0], buffer[:]); err != nil && err != syscall.EINTR {
					log.Fatal(err)
				}
			}
		},
		func() {
			for range 5 {
				work.Spin(2 * short)
				if _, err := syscall.Write(pipe[1], []byte{1}); err != nil {
					log.Fatal(err)
				}
			}
		},
	)
}

func network() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	inParallel(
		func() {
			if conn, err := listener.Accept(); err == nil {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}
		},
		func() {
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				log.Fatal(err)
			}
			defer conn.Close()
			var buffer [4]byte
			for range 3 {
				if _, err := conn.Write([]byte("ping")); err != nil {
					log.Fatal(err)
				}
				if _, err := io.ReadFull(conn, buffer[:]); err != nil {
					log.Fatal(err)
				}
			}
		},
	)
}

func scheduling() {
	runtime.GOMAXPROCS(1)
	inParallel(
		func() { work.Spin(25 * time.Millisecond) }, // preempted
		func() { work.Spin(25 * time.Millisecond) },
		func() {
			for range 5 {
				runtime.Gosched()
			}
		},
		func() { runtime.Goexit() },
	)
	runtime.GOMAXPROCS(2)
}

func annotations() {
	ctx, task := trace.NewTask(context.Background(), "tour")
	inner, nested := trace.NewTask(ctx, "nested")
	trace.WithRegion(inner, "region", func() { trace.Log(inner, "category", "message") })
	trace.StartRegion(inner, "left open")
	nested.End()
	task.End()
	pprof.Do(ctx, pprof.Labels("stop", "annotations"), func(context.Context) { work.Spin(short) })
}

func forever() {
	go func() { select {} }()
	go func() { <-chan int(nil) }()
	time.Sleep(short)
}

// collect keeps the collector and its assistants busy until the given time, with
// few and big objects: every small one that is swept or filled costs an event. So
// does each turn of a sweeper that waits for another, hence the single P.
func collect(until time.Time) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	allocate := func() {
		for time.Now().Before(until) {
			runtime.KeepAlive(make([]*work.Node, 64<<10))
		}
	}
	inParallel(allocate, allocate, allocate, allocate)
}

func main() {
	runtime.GOMAXPROCS(2)
	roots := []*work.Node{work.Tree(1), work.Tree(2)}
	heap := make([]*work.Node, 16<<20)
	for i := range heap {
		heap[i] = roots[i%len(roots)]
	}
	record.RunSampled(func() {
		start := time.Now()
		channels()
		locks()
		systemCalls()
		network()
		scheduling()
		annotations()
		coroutines()
		forever()
		time.Sleep(900*time.Millisecond - time.Since(start))
		collect(start.Add(1200 * time.Millisecond))
	})
	runtime.KeepAlive(heap)
}
