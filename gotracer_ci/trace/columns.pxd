# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class IdMap:
    cdef long long[::1] keys
    cdef int[::1] _indices
    cdef unsigned long long _mask
    cdef int _shift
    cdef int count
    cdef long long _home(self, unsigned long long key) noexcept
    cdef int find(self, long long key) except? -1
    cdef int guess(self, long long key) except? -1
    cdef int put(self, long long key, int index) except? -1
    cdef int remove(self, long long key) except? -1
