# What the converter needs of this class.
cimport cython

from gotracer_ci.trace.v1.rows cimport Rows


@cython.final
cdef class Others:
    cdef Rows _rows
    cdef object _tables
    cdef list _messages
    cdef int _version
    cdef long long[::1] _ids
    cdef short[::1] _procs
    cdef int[::1] _goroutines
    cdef int[::1] _offsets
    cdef unsigned char[::1] _state
    cdef unsigned char[::1] _runs
    cdef int[::1] _goroutine
    cdef unsigned char[::1] _announced
    cdef bint _collecting
    cdef bint _stopped
    cdef int _stop_kind
    cdef unsigned char[::1] _sweeps
    cdef unsigned char[::1] _assists
    cdef dict _tasks
    cdef bint convert(self, int i, int kind)
    cdef int _proc_start(self, int i)
    cdef int _proc_stop(self, int i)
    cdef int _gc_start(self, int i)
    cdef int _gc_done(self, int i)
    cdef int _stw_start(self, int i)
    cdef int _stw_done(self, int i)
    cdef int _sweep_start(self, int i)
    cdef int _sweep_done(self, int i)
    cdef int _assist_start(self, int i)
    cdef int _assist_done(self, int i)
    cdef int _meet(self, int g)
    cdef int _task_create(self, int i)
    cdef int _task_end(self, int i)
    cdef int _region(self, int i)
    cdef int _log(self, int i)
