# What the kernel and observers in other compiled modules need of these classes.
cimport cython

from gotracer_ci.trace.columns cimport IdMap


@cython.final
cdef class Goroutines:
    cdef long long[::1] ids
    cdef long long[::1] lives
    cdef long long[::1] created
    cdef long long[::1] creators
    cdef int[::1] procs
    cdef int[::1] creations
    cdef int[::1] entries
    cdef int[::1] stacks
    cdef int[::1] states
    cdef long long[::1] since
    cdef long long[::1] lost
    cdef int[::1] tests
    cdef bint is_test
    cdef int changes
    cdef long long seen
    cdef int proc
    cdef int thread
    cdef long long[::1] threads
    cdef IdMap slots
    cdef int waker


cdef class Observer:
    cdef Goroutines goroutines
    cdef int unwanted
    cdef Observer following
    cdef int ignore(self, int kinds) except? -1
    cdef int born(self, int g, long long now) except? -1
    cdef int died(self, int g, long long now) except? -1
    cdef int began(self, int kind, int g, long long now) except? -1
    cdef int interval(
        self,
        int kind,
        int reason,
        int stack,
        long long start,
        long long length,
        int g,
        long long cause,
        int cause_stack,
        int flags,
    ) except? -1
    cdef int labelled(self, int g, int label, long long now) except? -1
    cdef int end(self, long long now) except? -1
