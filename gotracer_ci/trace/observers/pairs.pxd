# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.columns cimport IdMap


@cython.final
cdef class Pairs:
    cdef long long[::1] _keys
    cdef IdMap _index
    cdef int of(self, long long stack, long long waker) except? -1
