# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class Lengths:
    cdef long long _kept
    cdef long long[::1] _lengths
    cdef int[::1] _groups
    cdef dict _buckets
    cdef int add(self, long long group, long long length) except? -1
