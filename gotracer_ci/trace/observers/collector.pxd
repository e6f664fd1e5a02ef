# What other compiled modules need of this class.
cimport cython

from gotracer_ci.trace.observe cimport Observer


cdef class Collector(Observer):
    cdef object _marks
    cdef dict _workers
    cdef long long _from
    cdef long long _to
    cdef unsigned char[::1] _known
    cdef int[::1] _labels
    cdef long long[::1] _assists
    cdef long long[::1] _pieces
    cdef long long _n_pieces
    cdef int piece(
        self, int what, long long start, long long end, int p, int g, int stack, int label, int flags
    ) except? -1
    cdef int keep(
        self, int what, long long start, long long end, int p, int g, int stack, int label, int flags
    ) except? -1
    cdef int _ran(self, int g, int stack, long long start, long long end, int flags) except? -1
    cdef int _look(self, int g, int stack) except? -1
