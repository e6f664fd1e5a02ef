// Waits provokes each kind of wait once, in a function of its own: all primitives of
// package sync, a lock that was held before the trace began, calls that wait for
// events or for a child process, a system call that blocks, the yields of runtime.GC
// and of the program, an async preemption in a leaf function, and a coroutine.
//
// The names in the stacks differ between Go versions, and what they mean does not.
package main

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const hold = 20 * time.Millisecond

var (
	account sync.Mutex
	orders  = make(chan int)
	result  int64
)

func transfer() {
	account.Lock()
	defer account.Unlock()
}

func receive() {
	<-orders
}

// contend has one goroutine keep what another one then waits for.
func contend(keep, want func()) {
	kept, done := make(chan bool), make(chan bool)
	go func() {
		close(kept)
		keep()
	}()
	<-kept
	runtime.Gosched()
	go func() {
		want()
		close(done)
	}()
	<-done
}

func pause() {
	time.Sleep(hold)
}

func wantMutex(m *sync.Mutex) {
	m.Lock()
	defer m.Unlock()
}

func wantWriteLock(m *sync.RWMutex) {
	m.Lock()
	defer m.Unlock()
}

func wantReadLock(l sync.Locker) {
	l.Lock()
	defer l.Unlock()
}

func wantOnce(o *sync.Once) {
	o.Do(pause)
}

func wantOnceFunc(once func()) {
	once()
}

func wantOnceValue(once func() int) {
	once()
}

func wantGroup(g *sync.WaitGroup) {
	g.Wait()
}

func primitives() {
	var m sync.Mutex
	contend(func() { m.Lock(); pause(); m.Unlock() }, func() { wantMutex(&m) })
	var rw sync.RWMutex
	contend(func() { rw.RLock(); pause(); rw.RUnlock() }, func() { wantWriteLock(&rw) })
	contend(func() { rw.Lock(); pause(); rw.Unlock() }, func() { wantReadLock(rw.RLocker()) })
	var o sync.Once
	contend(func() { o.Do(pause) }, func() { wantOnce(&o) })
	f := sync.OnceFunc(pause)
	contend(f, func() { wantOnceFunc(f) })
	v := sync.OnceValue(func() int { pause(); return 1 })
	contend(func() { v() }, func() { wantOnceValue(v) })
	var g sync.WaitGroup
	g.Add(1)
	contend(func() { pause(); g.Done() }, func() { wantGroup(&g) })
}

// relock is signalled by a goroutine that keeps the lock for longer.
func relock() {
	var m sync.Mutex
	c := sync.NewCond(&m)
	woken := make(chan bool)
	m.Lock()
	go func() {
		m.Lock()
		c.Signal()
		pause()
		m.Unlock()
	}()
	go func() {
		time.Sleep(2 * hold)
		close(woken)
	}()
	c.Wait()
	m.Unlock()
	<-woken
}

// events waits for what comes in at a pipe, with the calls of an event loop.
func events() {
	var pipe [2]int
	must(syscall.Pipe(pipe[:]))
	queue, err := syscall.EpollCreate1(0)
	must(err)
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(pipe[0])}
	must(syscall.EpollCtl(queue, syscall.EPOLL_CTL_ADD, pipe[0], &event))
	time.AfterFunc(hold, func() { syscall.Write(pipe[1], []byte{1}) })
	for err = syscall.EINTR; err == syscall.EINTR; {
		_, err = syscall.EpollWait(queue, make([]syscall.EpollEvent, 1), -1)
	}
	must(err)
	var set syscall.FdSet
	timeout := syscall.Timeval{Usec: hold.Microseconds()}
	if _, err = syscall.Select(0, &set, nil, nil, &timeout); err != syscall.EINTR {
		must(err)
	}
}

// watch reads what inotify reports.
func watch() {
	directory, err := os.MkdirTemp("", "waits")
	must(err)
	defer os.RemoveAll(directory)
	queue, err := syscall.InotifyInit1(0)
	must(err)
	_, err = syscall.InotifyAddWatch(queue, directory, syscall.IN_CREATE)
	must(err)
	time.AfterFunc(hold, func() { os.Mkdir(directory+"/created", 0o700) })
	_, err = syscall.Read(queue, make([]byte, 4096))
	must(err)
}

// lockFile waits for a lock on a file, which another descriptor holds.
func lockFile() {
	path, err := os.Executable()
	must(err)
	first, err := os.Open(path)
	must(err)
	second, err := os.Open(path)
	must(err)
	must(syscall.Flock(int(first.Fd()), syscall.LOCK_EX))
	time.AfterFunc(hold, func() { syscall.Flock(int(first.Fd()), syscall.LOCK_UN) })
	for err = syscall.EINTR; err == syscall.EINTR; {
		err = syscall.Flock(int(second.Fd()), syscall.LOCK_EX)
	}
	must(err)
}

func child() {
	must(exec.Command("/bin/sleep", "0.02").Run())
}

func signals(received <-chan os.Signal) {
	for i := 0; i < 2; i++ {
		pause()
		must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
		<-received
	}
}

// collect yields while a goroutine that computes has the only P.
func collect() {
	go compute()
	runtime.GC()
}

func yield() {
	go compute()
	runtime.Gosched()
}

func compute() {
	work.Spin(hold)
}

// compare is preempted in a leaf function, whose caller it is.
func compare() {
	first, second := time.Now(), time.Now()
	for i := 0; i < 40_000_000; i++ {
		if first.Before(second) {
			result++
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	account.Lock()
	go transfer()
	go receive()
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGUSR1)
	time.Sleep(hold)
	record.Run(func() {
		primitives()
		relock()
		events()
		watch()
		lockFile()
		child()
		signals(received)
		coroutines()
		collect()
		yield()
		go compare()
		compare()
	})
}
