"""Record traces of a repository's tests with `go test`: of the change, and of the commit it is based on."""
