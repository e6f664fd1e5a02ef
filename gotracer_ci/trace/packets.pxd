# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class Packets:
    cdef object _sink
    cdef long long _origin
    cdef object _data
    cdef unsigned char[::1] _out
    cdef long long _at
    cdef unsigned char[::1] _event
    cdef long long _n
    cdef int start(self, int kind, long long name, long long track) except? -1
    cdef int inline(self, bytes name, bint in_call) except? -1
    cdef int text(self, long long key, long long id) except? -1
    cdef int number(self, long long key, long long value) except? -1
    cdef int flow(self, int tag, long long flow) except? -1
    cdef int packet(self, long long time) except? -1
