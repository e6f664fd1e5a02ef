# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class TimeRecords:
    cdef long long count
    cdef long long _fields
    cdef long long[::1] _numbers
    cdef long long _n
    cdef long long[::1] _starts
    cdef int put(self, long long number) except? -1
    cdef int end(
        self, long long[::1] times, long long at, long long[::1] waits, long long first, int reasons
    ) except? -1
