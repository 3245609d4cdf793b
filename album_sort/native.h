/* What the C files share. The library is built with hidden symbols: only what is EXPORTED can be called from Python. */

#ifndef ALBUM_SORT_NATIVE_H
#define ALBUM_SORT_NATIVE_H

#define EXPORTED __attribute__((visibility("default")))

/* A number that Python has too: album_sort/native.py compares them when the library is loaded. */
#define SHARED_CONSTANT(name, value) EXPORTED extern const int name; const int name = (value)

#endif
