/* What networks in 16-bit integers share: sums of products on x86 processors with AVX2. WIDE is defined by who includes it. */

#ifndef ALBUM_SORT_INT16_H
#define ALBUM_SORT_INT16_H

#include <stddef.h>
#include <stdint.h>

enum {
    ROWS = 6,  /* positions summed at once, */
    OUTS = 16, /* and channels of each: 12 registers of sums, 2 of weights */
    LINE = 64, /* bytes: loads that cross a line of the cache take twice the time */
    CLASSES = 1000,
};

#if defined(__x86_64__)
#include <immintrin.h>

#define INLINE WIDE static inline
/* Not inlined: the compiler finds registers for a loop of its own, and not in the middle of everything. */
#define ALONE WIDE static __attribute__((noinline))

typedef int16_t Shorts __attribute__((vector_size(32)));
typedef float Floats __attribute__((vector_size(32)));
typedef int32_t Pair __attribute__((may_alias, aligned(2)));

INLINE void *aligned(void *p)
{
    return (void *)(((uintptr_t)p + LINE - 1) / LINE * LINE);
}

INLINE Shorts load(const int16_t *p)
{
    return (Shorts)_mm256_loadu_si256((const __m256i *)p);
}

INLINE void store(int16_t *p, Shorts x)
{
    _mm256_storeu_si256((__m256i *)p, (__m256i)x);
}

INLINE Floats load_floats(const float *p)
{
    return (Floats)_mm256_loadu_ps(p);
}

/* sums: of ROWS rows with OUTS channels. A row is `segments` stretches of `length` values, `segment` values apart. */
INLINE void multiply(const int16_t *const rows[ROWS], int segments, ptrdiff_t segment, ptrdiff_t length,
                     const int16_t *weights, __m256i sums[ROWS][2])
{
    const int16_t *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3], *r4 = rows[4], *r5 = rows[5];
    for (int i = 0; i < ROWS; i++)
        sums[i][0] = sums[i][1] = _mm256_setzero_si256();
    for (int s = 0; s < segments; s++) {
        for (ptrdiff_t k = 0; k < length; k += 2, weights += 2 * OUTS) {
            __m256i left = (__m256i)load(weights), right = (__m256i)load(weights + OUTS);
/* As instructions: compilers that order them anew run out of registers, and half of the speed is gone. */
#define ADD_PRODUCTS(i, row)                                                           \
    {                                                                                  \
        __m256i both, product;                                                         \
        __asm__("vpbroadcastd %[pair], %[both]\n\t"                                    \
                "vpmaddwd %[left], %[both], %[product]\n\t"                            \
                "vpaddd %[product], %[one], %[one]\n\t"                                \
                "vpmaddwd %[right], %[both], %[both]\n\t"                              \
                "vpaddd %[both], %[other], %[other]"                                   \
                : [one] "+x"(sums[i][0]), [other] "+x"(sums[i][1]), [both] "=&x"(both), [product] "=&x"(product) \
                : [pair] "m"(*(const Pair *)(row + k)), [left] "x"(left), [right] "x"(right)); \
    }
            ADD_PRODUCTS(0, r0) ADD_PRODUCTS(1, r1) ADD_PRODUCTS(2, r2)
            ADD_PRODUCTS(3, r3) ADD_PRODUCTS(4, r4) ADD_PRODUCTS(5, r5)
        }
        r0 += segment, r1 += segment, r2 += segment, r3 += segment, r4 += segment, r5 += segment;
    }
}

INLINE void store_levels(int16_t *to, Floats x, int least, int most)
{
    /* Bounded before it is made whole: what is beyond 32 bits has no whole number. */
    __m256 bounded = _mm256_min_ps(_mm256_max_ps((__m256)x, _mm256_set1_ps(least)), _mm256_set1_ps(most));
    __m256i levels = _mm256_cvtps_epi32(bounded);
    __m128i low = _mm256_castsi256_si128(levels), high = _mm256_extracti128_si256(levels, 1);
    _mm_storeu_si128((__m128i *)to, _mm_packs_epi32(low, high));
}

INLINE int at_most(int x, int most)
{
    return x < most ? x : most;
}

/* The last layer, in floats. weights: (CLASSES / 8, count, 8); features: (images, count). */
WIDE static void find_logits(const float *weights, const float *bias, const float *features, int count, int images, float *logits)
{
    for (int class = 0; class < CLASSES; class += 8, weights += 8 * count)
        for (int first = 0; first < images; first += 4) {
            Floats sums[4] = {{0}};
            const float *rows[4];
            for (int i = 0; i < 4; i++)
                rows[i] = features + (size_t)at_most(first + i, images - 1) * count;
            for (int k = 0; k < count; k++)
                for (int i = 0; i < 4; i++)
                    sums[i] += load_floats(weights + 8 * k) * rows[i][k];
            for (int i = 0; i < 4; i++)
                _mm256_storeu_ps(logits + (size_t)at_most(first + i, images - 1) * CLASSES + class,
                                 (__m256)(sums[i] + load_floats(bias + class)));
        }
}
#endif /* x86 */

#endif
