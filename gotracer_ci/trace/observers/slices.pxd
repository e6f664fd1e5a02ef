# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class Slices:
    cdef long long[::1] _last
    cdef int procs
    cdef long long[::1] _records
    cdef long long _n
    cdef long long _budget
    cdef long long _resolution
    cdef long long _span
    cdef int[::1] _order
    cdef long long[::1] _ends
    cdef list _procs
    cdef int add(
        self,
        long long p,
        long long start,
        long long end,
        long long id,
        long long stack,
        long long reason,
        long long ending,
        long long queued,
        long long waker,
    ) except? -1
    cdef int amend(self, long long p, long long start, long long end, long long ending) except? -1
    cdef long long _longest(self, long long k) noexcept
    cdef int _join(
        self,
        long long k,
        long long end,
        long long count,
        long long busy,
        long long longest,
        long long id,
        long long what,
        long long ending,
    ) except? -1
    cdef long long _count_at(self, long long resolution) except? -1
    cdef int _coarsen(self, long long resolution) except? -1
    cdef long long _fill(
        self, dict columns, long long first, long long n, long long begin, object stacks, object reasons
    ) except? -1
