# Two instructions that C has no words for, with a plain twin where the compiler does not know them.

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define gotracer_prefetch(address) __builtin_prefetch(address)
    #define gotracer_bit_length(number) ((number) ? 64 - __builtin_clzll(number) : 0)
    #else
    #define gotracer_prefetch(address) ((void) (address))
    static int gotracer_bit_length(unsigned long long number) {
        int n = 0;
        while (number) { number >>= 1; n++; }
        return n;
    }
    #endif
    """
    void prefetch "gotracer_prefetch" (const void *address) noexcept nogil
    int bit_length "gotracer_bit_length" (unsigned long long number) noexcept nogil
