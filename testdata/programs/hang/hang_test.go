package hang

import "testing"

func TestDrain(t *testing.T) {
	t.Parallel()
	in := make(chan int)
	go feed(in)
	if drain(in) != 10 {
		t.Error("not all items arrived")
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	t.Run("quick", func(t *testing.T) {
		t.Parallel()
	})
	t.Run("swap", func(t *testing.T) {
		t.Parallel()
		var p pair
		go p.swap(&p.right, &p.left)
		p.swap(&p.left, &p.right)
	})
}
