# What other compiled modules need of these classes.
cimport cython

from gotracer_ci.trace.columns cimport IdMap
from gotracer_ci.trace.interning cimport Ids


@cython.final
cdef class Varints:
    cdef const unsigned char[::1] data
    cdef long long pos
    cdef long long end
    cdef int bad
    cdef long long next(self) noexcept


@cython.final
cdef class StackBatches:
    cdef Ids _seen
    cdef long long _n
    cdef long long[::1] _ids
    cdef long long[::1] _ends
    cdef int[::1] _frames
    cdef long long _used
    cdef IdMap _pc_index
    cdef int _pc_n
    cdef long long[::1] _pcs
    cdef long long[::1] _functions
    cdef long long[::1] _files
    cdef long long[::1] _lines
    cdef int begin(self, long long id) except? -2
    cdef int frame(self, long long pc, long long function, long long file, long long line) except? -2
