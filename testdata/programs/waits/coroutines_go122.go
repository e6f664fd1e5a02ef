//go:build !go1.23

package main

// coroutines does nothing: there is no iter.Pull before Go 1.23.
func coroutines() {}
