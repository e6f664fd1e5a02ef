# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.columns cimport IdMap


@cython.final
cdef class Sums:
    cdef long long _most
    cdef long long _bits
    cdef long long _fewest
    cdef long long _n
    cdef long long[::1] _keys
    cdef IdMap _index
    cdef long long[::1] _counts
    cdef long long[::1] _times
    cdef long long merged
    cdef int add(self, long long key, long long n, long long ns) except? -1
    cdef int add_at(self, int i, long long n, long long ns) except? -1
    cdef int has(self, int i, long long key) except? -1
    cdef int _place(self, long long key, long long n) except? -1
