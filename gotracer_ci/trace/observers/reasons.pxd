# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.columns cimport IdMap


@cython.final
cdef class Reasons:
    cdef object _why
    cdef int n
    cdef dict _numbers
    cdef long long[::1] _keys
    cdef IdMap _index
    cdef int[::1] _of
    cdef int[::1] _first
    cdef int number(self, long long reason, long long stack) except? -1
    cdef int _searched(self, long long reason, long long stack) except? -1
    cdef int _named(self, object name) except? -1
