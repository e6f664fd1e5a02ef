// Package orders has a test that is traced with `go test -trace`: what a test
// binary looks like, whose main package Go makes, with contention on a Mutex in
// (*Stock).Take.
package orders

import (
	"sync"
	"time"
)

const picking = 2 * time.Millisecond

// Stock counts articles.
type Stock struct {
	mu       sync.Mutex
	articles map[string]int
}

// NewStock returns a stock with some of each article.
func NewStock(each int, articles ...string) *Stock {
	s := &Stock{articles: make(map[string]int)}
	for _, article := range articles {
		s.articles[article] = each
	}
	return s
}

// Take takes one article, and reports whether there was one.
func (s *Stock) Take(article string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.articles[article] == 0 {
		return false
	}
	time.Sleep(picking)
	s.articles[article]--
	return true
}
