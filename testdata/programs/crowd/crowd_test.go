// Package crowd has many healthy parallel subtests. The test runner makes all of
// them runnable at the same time, so that most wait long for a P.
package crowd

import "testing"

const subtests = 60

func spin() uint64 {
	hash := uint64(0)
	for i := uint64(0); i < 1_500_000; i++ {
		hash = hash*31 + i
	}
	return hash
}

func TestCrowd(t *testing.T) {
	for range subtests {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if spin() == 0 {
				t.Error("no work was done")
			}
		})
	}
}

func TestAlone(t *testing.T) {
	t.Parallel()
	spin()
}
