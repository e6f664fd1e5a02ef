# What other compiled modules need of these classes.
cimport cython


@cython.final
cdef class Interner:
    cdef int n
    cdef const unsigned char[::1] data
    cdef dict _index
    cdef unsigned char[::1] _bytes
    cdef long long _used
    cdef long long[::1] _ends
    cdef unsigned long long[::1] _hashes
    cdef int[::1] _slots
    cdef unsigned long long _mask
    cdef int add(self, long long start, long long end) except? -1
    cdef unsigned long long _hash(self, long long start, long long end) except? 0
    cdef unsigned long long _mixed(self, unsigned long long hashed, unsigned long long word) noexcept
    cdef int _is(self, int index, long long start, long long end) except? -1
    cdef int _new(self, unsigned long long hashed, unsigned long long slot, long long start, long long end) except? -1


@cython.final
cdef class Ids:
    cdef int[::1] _dense
    cdef dict _sparse
    cdef long long _n
    cdef int get(self, long long id) except? -2
    cdef int put(self, long long id, int index) except? -2
