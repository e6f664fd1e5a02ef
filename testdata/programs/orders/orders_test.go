package orders_test

import (
	"sync"
	"testing"

	"example.com/programs/orders"
)

const (
	buyers = 4
	each   = 10
)

func TestTake(t *testing.T) {
	for _, article := range []string{"tea", "coffee"} {
		t.Run(article, func(t *testing.T) {
			stock := orders.NewStock(buyers*each, article)
			var all sync.WaitGroup
			for range buyers {
				all.Add(1)
				go func() {
					defer all.Done()
					for range each {
						stock.Take(article)
					}
				}()
			}
			all.Wait()
			if stock.Take(article) {
				t.Errorf("there is more %s than there was", article)
			}
		})
	}
}
