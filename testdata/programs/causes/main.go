// Causes waits in regions whose causes are known. Each is slow because of what
// another function does: it sleeps or computes there, and main waits for it, directly
// or through other goroutines. The task "job" begins in main and ends in a worker,
// which is busy with something else at first.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"runtime/trace"
	"sync"
	"time"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

// chain waits for a goroutine that waits for another one, which sleeps 20 ms and
// computes 10 ms.
func chain() {
	first, second := make(chan int), make(chan int)
	go relay(first, second)
	go produce(second)
	<-first
}

func relay(to chan<- int, from <-chan int) {
	to <- <-from
}

func produce(to chan<- int) {
	time.Sleep(20 * time.Millisecond)
	work.Spin(10 * time.Millisecond)
	to <- 1
}

var inventory sync.Mutex

// updateInventory holds the lock for 20 ms.
func updateInventory(locked chan<- bool) {
	inventory.Lock()
	defer inventory.Unlock()
	locked <- true
	time.Sleep(20 * time.Millisecond)
}

func order() {
	inventory.Lock()
	defer inventory.Unlock()
}

// receive waits for a goroutine that computes 20 ms.
func receive() {
	results := make(chan uint64, 1)
	go compute(results)
	<-results
}

func compute(results chan<- uint64) {
	results <- work.Spin(20 * time.Millisecond)
}

// read waits 20 ms for the network: what the other side does is not in its trace.
func read(connection net.Conn) {
	if _, err := io.ReadFull(connection, make([]byte, 1)); err != nil {
		log.Fatal(err)
	}
}

func answer(listener net.Listener) {
	connection, err := listener.Accept()
	if err != nil {
		log.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	connection.Write([]byte{1})
	connection.Close()
}

// wait waits 20 ms for a timer.
func wait() {
	<-time.After(20 * time.Millisecond)
}

// worker sleeps 10 ms before it takes a job, which it computes for 10 ms and ends. Where
// a goroutine runs is known where it stops: handle sleeps at last.
func worker(jobs <-chan *trace.Task, done chan<- bool) {
	prepare()
	handle(<-jobs)
	done <- true
}

func prepare() {
	time.Sleep(10 * time.Millisecond)
}

func handle(task *trace.Task) {
	work.Spin(10 * time.Millisecond)
	task.End()
	time.Sleep(time.Millisecond)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	record.Run(func() {
		ctx := context.Background()
		trace.WithRegion(ctx, "chain", chain)

		locked := make(chan bool)
		go updateInventory(locked)
		<-locked
		trace.WithRegion(ctx, "lock", order)

		trace.WithRegion(ctx, "channel", receive)

		connection, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			log.Fatal(err)
		}
		go answer(listener)
		trace.WithRegion(ctx, "network", func() { read(connection) })

		trace.WithRegion(ctx, "timer", wait)

		jobs, done := make(chan *trace.Task), make(chan bool)
		go worker(jobs, done)
		_, task := trace.NewTask(ctx, "job")
		jobs <- task
		<-done
	})
}
