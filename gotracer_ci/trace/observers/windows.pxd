# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.columns cimport IdMap


@cython.final
cdef class Windows:
    cdef long long[::1] _lives
    cdef IdMap _rows
    cdef long long[::1] first
    cdef long long[::1] starts
    cdef long long[::1] ends
    cdef long long row(self, long long life) except? -2
    cdef long long first_after(self, long long row, long long time) except? -1
