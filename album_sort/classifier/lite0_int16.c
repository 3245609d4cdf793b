/* EfficientNet-Lite0 in 16-bit integers, for x86 processors with AVX2. Called from lite0_int16.py, which says what each layer is.

   Its activations need no calibration: ReLU6 leaves 0 to 6, which are 0 to MOST steps. What a block hands on is not bounded by the
   network: it gets steps of its own, up to FARTHEST either way. Weights are scaled so that no sum can overflow (lite0_conversion.py).
   Sums are made whole, and turned into steps by one multiplication and one or two additions that are rounded one by one (no FMA):
   the answer is the same on every processor, in every batch.

   Activations are (side, side, channels), channels in sixteens. What a depthwise convolution reads has BORDER pixels of zeros around it. */

#include "native.h"

/* Without "fma": a contracted multiplication and addition is rounded once, and would make other answers. */
#define WIDE __attribute__((target("avx2")))
#include "int16.h"

#include <string.h>

enum {
    MOST = 4095,
    FARTHEST = 8191,
    BORDER = 2,
    SIDE = 224,
    FEATURES = 1280,
    STEM_VALUES = 28, /* 3 rows of 3 pixels of 3 channels, and one value more, whose weight is 0: values go in pairs */
    LARGEST = (112 + 2 * BORDER) * (112 + 2 * BORDER) * 96, /* values of an activation, border and all */
    /* Numbers of a layer. */
    KIND = 0, SIDE_IN, CHANNELS_IN, SIDE_OUT, CHANNELS_OUT, KERNEL, STRIDE, ADDS, WEIGHTS, SCALES, NUMBERS,
    /* Kinds of layers. */
    STEM = 0, EXPAND, DEPTHWISE, PROJECT, HEAD,
};

SHARED_CONSTANT(lite0_most, MOST);
SHARED_CONSTANT(lite0_farthest, FARTHEST);
SHARED_CONSTANT(lite0_features, FEATURES);
SHARED_CONSTANT(lite0_numbers, NUMBERS);
SHARED_CONSTANT(lite0_stem_values, STEM_VALUES);

#if defined(__x86_64__)

INLINE int bordered(int side)
{
    return side + 2 * BORDER;
}

/* Zeros around an activation: buffers are used for layers of other sizes before. */
ALONE void clear_border(int16_t *x, int side, int channels)
{
    int pitch = bordered(side);
    size_t row = (size_t)pitch * channels * sizeof(int16_t), edge = (size_t)BORDER * channels;
    memset(x, 0, BORDER * row);
    memset(x + (size_t)(side + BORDER) * pitch * channels, 0, BORDER * row);
    for (int line = BORDER; line < side + BORDER; line++) {
        int16_t *at = x + (size_t)line * pitch * channels;
        memset(at, 0, edge * sizeof(int16_t));
        memset(at + (size_t)(side + BORDER) * channels, 0, edge * sizeof(int16_t));
    }
}

/* Where ROWS pixels of an output lie; behind the last one it repeats itself. */
INLINE void find_pixels(int first, int side, int channels, int has_border, int16_t *y, int16_t *to[ROWS])
{
    int pitch = has_border ? bordered(side) : side, shift = has_border ? BORDER : 0;
    for (int i = 0; i < ROWS; i++) {
        int pixel = at_most(first + i, side * side - 1);
        to[i] = y + ((size_t)(pixel / side + shift) * pitch + pixel % side + shift) * channels;
    }
}

/* Sums of ROWS pixels to OUTS channels from `outs` on; `identity`: what is added to them, in its own steps, or NULL. */
INLINE void store_sums(int16_t *const to[ROWS], int16_t *const identity[ROWS], float unit, __m256i sums[ROWS][2], const float *scales,
                       int channels, int outs, int least, int most)
{
    for (int half = 0; half < 2; half++) {
        int channel = outs + 8 * half;
        Floats scale = load_floats(scales + channel), bias = load_floats(scales + channels + channel);
        for (int i = 0; i < ROWS; i++) {
            Floats sum = (Floats)_mm256_cvtepi32_ps(sums[i][half]) * scale + bias;
            if (identity) {
                __m128i own = _mm_loadu_si128((const __m128i *)(identity[i] + channel));
                sum += (Floats)_mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(own)) * unit;
            }
            store_levels(to[i] + channel, sum, least, most);
        }
    }
}

