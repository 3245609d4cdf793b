/* Resizing of RGB pictures: Pillow's arithmetic in a third of its time, several values at once, for x86 processors with AVX2. Called
   from resample.py, which works out the weights. Source: Pillow's src/libImaging/Resample.c. */

#include "native.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION 22 /* bits behind the point of a weight */

SHARED_CONSTANT(resample_precision, PRECISION);

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define WIDE __attribute__((target("avx2")))

typedef struct {
    const int32_t *first;   /* (outs,) input that an output begins with */
    const int32_t *weights; /* (outs, taps) */
    int taps, outs;
} Taps;

/* One row of pixels; of the last a byte is written beyond. Behind the row there are as many bytes as taps and a load reach over. */
WIDE static void resample_row(const uint8_t *x, Taps taps, uint8_t *y)
{
    const int32_t *weights = taps.weights;
    for (int out = 0; out < taps.outs; out++, y += 3) {
        const uint8_t *from = x + 3 * taps.first[out];
        __m128i sums = _mm_set1_epi32(1 << (PRECISION - 1));
        for (int tap = 0; tap < taps.taps; tap++, from += 3) {
            int32_t bytes;
            memcpy(&bytes, from, sizeof bytes);
            __m128i pixel = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
            sums = _mm_add_epi32(sums, _mm_mullo_epi32(pixel, _mm_set1_epi32(*weights++)));
        }
        sums = _mm_packs_epi32(_mm_srai_epi32(sums, PRECISION), sums);
        int32_t levels = _mm_cvtsi128_si32(_mm_packus_epi16(sums, sums));
        memcpy(y, &levels, sizeof levels);
    }
}

/* LANES neighbouring bytes of a row, from as many rows of `size` bytes as there are taps. */
WIDE static inline void resample_bytes(const uint8_t *x, int size, const int32_t *weights, int taps, uint8_t *y)
{
    __m256i sums = _mm256_set1_epi32(1 << (PRECISION - 1));
    for (int tap = 0; tap < taps; tap++, x += size) {
        __m256i values = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)x));
        sums = _mm256_add_epi32(sums, _mm256_mullo_epi32(values, _mm256_set1_epi32(weights[tap])));
    }
    sums = _mm256_srai_epi32(sums, PRECISION);
    __m128i levels = _mm_packs_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    _mm_storel_epi64((__m128i *)y, _mm_packus_epi16(levels, levels));
}

WIDE static void resample_column(const uint8_t *x, int size, const int32_t *weights, int taps, uint8_t *y)
{
    uint8_t last[LANES];
    int at = 0;
    for (; at + LANES <= size; at += LANES)
        resample_bytes(x + at, size, weights, taps, y + at);
    if (at < size) { /* x can be read beyond, y is not to be written there */
        resample_bytes(x + at, size, weights, taps, last);
        memcpy(y + at, last, size - at);
    }
}

WIDE static void resample(const uint8_t *x, int width, int height, Taps across, Taps down, uint8_t *row, uint8_t *narrow, uint8_t *y)
{
    int size = 3 * across.outs;
    for (int line = 0; line < height; line++) {
        memcpy(row, x + (size_t)line * 3 * width, 3 * width);
        resample_row(row, across, narrow + (size_t)line * size);
    }
    for (int line = 0; line < down.outs; line++)
        resample_column(narrow + (size_t)down.first[line] * size, size, down.weights + (size_t)line * down.taps, down.taps,
                        y + (size_t)line * size);
}
#endif

/* x: (height, width, 3). first_*, weights_*: of Taps. y: (outs_y, outs_x, 3). Returns 0, or 1 where there is no memory. */
EXPORTED int resample_1(const uint8_t *x, int width, int height, const int32_t *first_x, const int32_t *weights_x, int taps_x, int outs_x,
               const int32_t *first_y, const int32_t *weights_y, int taps_y, int outs_y, uint8_t *y)
{
    int result = 1;
#if defined(__x86_64__)
    Taps across = {first_x, weights_x, taps_x, outs_x}, down = {first_y, weights_y, taps_y, outs_y};
    /* What stands behind the last pixel of a row, and behind the last row, only meets weights of zero. */
    uint8_t *row = calloc(3 * ((size_t)width + taps_x) + 1, 1);
    uint8_t *narrow = malloc(3 * ((size_t)height + taps_y) * outs_x + LANES);
    if (row && narrow) {
        resample(x, width, height, across, down, row, narrow, y);
        result = 0;
    }
    free(row);
    free(narrow);
#endif
    return result;
}
