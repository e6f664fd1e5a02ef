# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class Binned:
    cdef int shift
    cdef long long _parts
    cdef long long _reach
    cdef long long[::1] _partial
    cdef int[::1] _change
    cdef int grow(self, long long rows) except? -1
    cdef int add(self, long long row, long long start, long long end, long long ns) except? -1
    cdef int _widen(self, long long offset) except? -1
    cdef int settle(self) except? -1
    cdef long long total(self, long long row) except? -1
