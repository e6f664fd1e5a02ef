// Package shop has only tests: of each kind, with known times and goroutines.
package shop
