# A hint to the processor for the compiled kernel; a compiler that does not know it leaves it out.

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define gotracer_prefetch(address) __builtin_prefetch(address)
    #else
    #define gotracer_prefetch(address) ((void) (address))
    #endif
    """
    void prefetch "gotracer_prefetch" (const void *address) noexcept nogil
