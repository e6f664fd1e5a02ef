# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.columns cimport IdMap


@cython.final
cdef class Lengths:
    cdef long long _kept
    cdef long long[::1] _lengths
    cdef int[::1] _groups
    cdef int _n
    cdef long long[::1] _keys
    cdef IdMap _index
    cdef long long[::1] _counts
    cdef int add(self, long long group, long long length) except? -1
    cdef int _count(self, long long key) except? -1
