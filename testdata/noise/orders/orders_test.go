package orders

import (
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	flag.StringVar(&change, "change", "", "how the run differs")
	flag.Parse()
	os.Exit(m.Run())
}

// together calls work with each number, in eight goroutines.
func together(numbers int, work func(number int)) {
	var group sync.WaitGroup
	for first := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for number := first; number < numbers; number += 8 {
				work(number)
			}
		}()
	}
	group.Wait()
}

func TestCatalog(t *testing.T) {
	d := openDatabase()
	together(64, func(int) {
		if prices := catalog(d); prices != 20 {
			t.Errorf("%d prices", prices)
		}
	})
}

func TestCountLines(t *testing.T) {
	directory := t.TempDir()
	for _, size := range []int{10, 20, 30} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			name := filepath.Join(directory, strconv.Itoa(size))
			if err := os.WriteFile(name, []byte(strings.Repeat("a line\n", size)), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 10 {
				if lines, err := countLines(name); lines != size || err != nil {
					t.Fatal(lines, err)
				}
			}
		})
	}
}

func TestPack(t *testing.T) {
	pack(100)
}

func TestShip(t *testing.T) {
	if shipped := ship(4000); shipped != 4000 {
		t.Fatal(shipped)
	}
}

func TestRefresh(t *testing.T) {
	for range 6 {
		refresh(context.Background())
	}
}

func TestNotify(t *testing.T) {
	for range 20 {
		notify(5)
	}
}

func TestConfirm(t *testing.T) {
	for number := range 50 {
		confirm(number)
	}
}

func TestFetch(t *testing.T) {
	body := strings.Repeat("document", 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(body))
	}))
	client := &http.Client{Transport: &http.Transport{}}
	for range 30 {
		if err := fetch(client, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	client.CloseIdleConnections()
	if differs("unclosed") {
		server.CloseClientConnections()
	}
	server.Close()
}

func TestLedger(t *testing.T) {
	var l ledger
	book := l.book
	if differs("renamed") {
		book = l.enter
	}
	together(600, func(int) { book() })
	if l.entries != 600 {
		t.Fatal(l.entries)
	}
}

// TestAdded runs only with -test.skip='^$': it does a bit of everything that is compared.
func TestAdded(t *testing.T) {
	var l ledger
	together(300, func(int) { l.book() })
	d := openDatabase()
	together(64, func(int) { catalog(d) })
	for range 5 {
		go func() {
			l.book()
			select {}
		}()
	}
	ship(4000)
	notify(200)
	refresh(context.Background())
	var kept [][]byte
	for range 2000 {
		kept = append(kept, make([]byte, 16_000))
	}
	time.Sleep(50 * time.Millisecond)
	if len(kept) != 2000 {
		t.Fatal(len(kept))
	}
}

// BenchmarkCatalog runs for a time: less work per iteration gives more iterations.
func BenchmarkCatalog(b *testing.B) {
	var kept []byte
	for range b.N {
		kept = make([]byte, 4096)
		for begin, spin := time.Now(), changed(20*time.Microsecond, "faster", 0.25); time.Since(begin) < spin; {
		}
	}
	if b.N > 0 && len(kept) != 4096 {
		b.Fatal(len(kept))
	}
}

// BenchmarkShip does so with goroutines that wait for each other.
func BenchmarkShip(b *testing.B) {
	for range b.N {
		ship(changed(1000, "faster", 0.25))
	}
}
