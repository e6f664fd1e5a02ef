# What the parser needs of this class.
cimport cython

from gotracer_ci.trace.varints cimport Varints


@cython.final
cdef class Numbers:
    cdef long long position
    cdef const unsigned char[::1] data
    cdef long long end
    cdef long long[::1] numbers
    cdef int count
    cdef Varints _varints
    cdef int read(self, long long at)
    cdef long long number(self)
    cdef bytes text(self)
