# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.columns cimport IdMap


@cython.final
cdef class Histograms:
    cdef IdMap _index
    cdef int _n
    cdef long long[::1] _keys
    cdef long long[::1] _rows
    cdef long long[::1] _first
    cdef unsigned int[::1] _buckets
    cdef int _histograms
    cdef int add(self, long long key, long long length) except? -1
    cdef int _new(self, long long key) except? -1
    cdef int _start(self, int n) except? -1


cdef long long bucket_of(long long length) noexcept
