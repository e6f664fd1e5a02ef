// Service is the program that regressions are injected into: HTTP handlers, called
// in process, look articles up in a guarded cache, read what is missing from a
// slow disk, keep a ledger and a journal, answer in JSON, and give a pool of
// workers something to pack. It always does the same work, for about a second on
// two cores, and writes its trace to the file that its argument names.
//
// -change NAME adds one regression; changes.go has them.
package main

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/trace"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	clients  = 8
	requests = 350 // of each client
	workers  = 3
	articles = 400
	seek     = 250 * time.Microsecond // what a page of the disk takes
	flush    = 500 * time.Microsecond // what a line of the journal takes
)

type article struct {
	Number int            `json:"number"`
	Name   string         `json:"name"`
	Price  float64        `json:"price"`
	Tags   map[string]int `json:"tags"`
	Stock  []int          `json:"stock"`
}

// waitForDisk is a system call that blocks for as long as a disk would.
func waitForDisk(d time.Duration) {
	left := syscall.NsecToTimespec(d.Nanoseconds())
	for syscall.Nanosleep(&left, &left) == syscall.EINTR {
	}
}

// compute keeps a processor busy for a fixed number of rounds, about 1 ns each.
func compute(rounds int) uint64 {
	x := uint64(rounds) | 1
	for range rounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// cache is guarded, and evicts at random, so that some lookups always miss.
type cache struct {
	sync.RWMutex
	articles map[int]article
	disk     *os.File
}

func (c *cache) lookUp(number int) (article, error) {
	c.RLock()
	a, known := c.articles[number]
	c.RUnlock()
	if known {
		return a, nil
	}
	a, err := c.readFromDisk(number)
	if err != nil {
		return a, err
	}
	c.Lock()
	defer c.Unlock()
	if len(c.articles) >= articles/2 {
		for evicted := range c.articles {
			delete(c.articles, evicted)
			break
		}
	}
	c.articles[number] = a
	return a, nil
}

func (c *cache) readFromDisk(number int) (article, error) {
	page := make([]byte, 512)
	if _, err := c.disk.ReadAt(page, int64(number%16)*512); err != nil {
		return article{}, err
	}
	waitForDisk(seek)
	a := article{Number: number, Name: fmt.Sprintf("article %x", page[:8]), Price: float64(number) * 1.25}
	a.Tags = map[string]int{"first": number, "second": number + 1, "third": number + 2}
	a.Stock = make([]int, 256)
	return a, nil
}

// ledger is a lock that computes while it is held.
type ledger struct {
	sync.Mutex
	sum uint64
}

func (l *ledger) add(number int) {
	l.Lock()
	defer l.Unlock()
	l.sum += compute(changed(changed(80_000, "cpu2", 2), "cpu1.3", 1.3)) + uint64(number)
}

// journal is a lock that writes to the disk while it is held.
type journal struct {
	sync.Mutex
	file *os.File
}

func (j *journal) write(line []byte) error {
	j.Lock()
	defer j.Unlock()
	return j.flush(line)
}

func (j *journal) flush(line []byte) error {
	_, err := j.file.WriteAt(line, 0)
	waitForDisk(changed(changed(flush, "io2", 2), "io1.3", 1.3))
	return err
}

type service struct {
	cache   cache
	ledger  ledger
	journal journal
	pool    chan []byte
	visits  visits
}

func (s *service) showArticle(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.URL.Query().Get("number"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, task := trace.NewTask(r.Context(), "article")
	defer task.End()
	s.injectIntoRequest(number)
	a, err := s.cache.lookUp(number % articles)
	if err == nil && number%6 == 0 {
		err = s.journal.write([]byte(a.Name))
	}
	s.ledger.add(number)
	answer, failed := encode(ctx, a)
	if err != nil || failed != nil {
		http.Error(w, "no article", http.StatusInternalServerError)
		return
	}
	compute(changed(400_000, "work1.3", 1.3))
	s.pool <- answer
	w.Write(answer)
}

func encode(ctx context.Context, a article) ([]byte, error) {
	defer trace.StartRegion(ctx, "encode").End()
	return json.Marshal(a)
}

// pack is a worker: it packs answers for an archive that is thrown away.
func (s *service) pack() {
	packer, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		log.Fatal(err)
	}
	var packed bytes.Buffer
	for answer := range s.pool {
		packed.Reset()
		packer.Reset(&packed)
		packer.Write(answer)
		packer.Close()
		crc32.ChecksumIEEE(packed.Bytes())
	}
}

func browse(handler http.Handler, client int) {
	for i := range requests {
		number := (client*requests + i) * 7919
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest("GET", fmt.Sprintf("/article?number=%d", number), nil))
		var a article
		if err := json.Unmarshal(recorder.Body.Bytes(), &a); err != nil {
			log.Fatal(err)
		}
	}
}

func (s *service) run() {
	defer injectBeside()()
	mux := http.NewServeMux()
	mux.HandleFunc("/article", s.showArticle)
	var packing, browsing sync.WaitGroup
	start := func(group *sync.WaitGroup, work func()) {
		group.Add(1)
		go func() {
			defer group.Done()
			work()
		}()
	}
	for range workers {
		start(&packing, s.pack)
	}
	for client := range clients {
		start(&browsing, func() { browse(mux, client) })
	}
	browsing.Wait()
	close(s.pool)
	packing.Wait()
}

func main() {
	flag.StringVar(&change, "change", "", "the regression to inject: see changes.go")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: service [-change NAME] TRACE")
	}
	disk, err := os.CreateTemp("", "service")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(disk.Name())
	if _, err := disk.Write(bytes.Repeat([]byte("article!"), 1024)); err != nil {
		log.Fatal(err)
	}
	s := &service{
		cache:   cache{articles: make(map[int]article), disk: disk},
		journal: journal{file: disk},
		pool:    make(chan []byte, 64),
	}
	// in memory, as writing it out while the program runs would be system calls of the tracer's own
	var buffer bytes.Buffer
	if err := trace.Start(&buffer); err != nil {
		log.Fatal(err)
	}
	s.run()
	trace.Stop()
	if err := os.WriteFile(flag.Arg(0), buffer.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
