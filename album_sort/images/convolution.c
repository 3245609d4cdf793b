/* The face finder's convolutions on float32 planes, and its proposal network, which is made of them and looks at a whole picture
   at many sizes. Called from convolution.py; numpy does the same, only slower.

   A convolution runs over a plane as one long row: positions whose window crosses the edge get sums of no meaning, and are left
   out by whoever reads them. That way narrow pictures keep all lanes busy too. */

#include "native.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 8
#define MOST_POOLED 64 /* values in a row */
#define SCRATCH_A_PIXEL 20 /* values that the proposal network needs */

SHARED_CONSTANT(convolution_least_positions, 2 * LANES);
SHARED_CONSTANT(convolution_scratch_a_pixel, SCRATCH_A_PIXEL);
SHARED_CONSTANT(convolution_most_pooled, MOST_POOLED);

typedef float Lanes __attribute__((vector_size(4 * LANES)));
typedef int Mask __attribute__((vector_size(4 * LANES)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef struct {
    const float *weights;   /* (outs, side * side * channels): rows, columns, channels */
    const float *bias;   /* (outs,) */
    const float *slope;   /* (outs,), of the PReLU: for negative sums */
} Tensors;

typedef struct {
    int channels, side, outs;
    size_t width, plane;   /* from one row to the next, from one channel to the next: of input and output */
    Tensors tensors;
} Layer;

/* `outs` channels from `first` on, at 2 * LANES neighbouring positions: x and y point to the first of them. */
ALWAYS_INLINE void sum_block(const Layer *layer, const float *x, int first, int outs, float *y)
{
    int taps = layer->side * layer->side * layer->channels;
    const float *weights = layer->tensors.weights + (size_t)first * taps;
    Lanes sums[6][2];
    for (int out = 0; out < outs; out++)
        sums[out][0] = sums[out][1] = (Lanes){0} + layer->tensors.bias[first + out];
    for (int row = 0; row < layer->side; row++)
        for (int column = 0; column < layer->side; column++) {
            const float *at = x + row * layer->width + column;
            for (int channel = 0; channel < layer->channels; channel++, at += layer->plane, weights++) {
                Lanes left, right;
                memcpy(&left, at, sizeof left);
                memcpy(&right, at + LANES, sizeof right);
                for (int out = 0; out < outs; out++) {
                    sums[out][0] += left * weights[(size_t)out * taps];
                    sums[out][1] += right * weights[(size_t)out * taps];
                }
            }
        }
    for (int out = 0; out < outs; out++)
        for (int half = 0; half < 2; half++) {
            Lanes sum = sums[out][half], scaled = sum * layer->tensors.slope[first + out];
            Mask is_negative = sum < 0;
            sum = (Lanes)((is_negative & (Mask)scaled) | (~is_negative & (Mask)sum));
            memcpy(y + (first + out) * layer->plane + LANES * half, &sum, sizeof sum);
        }
}

/* As many channels at once as the registers hold sums of; what is left over goes by fours, twos and ones. */
ALWAYS_INLINE void sum_all(const Layer *layer, const float *x, float *y)
{
    int first = 0;
    for (; layer->outs % 4 && layer->outs - first >= 6; first += 6)
        sum_block(layer, x, first, 6, y);
    for (; layer->outs - first >= 4; first += 4)
        sum_block(layer, x, first, 4, y);
    for (; layer->outs - first >= 2; first += 2)
        sum_block(layer, x, first, 2, y);
    if (first < layer->outs)
        sum_block(layer, x, first, 1, y);
}

/* positions: at least 2 * LANES. The last are laid over some that are done, so that nothing is read behind the plane. */
ALWAYS_INLINE void convolve(const Layer *layer, const float *x, size_t positions, float *y)
{
    size_t at = 0;
    for (; at + 2 * LANES <= positions; at += 2 * LANES)
        sum_all(layer, x + at, y + at);
    if (at < positions)
        sum_all(layer, x + positions - 2 * LANES, y + positions - 2 * LANES);
}

/* The largest of each two by two of (planes, height, width), windows over the edge included; rows of x are `stride` apart. */
ALWAYS_INLINE void pool(const float *x, int planes, size_t plane, int height, int width, int stride, float *y)
{
    for (int channel = 0; channel < planes; channel++, x += plane)
        for (int row = 0; row < height; row += 2) {
            const float *upper = x + (size_t)row * stride, *lower = row + 1 < height ? upper + stride : upper;
            for (int column = 0; column < width; column += 2) {
                int right = column + 1 < width ? column + 1 : column;
                float above = upper[column] > upper[right] ? upper[column] : upper[right];
                float below = lower[column] > lower[right] ? lower[column] : lower[right];
                *y++ = above > below ? above : below;
            }
        }
}

ALWAYS_INLINE void propose(const uint8_t *rgb, int height, int width, const Tensors tensors[4], float *scratch, float *y)
{
    size_t pixels = (size_t)height * width;
    float *x = scratch, *first = x + 3 * pixels, *half = first + 10 * pixels;
    for (size_t pixel = 0; pixel < pixels; pixel++)
        for (int channel = 0; channel < 3; channel++)
            x[channel * pixels + pixel] = (rgb[3 * pixel + channel] - 127.5f) * (1.0f / 128);
    Layer layer = {3, 3, 10, width, pixels, tensors[0]};
    convolve(&layer, x, pixels - 2 * width - 2, first);
    pool(first, 10, pixels, height - 2, width - 2, width, half);

    height = (height - 1) / 2;
    width = (width - 1) / 2;
    pixels = (size_t)height * width;
    float *second = half + 10 * pixels, *third = scratch; /* what was there has been used */
    size_t positions = pixels - 2 * width - 2;
    layer = (Layer){10, 3, 16, width, pixels, tensors[1]};
    convolve(&layer, half, positions, second);
    positions -= 2 * width + 2;
    layer = (Layer){16, 3, 32, width, pixels, tensors[2]};
    convolve(&layer, second, positions, third);
    layer = (Layer){32, 1, 6, width, pixels, tensors[3]};
    convolve(&layer, third, positions, y);
}

/* The largest of each side x side with stride 2, windows over the edge included: of the rows first, which lie beside each other. */
ALWAYS_INLINE void max_pool(const float *x, int planes, size_t plane, int height, int width, size_t stride, int side, int above, int before,
                            int rows, int columns, float *y)
{
    float tall[MOST_POOLED];
    for (int channel = 0; channel < planes; channel++, x += plane)
        for (int row = 0; row < rows; row++) {
            int top = 2 * row - above, bottom = top + side < height ? top + side : height;
            top = top < 0 ? 0 : top;
            memcpy(tall, x + top * stride, width * sizeof *tall);
            for (int line = top + 1; line < bottom; line++)
                for (int at = 0; at < width; at++)
                    tall[at] = x[line * stride + at] > tall[at] ? x[line * stride + at] : tall[at];
            for (int column = 0; column < columns; column++, y++) {
                int left = 2 * column - before, right = left + side < width ? left + side : width;
                left = left < 0 ? 0 : left;
                float most = tall[left];
                for (int at = left + 1; at < right; at++)
                    most = tall[at] > most ? tall[at] : most;
                *y = most;
            }
        }
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,fma")))
#define HAS_WIDE (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))

WIDE static void convolve_wide(const Layer *layer, const float *x, size_t positions, float *y)
{
    convolve(layer, x, positions, y);
}

WIDE static void propose_wide(const uint8_t *rgb, int height, int width, const Tensors tensors[4], float *scratch, float *y)
{
    propose(rgb, height, width, tensors, scratch, y);
}

WIDE static void max_pool_wide(const float *x, int planes, size_t plane, int height, int width, size_t stride, int side, int above,
                               int before, int rows, int columns, float *y)
{
    max_pool(x, planes, plane, height, width, stride, side, above, before, rows, columns, y);
}
#else
#define HAS_WIDE 0
#define convolve_wide convolve
#define max_pool_wide max_pool
#define propose_wide propose
#endif

/* x: (channels, rows, width), y: (outs, rows, width); of y the last side - 1 rows and columns mean nothing.
   (rows - side + 1) * width - side + 1 >= 2 * LANES. */
EXPORTED void convolve_1(const float *x, int channels, int rows, int width, int side, int outs, const Tensors *tensors, float *y)
{
    Layer layer = {channels, side, outs, width, (size_t)rows * width, *tensors};
    size_t positions = layer.plane - (size_t)(side - 1) * (width + 1);
    if (HAS_WIDE)
        convolve_wide(&layer, x, positions, y);
    else
        convolve(&layer, x, positions, y);
}

/* rgb: (height, width, 3). tensors: of layers with 10, 16, 32 and 6 outs. scratch: SCRATCH_A_PIXEL values a pixel. y: (6, rows, columns), half of
   height and width, both less one, rounded down; the last four rows and columns mean nothing. (rows - 4) * columns - 4 >= 2 * LANES. */
EXPORTED void propose_1(const uint8_t *rgb, int height, int width, const Tensors tensors[4], float *scratch, float *y)
{
    if (HAS_WIDE)
        propose_wide(rgb, height, width, tensors, scratch, y);
    else
        propose(rgb, height, width, tensors, scratch, y);
}

/* x: planes, `plane` and rows `stride` apart, of which (height, width) is looked at, width at most MOST_POOLED; the first window begins
   `above` and `before` it. y: (planes, rows, columns). */
EXPORTED void max_pool_1(const float *x, int planes, size_t plane, int height, int width, size_t stride, int side, int above, int before,
                int rows, int columns, float *y)
{
    if (HAS_WIDE)
        max_pool_wide(x, planes, plane, height, width, stride, side, above, before, rows, columns, y);
    else
        max_pool(x, planes, plane, height, width, stride, side, above, before, rows, columns, y);
}
