// Package kernels has small concurrency bugs of the kinds that real programs
// have, each with its fix.
//
// Each kernel is a test, because its outcome depends on the end of a test
// binary. With FIXED in the environment, the kernels are correct. Otherwise
// they leave goroutines behind, or hang until the timeout. A comment
// "left: TestName" or "hangs: TestName" marks the line where they then wait.
package kernels

import (
	"errors"
	"os"
	"time"
)

var (
	fixed     = os.Getenv("FIXED") != ""
	errFailed = errors.New("failed")
)

// settle gives other goroutines the time to get to where they wait.
func settle() { time.Sleep(20 * time.Millisecond) }
