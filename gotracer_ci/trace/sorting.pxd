# What other compiled modules need of this class.
cimport cython


@cython.final
cdef class Sorter:
    cdef long long[::1] times
    cdef int[::1] items
    cdef int _exchanges
    cdef int reserve(self, int n) except? -1
    cdef int sort(self, int n) except? -1
    cdef int _quick(self, int low, int high, int depth) except? -1
    cdef int _split(self, int low, int high, int pivot, int more) except? -1
    cdef int _pivot(self, int low, int size) except? -1
    cdef int _median(self, int a, int b, int c) except? -1
    cdef int _mended(self, int low, int high) except? -1
    cdef int _sink(self, int i, int low) except? -1
    cdef int _insert(self, int low, int high) except? -1
    cdef int _reverse(self, int low, int high) except? -1
    cdef int _shuffle(self, int low, int size) except? -1
    cdef int _heapsort(self, int low, int size) except? -1
    cdef int _sift(self, int low, int root, int size) except? -1
    cdef int _exchange(self, int i, int j) except? -1