/* A convolution of single pixels. */
ALONE void pointwise(const int32_t *layer, const int16_t *x, const int16_t *weights, const float *scales, const int16_t *identity, int16_t *y)
{
    int side = layer[SIDE_OUT], ins = layer[CHANNELS_IN], channels = layer[CHANNELS_OUT];
    int is_signed = layer[KIND] == PROJECT, has_border = layer[KIND] == EXPAND;
    float unit = scales[2 * channels];
    const int16_t *rows[ROWS];
    int16_t *to[ROWS], *own[ROWS];
    __m256i sums[ROWS][2];
    if (has_border)
        clear_border(y, side, channels);
    for (int outs = 0; outs < channels; outs += OUTS, weights += (size_t)ins * OUTS)
        for (int first = 0; first < side * side; first += ROWS) {
            for (int i = 0; i < ROWS; i++)
                rows[i] = x + (size_t)at_most(first + i, side * side - 1) * ins;
            find_pixels(first, side, channels, has_border, y, to);
            find_pixels(first, side, channels, 0, (int16_t *)identity, own);
            multiply(rows, 1, 0, ins, weights, sums);
            store_sums(to, identity ? own : NULL, unit, sums, scales, channels, outs, is_signed ? -FARTHEST : 0,
                       is_signed ? FARTHEST : MOST);
        }
}

/* The first layer: 3 x 3 of the picture, stride 2, with zeros below and on the right. */
ALONE void stem(const int32_t *layer, const uint8_t *rgb, const int16_t *levels, const int16_t *weights, const float *scales, int16_t *y)
{
    int side = layer[SIDE_OUT], channels = layer[CHANNELS_OUT];
    int16_t together[ROWS][STEM_VALUES], *to[ROWS];
    const int16_t *rows[ROWS];
    __m256i sums[ROWS][2];
    clear_border(y, side, channels);
    for (int first = 0; first < side * side; first += ROWS) {
        for (int i = 0; i < ROWS; i++) {
            int pixel = at_most(first + i, side * side - 1), line = 2 * (pixel / side), column = 2 * (pixel % side);
            memset(together[i], 0, sizeof together[i]);
            for (int down = 0; down < 3 && line + down < SIDE; down++)
                for (int k = 0; k < 9 && column + k / 3 < SIDE; k++)
                    together[i][9 * down + k] = levels[k % 3 * 256 + rgb[((line + down) * SIDE + column) * 3 + k]];
            rows[i] = together[i];
        }
        find_pixels(first, side, channels, 1, y, to);
        for (int outs = 0; outs < channels; outs += OUTS) {
            multiply(rows, 1, 0, STEM_VALUES, weights + outs * STEM_VALUES, sums);
            store_sums(to, NULL, 0, sums, scales, channels, outs, 0, MOST);
        }
    }
}

/* A convolution of each channel by itself. weights: (channels / 16, pairs of taps, 32): unpacking puts channels 0-3, 8-11 into the
   first sum and 4-7, 12-15 into the second, and packing puts them back; scales lie in that order. */
