// Command sorting prints how slices.SortFunc, which Go's reader orders its threads with, orders lines of numbers:
// for each line of standard input the indices of its numbers, sorted by them.
//
//	sorting < LINES
//	sorting -worst N    prints N numbers on which it splits as badly as can be
package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	size := flag.Int("worst", 0, "print this many numbers that are hard to sort")
	flag.Parse()
	if *size > 0 {
		fmt.Println(strings.Trim(fmt.Sprint(worst(*size)), "[]"))
		return
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<26)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		type item struct{ time, index int64 }
		var items []item
		for i, word := range strings.Fields(in.Text()) {
			time, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				panic(err)
			}
			items = append(items, item{time, int64(i)})
		}
		slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.time, b.time) })
		for _, it := range items {
			fmt.Fprint(out, it.index, " ")
		}
		fmt.Fprintln(out)
	}
}

// worst decides what a number is only when the sort has looked at it twice, and then makes it the least that is
// left (McIlroy, "A Killer Adversary for Quicksort", 1999).
func worst(size int) []int {
	numbers, items := make([]int, size), make([]int, size)
	undecided := size
	for i := range numbers {
		numbers[i], items[i] = undecided, i
	}
	decided, candidate := 0, -1
	slices.SortFunc(items, func(a, b int) int {
		if numbers[a] == undecided && numbers[b] == undecided {
			fixed := a
			if b == candidate {
				fixed = b
			}
			numbers[fixed] = decided
			decided++
		}
		if numbers[a] == undecided {
			candidate = a
		} else if numbers[b] == undecided {
			candidate = b
		}
		return cmp.Compare(numbers[a], numbers[b])
	})
	return numbers
}
