package shop

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestQuick(t *testing.T) {}

func TestSleeps(t *testing.T) { time.Sleep(30 * time.Millisecond) }

func TestSub(t *testing.T) {
	for _, name := range []string{"case1", "case2", "a/b"} {
		t.Run(name, func(t *testing.T) { time.Sleep(5 * time.Millisecond) })
	}
}

func TestParallel(t *testing.T) {
	for i := 0; i < 3; i++ {
		i := i
		t.Run(fmt.Sprint("p", i), func(t *testing.T) {
			t.Parallel()
			t.Run("inner", func(t *testing.T) { time.Sleep(10 * time.Millisecond) })
			t.Run("inner2", func(t *testing.T) {})
		})
	}
	time.Sleep(20 * time.Millisecond)
}

func TestStarts(t *testing.T) {
	var all sync.WaitGroup
	for i := 0; i < 4; i++ {
		all.Add(2)
		go func() {
			defer all.Done()
			go func() { defer all.Done(); time.Sleep(time.Millisecond) }()
		}()
	}
	all.Wait()
}

func TestLeaks(t *testing.T) {
	for i := 0; i < 3; i++ {
		go func() { select {} }()
	}
	go func() { time.Sleep(50 * time.Millisecond) }()
	time.Sleep(time.Millisecond)
}

func TestTopParallel1(t *testing.T) { t.Parallel(); time.Sleep(10 * time.Millisecond) }
func TestTopParallel2(t *testing.T) { t.Parallel(); time.Sleep(10 * time.Millisecond) }

func FuzzThing(f *testing.F) {
	f.Add("x")
	f.Add("y")
	f.Fuzz(func(t *testing.T, s string) { time.Sleep(time.Millisecond) })
}

func Example() {
	time.Sleep(3 * time.Millisecond)
	fmt.Println("hi")
	// Output: hi
}

func BenchmarkFlat(b *testing.B) {
	for i := 0; i < b.N; i++ {
		time.Sleep(time.Millisecond)
	}
}

func BenchmarkTree(b *testing.B) {
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprint("n", n), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				time.Sleep(time.Duration(n) * time.Millisecond)
			}
		})
	}
}

func BenchmarkPar(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			time.Sleep(time.Millisecond)
		}
	})
}
