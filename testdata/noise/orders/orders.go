// Package orders is a small order service whose tests are traced. Each of its
// parts does one thing that programs do all day: query a database, read files,
// hand work to a pool or a pipeline, fetch over HTTP, write under a lock, notify
// others. Its tests always do the same work, for about half a second on two cores.
//
// -change NAME gives a run one regression; changed and differs say where it is.
package orders

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

// change is the difference that this run has, "" for none.
var change string

// differs says whether this run has the named change.
func differs(name string) bool {
	return change == name
}

// changed is a figure of the program, multiplied where the run has that change.
func changed[T ~int | ~int64](figure T, name string, factor float64) T {
	if differs(name) {
		return T(float64(figure) * factor)
	}
	return figure
}

// database answers after a round trip, on one of a few connections.
type database struct {
	connections chan struct{}
}

const roundTrip = time.Millisecond

func openDatabase() *database {
	return &database{make(chan struct{}, 8)}
}

func (d *database) query(rows int) []int {
	d.connections <- struct{}{}
	time.Sleep(roundTrip)
	<-d.connections
	return make([]int, rows)
}

// catalog loads the articles and their prices: two queries, or one more for each article.
func catalog(d *database) (prices int) {
	articles := d.query(20)
	if !differs("nplus1") {
		return len(d.query(len(articles)))
	}
	for range articles {
		prices += len(d.query(1))
	}
	return prices
}

// countLines reads a file, with a buffer or byte by byte.
func countLines(name string) (lines int, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var reader io.ByteReader = bufio.NewReader(file)
	if differs("bytewise") {
		reader = unbuffered{file}
	}
	for {
		c, err := reader.ReadByte()
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		if c == '\n' {
			lines++
		}
	}
}

type unbuffered struct{ io.Reader }

func (u unbuffered) ReadByte() (byte, error) {
	var one [1]byte
	_, err := u.Read(one[:])
	return one[0], err
}

// pack hands parcels to workers.
func pack(parcels int) {
	workers := 8
	if differs("serial") {
		workers = 1
	}
	waiting := make(chan int, parcels)
	for parcel := range parcels {
		waiting <- parcel
	}
	close(waiting)
	var group sync.WaitGroup
	for range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			for range waiting {
				time.Sleep(2 * time.Millisecond) // the tape
			}
		}()
	}
	group.Wait()
}

// ship sends parcels down a conveyor that holds a hundred, or only the one that is handed over.
func ship(parcels int) (shipped int) {
	length := 100
	if differs("unbuffered") {
		length = 0
	}
	conveyor := make(chan int, length)
	go func() {
		defer close(conveyor)
		for parcel := range parcels {
			conveyor <- parcel
		}
	}()
	for range conveyor {
		shipped++
	}
	return shipped
}

// refresh is a region that waits for a moment.
func refresh(ctx context.Context) {
	defer trace.StartRegion(ctx, "refresh").End()
	time.Sleep(changed(2*time.Millisecond, "slowregion", 30))
}

// notify tells each subscriber in a goroutine of its own, or a new one for each letter of the message.
func notify(subscribers int) {
	told := make(chan int)
	goroutines := changed(subscribers, "churn", 20)
	for number := range goroutines {
		go func() { told <- number }()
	}
	for range goroutines {
		<-told
	}
}

// confirm asks for a confirmation that nobody waits for in a changed run.
func confirm(number int) {
	answer := make(chan int, 1)
	if leaked := (differs("leak1") && number == 0) || (differs("leak2") && number < 2); leaked {
		answer = make(chan int)
	}
	go func() { answer <- number }()
	if cap(answer) > 0 {
		<-answer
	}
}

// fetch reads a document and closes its body, or forgets both.
func fetch(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil || differs("unclosed") {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// ledger writes to a disk of varying speed while its lock is held.
type ledger struct {
	sync.Mutex
	entries int
}

func (l *ledger) book() {
	l.Lock()
	defer l.Unlock()
	l.entries++
	waitForDisk(seekTime())
}

// enter is book under another name.
func (l *ledger) enter() {
	l.Lock()
	defer l.Unlock()
	l.entries++
	waitForDisk(seekTime())
}

// seekTime varies as the times of a disk do: exponentially.
func seekTime() time.Duration {
	mean := changed(changed(400*time.Microsecond, "vario2", 2), "vario1.3", 1.3)
	return time.Duration(rand.ExpFloat64() * float64(mean))
}

// waitForDisk is a system call that blocks for as long as a disk would.
func waitForDisk(d time.Duration) {
	left := syscall.NsecToTimespec(d.Nanoseconds())
	for syscall.Nanosleep(&left, &left) == syscall.EINTR {
	}
}
