/* Says what the library was built from and whether this processor runs the wide code. Called from native.py. */

#include "native.h"

/* The build passes it (native_stamp.py): a hash of all C sources. */
#ifndef ALBUM_SORT_STAMP
#error "build with hatch_build.py: ALBUM_SORT_STAMP is missing"
#endif

EXPORTED const char *native_stamp(void)
{
    return ALBUM_SORT_STAMP;
}

EXPORTED int native_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}
