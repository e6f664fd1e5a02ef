# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.columns cimport IdMap
from gotracer_ci.trace.observers.lengths cimport Lengths


@cython.final
cdef class RegionGroups:
    cdef public int latest
    cdef int _n
    cdef long long[::1] _keys
    cdef IdMap _index
    cdef long long[::1] _counts
    cdef long long[::1] _totals
    cdef Lengths _lengths
    cdef int add(
        self, long long name, long long stack, bint no_end, bint no_begin, long long length, long long[::1] times,
        long long first
    ) except? -1
    cdef int _group_of(self, long long name, long long stack) except? -1
    cdef int _new_group(self, long long key) except? -1
