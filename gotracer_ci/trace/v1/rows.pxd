# What the converter needs of this class.
cimport cython

from gotracer_ci.trace.interning cimport Ids


@cython.final
cdef class Rows:
    cdef int n
    cdef bint lacks_stacks
    cdef tuple columns
    cdef long long[::1] times
    cdef unsigned char[::1] types
    cdef long long[::1] threads
    cdef int[::1] procs
    cdef long long[::1] goroutines
    cdef long long[::1] a
    cdef long long[::1] b
    cdef long long[::1] c
    cdef int[::1] stacks
    cdef long long[::1] thread_of
    cdef long long[::1] _times
    cdef unsigned char[::1] _kinds
    cdef short[::1] _procs
    cdef int[::1] _goroutines
    cdef int[::1] _argument_at
    cdef long long[::1] _arguments
    cdef long long[::1] _ids
    cdef int[::1] _offsets
    cdef int[::1] _stack_argument
    cdef Ids _string_ids
    cdef Ids _stack_ids
    cdef int put(self, int i, int event, long long a, long long b, long long c, int stack)
    cdef int put_on(self, int i, int event, long long a, int stack, int proc)
    cdef long long argument(self, int i, int k) noexcept
    cdef int own_stack(self, int i)
    cdef int stack(self, long long id)
    cdef int string(self, int i, long long id)
    cdef int put_nowhere(self, int i, int event, long long a, long long b, long long c)
