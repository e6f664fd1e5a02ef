package kernels

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

var body = strings.Repeat("x", 8<<10)

// server runs until the process ends, as in many tests.
func server() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) }))
}

// fetch does not close the body. A connection that is kept for the next request is no leak.
func fetch(client *http.Client, url string) {
	response, err := client.Get(url) // left: TestUnclosedBody
	if err != nil {
		return
	}
	if fixed {
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}
