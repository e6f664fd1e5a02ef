"""What stays when a trace is anonymised, because every Go program can have it: standard packages, runtime's texts."""

from __future__ import annotations

import re

_PACKAGES = """
.: arena bufio bytes cmp context embed errors expvar flag fmt iter maps plugin reflect slices sort strconv strings
  structs unique unsafe uuid weak
archive: tar zip
compress: bzip2 flate gzip lzw zlib
container: heap list ring
crypto: . aes boring cipher des dsa ecdh ecdsa ed25519 elliptic fips140 hkdf hmac hpke md5 mldsa mlkem
  mlkem/mlkemtest pbkdf2 rand rc4 rsa sha1 sha256 sha3 sha512 subtle tls tls/fipsonly x509 x509/pkix
database: sql sql/driver
debug: buildinfo dwarf elf gosym macho pe plan9obj
encoding: . ascii85 asn1 base32 base64 binary csv gob hex json json/jsontext json/v2 pem xml
go: ast build build/constraint constant doc doc/comment format importer internal/gccgoimporter internal/gcimporter
  internal/scannerhooks internal/srcimporter internal/typeparams parser printer scanner token types version
hash: . adler32 crc32 crc64 fnv maphash
html: . template
image: . color color/palette draw gif jpeg png
index: suffixarray
internal: abi asan bisect buildcfg bytealg byteorder cfg cgrouptest chacha8rand concurrent copyright coverage
  coverage/calloc coverage/cfile coverage/cformat coverage/cmerge coverage/decodecounter coverage/decodemeta
  coverage/encodecounter coverage/encodemeta coverage/pods coverage/rtcov coverage/slicereader
  coverage/slicewriter coverage/stringtab coverage/test coverage/uleb128 cpu dag diff exportdata filepathlite
  fmtsort fuzz gate goarch godebug godebugs goexperiment goos goroot gover goversion intern itoa lazyregexp
  lazytemplate msan nettest nettrace obscuretestdata oserror pkgbits platform poll profile profilerecord race
  reflectlite routebsd runtime/atomic runtime/cgobench runtime/cgroup runtime/exithook runtime/gc runtime/gc/scan
  runtime/maps runtime/math runtime/pprof/label runtime/startlinetest runtime/strconv runtime/sys runtime/syscall
  runtime/syscall/linux runtime/syscall/windows runtime/wasitest safefilepath saferio singleflight strconv
  stringslite sync synctest syscall/execenv syscall/unix syscall/windows syscall/windows/registry
  syscall/windows/sysdll sysinfo syslist testenv testhash testlog testpty trace trace/event trace/event/go122
  trace/raw trace/testtrace trace/tracev2 trace/traceviewer trace/traceviewer/format trace/v2 trace/v2/event
  trace/v2/event/go122 trace/v2/raw trace/v2/testtrace trace/v2/version trace/version txtar types/errors
  unsafeheader weak xcoff zstd
io: . fs ioutil
log: . slog syslog
math: . big bits cmplx rand rand/v2
mime: . multipart quotedprintable
net: . http http/cgi http/cookiejar http/fcgi http/httptest http/httptrace http/httputil http/pprof mail netip rpc
  rpc/jsonrpc smtp textproto url
os: . exec signal user
path: . filepath
regexp: . syntax
runtime: . asan cgo coverage debug metrics msan pprof race secret trace
simd: . archsimd
sync: . atomic
syscall: . js
testing: . cryptotest fstest iotest quick slogtest synctest
text: scanner tabwriter template template/parse
time: . tzdata
unicode: . utf16 utf8
"""
"""Those of Go 1.19 to 1.27 on all systems, by first element, without what `is_standard` finds by itself."""

_TEST = "_test"
_INSIDE = re.compile(r"([a-z0-9/]+?)/internal(?:/[a-z0-9_./]+)?|vendor/golang\.org/x/[a-z0-9_./]+")
_FUNCTION = re.compile(r"[A-Za-z0-9_.()*·-]*")
_FILE = re.compile(r"([a-z0-9_./]*)/[A-Za-z0-9_.-]+\.(?:go|s|S|c|h)")


def _listed() -> frozenset[str]:
    found, top = set(), ""
    for word in _PACKAGES.split():
        if word.endswith(":"):
            top = word[:-1]
        else:
            found.add(word if top == "." else top if word == "." else f"{top}/{word}")
    return frozenset(found)


PACKAGES = _listed()

RUNTIME = frozenset(
    line.encode()
    for line in """
unspecified
forever
network
select
sync.(*Cond).Wait
sync
chan send
chan receive
GC mark assist wait for work
GC background sweeper wait
GC weak to strong wait
system goroutine wait
preempted
wait for debug call
wait until GC ends
sleep
runtime.Gosched
synctest
unknown
GC mark termination
GC sweep termination
write heap dump
goroutine profile
goroutine profile cleanup
all goroutines stack trace
read mem stats
AllThreadsSyscall
GOMAXPROCS
start trace
stop trace
CountPagesInUse (test)
ReadMetricsSlow (test)
ReadMemStatsSlow (test)
PageCachePagesLeaked (test)
ResetDebugLog (test)
Not worker
GC (dedicated)
GC (fractional)
GC (idle)
""".strip().splitlines()
)
"""Why goroutines block and stop, why the world is stopped, and the labels of the collector's workers."""


def is_standard(package: str) -> bool:
    """Whether a package, by its import path or by its directory below GOROOT/src, is one of Go's own, or its tests."""
    package = package.removesuffix(_TEST)
    inside = _INSIDE.fullmatch(package)
    return package in PACKAGES or (inside is not None and (inside[1] is None or inside[1] in PACKAGES))


def is_standard_file(path: str) -> bool:
    """Whether a path below GOROOT/src can be one of Go's own files: in a broken trace, others may be a part of it."""
    found = _FILE.fullmatch(path)
    return found is not None and is_standard(found[1])


def is_function(name: str) -> bool:
    """Whether a name without its package and arguments can be that of a function."""
    return _FUNCTION.fullmatch(name) is not None
