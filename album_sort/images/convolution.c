/* Convolutions of the face finder's small networks: float32 pictures in planes, valid positions only, with bias and PReLU.
   Called from convolution.py; without it numpy does the same, three times slower. */

#include <stddef.h>
#include <string.h>

#define LANES 8
#define OUTS 4 /* channels that are summed together: with two runs of lanes they fill half of the registers */

typedef float Lanes __attribute__((vector_size(4 * LANES)));
typedef int Mask __attribute__((vector_size(4 * LANES)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef struct {
    int channels, side;
    size_t width;   /* of a row of the input */
    size_t plane;   /* from one channel of the input to the next */
    const float *weights;   /* (outs, side * side * channels): rows, columns, channels */
    const float *bias, *slope;   /* (outs,) */
} Layer;

/* `outs` channels from `first` on, at `runs` times LANES neighbouring positions: x and y point to the first of them. */
ALWAYS_INLINE void sum_block(const Layer *layer, const float *x, int first, int outs, int runs, float *y, size_t y_plane)
{
    int taps = layer->side * layer->side * layer->channels;
    const float *weights = layer->weights + (size_t)first * taps;
    Lanes sums[OUTS][2];
    for (int out = 0; out < outs; out++)
        for (int run = 0; run < runs; run++)
            sums[out][run] = (Lanes){0} + layer->bias[first + out];
    for (int row = 0; row < layer->side; row++)
        for (int column = 0; column < layer->side; column++) {
            const float *at = x + row * layer->width + column;
            for (int channel = 0; channel < layer->channels; channel++, at += layer->plane, weights++)
                for (int run = 0; run < runs; run++) {
                    Lanes lanes;
                    memcpy(&lanes, at + LANES * run, sizeof lanes);
                    for (int out = 0; out < outs; out++)
                        sums[out][run] += lanes * weights[(size_t)out * taps];
                }
        }
    for (int out = 0; out < outs; out++)
        for (int run = 0; run < runs; run++) {
            Lanes sum = sums[out][run], scaled = sum * layer->slope[first + out];
            Mask is_negative = sum < 0;
            sum = (Lanes)((is_negative & (Mask)scaled) | (~is_negative & (Mask)sum));
            memcpy(y + out * y_plane + LANES * run, &sum, sizeof sum);
        }
}

ALWAYS_INLINE void sum_outs(const Layer *layer, const float *x, int outs, int runs, float *y, size_t y_plane)
{
    int first = 0;
    for (; first + OUTS <= outs; first += OUTS)
        sum_block(layer, x, first, OUTS, runs, y + first * y_plane, y_plane);
    for (; first < outs; first++)
        sum_block(layer, x, first, 1, runs, y + first * y_plane, y_plane);
}

/* One row of outputs, at least LANES of them; the last lanes are laid over some that are done, so that nothing is read behind the row. */
ALWAYS_INLINE void sum_row(const Layer *layer, const float *x, int outs, int columns, float *y, size_t y_plane)
{
    int at = 0;
    for (; at + 2 * LANES <= columns; at += 2 * LANES)
        sum_outs(layer, x + at, outs, 2, y + at, y_plane);
    if (columns - at > LANES && at) {
        at = columns - 2 * LANES;
        sum_outs(layer, x + at, outs, 2, y + at, y_plane);
        return;
    }
    for (; at < columns; at += LANES) {
        int from = at + LANES <= columns ? at : columns - LANES;
        sum_outs(layer, x + from, outs, 1, y + from, y_plane);
    }
}

ALWAYS_INLINE void convolve(const float *x, int channels, int count, int height, int width, int side, int outs,
                            const float *weights, const float *bias, const float *slope, float *y)
{
    int rows = height - side + 1, columns = width - side + 1;
    Layer layer = {channels, side, width, (size_t)count * height * width, weights, bias, slope};
    for (int picture = 0; picture < count; picture++)
        for (int row = 0; row < rows; row++)
            sum_row(&layer, x + ((size_t)picture * height + row) * width, outs, columns,
                    y + ((size_t)picture * rows + row) * columns, (size_t)count * rows * columns);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma")))
static void convolve_avx2(const float *x, int channels, int count, int height, int width, int side, int outs,
                          const float *weights, const float *bias, const float *slope, float *y)
{
    convolve(x, channels, count, height, width, side, outs, weights, bias, slope, y);
}
#endif

/* x: (channels, count, height, width). weights: (outs, side * side * channels). slope: (outs,), of negative sums. width >= side + LANES - 1.
   y: (outs, count, height - side + 1, width - side + 1). */
void convolve_1(const float *x, int channels, int count, int height, int width, int side, int outs,
                const float *weights, const float *bias, const float *slope, float *y)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        convolve_avx2(x, channels, count, height, width, side, outs, weights, bias, slope, y);
        return;
    }
#endif
    convolve(x, channels, count, height, width, side, outs, weights, bias, slope, y);
}
