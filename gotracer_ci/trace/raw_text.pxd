# What the readers of records need of this class.
cimport cython


@cython.final
cdef class RawText:
    cdef dict _templates
    cdef list _parts
    cdef object _quote
    cdef object _batches
    cdef const unsigned char[::1] _types
    cdef const unsigned char[::1] _words
    cdef const int[::1] _word_ends
    cdef const int[::1] _first
    cdef const int[::1] _count
    cdef const unsigned char[::1] _digits
    cdef object _room
    cdef unsigned char[::1] _out
    cdef long long _used
    cdef int shows_batch(self, long long owner) except? -1
    cdef int shows(self, int kind) noexcept
    cdef int line(self, int kind, long long[::1] numbers, int n) except? -1
    cdef int data(self, bytes data) except? -1
    cdef int end_line(self) except? -1
    cdef int _word(self, int word) noexcept
    cdef int _number(self, unsigned long long value) noexcept
    cdef int _reserve(self, long long size) except? -1
