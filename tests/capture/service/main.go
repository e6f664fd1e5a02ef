// A service for the tests of capture: net/http/pprof as it is, and handlers that fail in every way a service can.
//
//	service DIRECTORY FILE
//
// It listens on loopback with and without TLS and on DIRECTORY/app.sock, writes its CA to DIRECTORY/ca.pem, and prints
// both ports on one line. The handlers that need no new trace send FILE. It ends when its standard input is closed.
package main

import (
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"runtime/trace"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const token = "Bearer 5ecret-t0ken"

var (
	recorded []byte
	mu       sync.Mutex
	failures atomic.Int32
	leaks    atomic.Int32
)

func main() {
	log.SetFlags(0)
	directory := os.Args[1]
	var err error
	if recorded, err = os.ReadFile(os.Args[2]); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/custom/trace", pprof.Trace)
	mux.HandleFunc("/shop/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/record", pprof.Trace)
	mux.HandleFunc("/file/debug/pprof/trace", func(w http.ResponseWriter, r *http.Request) { w.Write(recorded) })
	mux.HandleFunc("/gzip/trace", gzipped)
	mux.HandleFunc("/query/trace", query)
	mux.HandleFunc("/token/trace", protected)
	mux.HandleFunc("/forbidden/trace", forbidden)
	mux.HandleFunc("/slow/trace", slow)
	mux.HandleFunc("/silent/trace", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/drop/debug/pprof/trace", drop)
	mux.HandleFunc("/stall/trace", stall)
	mux.HandleFunc("/endless/trace", endless)
	mux.HandleFunc("/500/trace", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "out of order", 500) })
	mux.HandleFunc("/twice/trace", twice)
	mux.HandleFunc("/html/trace", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>sign in</html>") })
	mux.HandleFunc("/empty/trace", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("/busy/trace", busy)
	mux.HandleFunc("/leak/trace", leak)
	mux.HandleFunc("/moved/trace", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/token/trace?"+r.URL.RawQuery, http.StatusFound)
	})
	mux.HandleFunc("/login/trace", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://login.example.com/?from=here", http.StatusFound)
	})
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: time.Second})
	mux.HandleFunc("/snapshot", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			http.Error(w, "a snapshot has no parameters: "+r.URL.RawQuery, http.StatusBadRequest)
			return
		}
		if err := recorder.Start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer recorder.Stop()
		time.Sleep(50 * time.Millisecond)
		recorder.WriteTo(w)
	})
	go work()

	plain, secure := listen("tcp", "127.0.0.1:0"), listen("tcp", "127.0.0.1:0")
	unix := listen("unix", filepath.Join(directory, "app.sock"))
	certificate := issue(filepath.Join(directory, "ca.pem"))
	quiet := log.New(io.Discard, "", 0)
	server := &http.Server{Handler: mux, ErrorLog: quiet}
	secured := &http.Server{
		Handler: mux, ErrorLog: quiet, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
	}
	go server.Serve(plain)
	go server.Serve(unix)
	go secured.ServeTLS(secure, "", "")
	fmt.Println(plain.Addr().(*net.TCPAddr).Port, secure.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}

// work has a lock that is held for a while, so that every trace has a finding.
func work() {
	for {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				mu.Lock()
				defer mu.Unlock()
				time.Sleep(20 * time.Millisecond)
			})
		}
		wg.Wait()
	}
}

func gzipped(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	packed := gzip.NewWriter(w)
	packed.Write(recorded)
	packed.Close()
}

func query(w http.ResponseWriter, r *http.Request) {
	http.Error(w, r.URL.RawQuery+" from "+r.UserAgent(), http.StatusTeapot)
}

func protected(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); r.Header.Get("Authorization") != token && user+password != "opspa55word" {
		http.Error(w, "not a valid token: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
		return
	}
	w.Write(recorded)
}

func forbidden(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "", http.StatusForbidden)
}

// slow takes longer than asked for, and sends the trace in small pieces.
func slow(w http.ResponseWriter, r *http.Request) {
	time.Sleep(time.Second)
	for part := range slices.Chunk(recorded, len(recorded)/10+1) {
		w.Write(part)
		w.(http.Flusher).Flush()
		time.Sleep(50 * time.Millisecond)
	}
}

// drop sends half of the trace and closes the connection: in the middle of the chunks, before the length that it
// announced, or with a reset.
func drop(w http.ResponseWriter, r *http.Request) {
	how := r.URL.Query().Get("how")
	half := recorded[:len(recorded)/2]
	if how == "length" {
		w.Header().Set("Content-Length", fmt.Sprint(len(recorded)))
	}
	w.Write(half)
	w.(http.Flusher).Flush()
	if how == "reset" {
		time.Sleep(100 * time.Millisecond)
		connection, _, _ := w.(http.Hijacker).Hijack()
		connection.(*net.TCPConn).SetLinger(0)
		connection.Close()
		return
	}
	panic(http.ErrAbortHandler)
}

// stall sends the start of the trace and no more.
func stall(w http.ResponseWriter, r *http.Request) {
	w.Write(recorded[:100])
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// endless records until the client is gone, however many seconds it asked for.
func endless(w http.ResponseWriter, r *http.Request) {
	if err := trace.Start(flusher{w}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	<-r.Context().Done()
	trace.Stop()
}

type flusher struct{ http.ResponseWriter }

func (f flusher) Write(data []byte) (int, error) {
	n, err := f.ResponseWriter.Write(data)
	f.ResponseWriter.(http.Flusher).Flush()
	return n, err
}

// twice fails for the first two requests.
func twice(w http.ResponseWriter, r *http.Request) {
	if failures.Add(1)%3 != 0 {
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	w.Write(recorded)
}

// leak records a trace; in every second one, goroutines are created that do not end before it.
func leak(w http.ResponseWriter, r *http.Request) {
	done := make(chan struct{})
	defer close(done)
	if leaks.Add(1)%2 == 0 {
		time.AfterFunc(50*time.Millisecond, func() {
			for range 40 {
				go audit(done)
			}
		})
	}
	pprof.Trace(w, r)
}

func audit(done chan struct{}) { <-done }

// busy answers while another trace is being recorded.
func busy(w http.ResponseWriter, r *http.Request) {
	if err := trace.Start(io.Discard); err != nil {
		log.Print(err)
	}
	defer trace.Stop()
	pprof.Trace(w, r)
}

func listen(network, address string) net.Listener {
	listener, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

// issue returns a certificate of a new CA for 127.0.0.1, and writes the CA's own.
func issue(file string) tls.Certificate {
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial),
			Subject:      pkix.Name{CommonName: name},
			NotBefore:    time.Now().Add(-time.Hour),
			NotAfter:     time.Now().Add(24 * time.Hour),
		}
	}
	ca, leaf := template(1, "private CA"), template(2, "service")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	caKey, key := newKey(), newKey()
	signed, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		log.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	if err := os.WriteFile(file, text, 0o644); err != nil {
		log.Fatal(err)
	}
	issued, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{issued}, PrivateKey: key}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return key
}
