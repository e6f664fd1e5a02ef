# What other compiled modules need of this module.

cdef int part_of(int kind, int reason, int flags) noexcept
cdef long long plus(long long total, long long length) noexcept
