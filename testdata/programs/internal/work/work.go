// Package work keeps a processor or the garbage collector busy.
package work

import "time"

// Node is an object that the garbage collector must follow pointers through.
type Node struct {
	Left, Right *Node
}

// Tree makes 2^(depth+1)-1 nodes.
func Tree(depth int) *Node {
	if depth == 0 {
		return &Node{}
	}
	return &Node{Left: Tree(depth - 1), Right: Tree(depth - 1)}
}

// Spin computes for about the given time, without blocking.
func Spin(d time.Duration) uint64 {
	x := uint64(88172645463325252)
	for start := time.Now(); time.Since(start) < d; {
		x = Mix(x, 1000)
	}
	return x
}

// Mix computes for n rounds. Its loop calls nothing, so that a goroutine in it
// stops for nobody where asynchronous preemption is off.
//
//go:noinline
func Mix(x uint64, n int) uint64 {
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}
