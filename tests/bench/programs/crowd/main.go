// Crowd has 52,000 goroutines alive at once. Tokens jump between them, so that one
// event's goroutine is rarely the next one's; some hops also start a goroutine that
// ends at once.
package main

import (
	"context"

	"example.com/bench/record"
)

const (
	members = 52_000
	tokens  = 64
)

func member(ctx context.Context, in <-chan uint32, crowd []chan uint32) {
	for token := range in {
		if ctx.Err() != nil {
			continue
		}
		token = token*1664525 + 1013904223
		if token>>28 == 0 {
			go func() {}()
		}
		crowd[uint64(token)*members>>32] <- token
	}
}

func main() {
	crowd := make([]chan uint32, members)
	for i := range crowd {
		crowd[i] = make(chan uint32, tokens) // has room for all: sending never blocks
	}
	record.Run(func(ctx context.Context) {
		for i := range crowd {
			go member(ctx, crowd[i], crowd)
		}
		for i := range tokens {
			crowd[i*members/tokens] <- uint32(i) * 2654435761
		}
		<-ctx.Done()
	})
}