ALONE void depthwise(const int32_t *layer, const int16_t *x, const int16_t *weights, const float *scales, int16_t *y)
{
    int side = layer[SIDE_OUT], channels = layer[CHANNELS_OUT], kernel = layer[KERNEL], stride = layer[STRIDE];
    int taps = kernel * kernel, pitch = bordered(layer[SIDE_IN]), before = (kernel - stride) / 2;
    ptrdiff_t places[26];
    for (int tap = 0; tap < taps; tap++)
        places[tap] = ((ptrdiff_t)(tap / kernel) * pitch + tap % kernel) * channels;
    places[taps] = places[taps - 1]; /* its weight is 0 */
    for (int line = 0; line < side; line++)
        for (int channel = 0; channel < channels; channel += OUTS) {
            const int16_t *own = weights + (size_t)channel * (taps + 1);
            Floats low = load_floats(scales + channel), high = load_floats(scales + channel + 8);
            Floats low_bias = load_floats(scales + channels + channel), high_bias = load_floats(scales + channels + channel + 8);
            for (int column = 0; column < side; column++) {
                const int16_t *from = x + ((size_t)(line * stride + BORDER - before) * pitch + column * stride + BORDER - before) * channels + channel;
                __m256i first = _mm256_setzero_si256(), second = first;
                __m256 least = _mm256_setzero_ps(), most = _mm256_set1_ps(MOST);
                for (int tap = 0; tap < taps; tap += 2) {
                    __m256i a = (__m256i)load(from + places[tap]), b = (__m256i)load(from + places[tap + 1]);
                    __m256i left = (__m256i)load(own + 16 * tap), right = (__m256i)load(own + 16 * tap + 16);
                    first = _mm256_add_epi32(first, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), left));
                    second = _mm256_add_epi32(second, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), right));
                }
                __m256 one = (__m256)((Floats)_mm256_cvtepi32_ps(first) * low + low_bias);
                __m256 other = (__m256)((Floats)_mm256_cvtepi32_ps(second) * high + high_bias);
                first = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(one, least), most));
                second = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(other, least), most));
                store(y + ((size_t)line * side + column) * channels + channel, (Shorts)_mm256_packs_epi32(first, second));
            }
        }
}

/* Means over the last activation, in steps times `unit`. */
INLINE void pool(const int16_t *x, int pixels, float unit, float *features)
{
    for (int channel = 0; channel < FEATURES; channel++) {
        int sum = 0;
        for (int pixel = 0; pixel < pixels; pixel++)
            sum += x[pixel * FEATURES + channel];
        features[channel] = sum * unit;
    }
}

WIDE static void find_features(const int32_t *layers, int count, const int16_t *weights, const float *scales, const int16_t *levels,
                               float unit, const uint8_t *rgb, int16_t *scratch, float *features)
{
    int16_t *handed = aligned(scratch), *next = handed + LARGEST, *wide = next + LARGEST, *deep = wide + LARGEST;
    for (int i = 0; i < count; i++) {
        const int32_t *layer = layers + i * NUMBERS;
        const int16_t *own = weights + layer[WEIGHTS];
        const float *its = scales + layer[SCALES];
        switch (layer[KIND]) {
        case STEM:
            stem(layer, rgb, levels, own, its, wide);
            break;
        case EXPAND:
            pointwise(layer, handed, own, its, NULL, wide);
            break;
        case DEPTHWISE:
            depthwise(layer, wide, own, its, deep);
            break;
        case PROJECT: {
            pointwise(layer, deep, own, its, layer[ADDS] ? handed : NULL, next);
            int16_t *before = handed;
            handed = next, next = before;
            break;
        }
        default:
            pointwise(layer, handed, own, its, NULL, wide);
            pool(wide, layer[SIDE_OUT] * layer[SIDE_OUT], unit, features);
        }
    }
}
#endif

/* Bytes of scratch, for however many pictures. */
EXPORTED size_t lite0_int16_scratch(void)
{
    return LINE + 4 * (size_t)LARGEST * sizeof(int16_t) + LINE;
}

/* layers: (count, NUMBERS). weights, scales: of all layers; of each (outs,) scales, (outs,) biases in steps, and what an identity is in
   them. levels: (3, 256), what goes in for a channel's value. last: (125, FEATURES, 8) weights, then (1000,) biases, of the last layer.
   unit: of a feature. rgb: (images, 224, 224, 3). features: (images, FEATURES). logits: (images, 1000). */
EXPORTED void lite0_int16(const int32_t *layers, int count, const int16_t *weights, const float *scales, const int16_t *levels,
                          const float *last, float unit, const uint8_t *rgb, int images, int16_t *scratch, float *features, float *logits)
{
#if defined(__x86_64__)
    for (int image = 0; image < images; image++)
        find_features(layers, count, weights, scales, levels, unit, rgb + (size_t)image * 3 * SIDE * SIDE, scratch,
                      features + (size_t)image * FEATURES);
    find_logits(last, last + CLASSES * FEATURES, features, FEATURES, images, logits);
#endif
}
