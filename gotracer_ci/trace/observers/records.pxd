# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class Records:
    cdef object _sink
    cdef long long _from
    cdef long long _to
    cdef long long[::1] _numbers
    cdef object _array
    cdef long long _at
    cdef int slice(
        self,
        long long what,
        long long track,
        long long start,
        long long end,
        long long kind,
        long long text,
        long long stack,
        long long who,
        long long cause,
        long long flow,
    ) except? -1
    cdef int add(
        self,
        long long what,
        long long track,
        long long start,
        long long end,
        long long kind,
        long long text,
        long long stack,
        long long who,
        long long cause,
        long long flow,
    ) except? -1
    cdef int pass_on(self) except? -1
