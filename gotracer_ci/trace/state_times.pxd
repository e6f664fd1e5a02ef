# What observers in other compiled modules need of these classes.
cimport cython

from gotracer_ci.trace.observe cimport Observer
from gotracer_ci.trace.observers.binned cimport Binned
from gotracer_ci.trace.observers.reasons cimport Reasons


@cython.final
cdef class Times:
    cdef int n
    cdef int[::1] slots
    cdef int[::1] whats
    cdef long long[::1] starts
    cdef long long[::1] ends
    cdef long long[::1] lengths


cdef class Summing(Observer):
    cdef long long start
    cdef long long stop
    cdef Binned parts
    cdef Reasons classes
    cdef int[::1] entries
    cdef int take(self, Times times) except? -1


@cython.final
cdef class StateTimes(Observer):
    cdef list _observers
    cdef Reasons _classes
    cdef long long _from
    cdef long long _to
    cdef long long _part_start
    cdef long long _part_end
    cdef int[::1] _entries
    cdef long long[::1] _times
    cdef int[::1] _touched
    cdef int _n
    cdef Times _told
    cdef int _spend(self, int g, int what, long long start, long long end) except? -1
    cdef int _keep(self, int g, int what, long long length) except? -1
    cdef int _tell(self, int g, int what, long long start, long long end, long long ns) except? -1
    cdef int _tell_all(self) except? -1
    cdef int _settle(self, int g) except? -1
    cdef int _settle_all(self) except? -1
    cdef int _move(self, long long end) except? -1
