# What the kernel needs of these classes.
cimport cython


@cython.final
cdef class Region:
    cdef long long task
    cdef int name
    cdef int stack
    cdef long long since
    cdef bint ended


@cython.final
cdef class Regions:
    cdef bint from_before
    cdef int _count
    cdef dict _open
    cdef dict _alike
    cdef set _begun
    cdef dict _misuses
    cdef bint any(self) noexcept
    cdef int begin(self, long long life, long long task, int name, int stack, long long now, bint old) except? -1
    cdef Region end(self, long long life, long long task, int name, int stack, bint old)
    cdef list leave(self, long long life, bint died)
    cdef int _misused(self, int how, int name, int stack, int other, int other_stack) except? -1
