/* ResNet-18's convolutions in 16-bit integers, for x86 processors with AVX2. Called from int16_network.py.

   `pmaddwd` multiplies sixteen pairs of 16-bit integers and adds neighbouring products to 32-bit sums. That is as many products a
   second as 8-bit arithmetic gives on a processor without VNNI, and leaves room for Winograd's F(4x4, 3x3), which needs a quarter
   of the products: 12 ms a photo instead of 21. int16_conversion.py chooses the weights' scales so that no sum can overflow, and
   MOST so that no transformed activation can. docs/decisions/0008-int16.md has the evidence.

   Activations are (side, side, channels) with zeros around them: one pixel above and on the left, and as many below and on the
   right as whole tiles need. Source: Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, arXiv 1509.09308. */

#include "native.h"

#define WIDE __attribute__((target("avx2,fma")))
#include "int16.h"

#include <string.h>

enum {
    MOST = 480, /* the largest activation: 68 times as much, the most that TO_PATCH makes of it, fits into 16 bits */
    TILE = 4,
    PATCH = TILE + 2,
    SPOTS = PATCH * PATCH,
    SIDE = 224,
    INPUT_PITCH = SIDE + 6,
    STEM_SIDE = 7,
    STEM_ROW = 22, /* 7 pixels of 3 channels, and one value more, whose weight is 0: values go in pairs */
    STEM_SUM = STEM_SIDE * STEM_ROW,
    STAGES = 4,
    SKIP_MOST = 32767,
    FEATURES = 512,
    INPUT_SIZE = (3 * INPUT_PITCH * INPUT_PITCH + 2 + LINE) / LINE * LINE,
};

SHARED_CONSTANT(int16_most, MOST);
SHARED_CONSTANT(int16_outs, OUTS);
SHARED_CONSTANT(int16_spots, SPOTS);
SHARED_CONSTANT(int16_side, SIDE);
SHARED_CONSTANT(int16_stem_sum, STEM_SUM);
SHARED_CONSTANT(int16_features, FEATURES);
SHARED_CONSTANT(int16_classes, CLASSES);

#if defined(__x86_64__)
typedef struct {
    int side, channels, pitch; /* pixels from one row to the next */
    int tiles_across, tiles_at_once;
    size_t size; /* values of one picture */
} Shape;

typedef struct {
    const int16_t *weights; /* (spots,) outs / 16, values / 2, 16, 2 */
    const float *scale;     /* (spots,) outs: of a sum, in units of the output */
    const float *bias;      /* (outs,) in units of the output */
} Layer;

typedef struct {
    const int16_t *at;
    ptrdiff_t pixel, row; /* values from one to the next, before striding */
} Input;

INLINE Shape shape_of(int side, int channels, int tiles_at_once)
{
    int across = (side + TILE - 1) / TILE, pitch = across * TILE + 2;
    return (Shape){side, channels, pitch, across, tiles_at_once, (size_t)pitch * pitch * channels};
}

INLINE size_t place(Shape shape, int line, int column)
{
    return ((size_t)line * shape.pitch + column) * shape.channels;
}

/* What `multiply` summed of ROWS positions, to OUTS channels from `first` on. */
INLINE void store_sums(int16_t *const to[ROWS], __m256i sums[ROWS][2], const Layer *layer, int first, int least, int most)
{
    for (int half = 0; half < 2; half++) {
        Floats scale = load_floats(layer->scale + first + 8 * half), bias = load_floats(layer->bias + first + 8 * half);
        for (int i = 0; i < ROWS; i++) {
            Floats sum = (Floats)_mm256_cvtepi32_ps(sums[i][half]) * scale + bias;
            store_levels(to[i] + first + 8 * half, sum, least, most);
        }
    }
}

/* Where ROWS positions begin in the input and in the output; behind the last one it repeats itself. */
INLINE void find_rows(Input x, Shape out, int first, int16_t *y, const int16_t *rows[ROWS], int16_t *to[ROWS])
{
    int pixels = out.side * out.side;
    for (int i = 0; i < ROWS; i++) {
        int pixel = first + i < pixels ? first + i : pixels - 1, line = pixel / out.side, column = pixel % out.side;
        rows[i] = x.at + 2 * line * x.row + 2 * column * x.pixel;
        to[i] = y + place(out, line + 1, column + 1);
    }
}

/* Convolution with stride 2 whose windows are `lines` stretches of `length` values. */
ALONE void convolve(Input x, int lines, int length, const Layer *layer, int16_t *y, Shape out, int least, int most)
{
    const int16_t *weights = layer->weights, *rows[ROWS];
    int16_t *to[ROWS];
    __m256i sums[ROWS][2];
    for (int outs = 0; outs < out.channels; outs += OUTS, weights += (size_t)lines * length * OUTS)
        for (int first = 0; first < out.side * out.side; first += ROWS) {
            find_rows(x, out, first, y, rows, to);
            multiply(rows, lines, x.row, length, weights, sums);
            store_sums(to, sums, layer, outs, least, most);
        }
}

/* The same for the first layer, whose stretches are short: they are put together first, once for all channels. */
ALONE void convolve_stem(Input x, const Layer *layer, int16_t *y, Shape out)
{
    const int16_t *rows[ROWS];
    int16_t *to[ROWS], together[ROWS][STEM_SUM];
    __m256i sums[ROWS][2];
    for (int first = 0; first < out.side * out.side; first += ROWS) {
        find_rows(x, out, first, y, rows, to);
        for (int i = 0; i < ROWS; i++) {
            for (int line = 0; line < STEM_SIDE; line++)
                memcpy(together[i] + line * STEM_ROW, rows[i] + line * x.row, STEM_ROW * sizeof(int16_t));
            rows[i] = together[i];
        }
        const int16_t *weights = layer->weights;
        for (int outs = 0; outs < out.channels; outs += OUTS, weights += STEM_SUM * OUTS) {
            multiply(rows, 1, 0, STEM_SUM, weights, sums);
            store_sums(to, sums, layer, outs, 0, MOST);
        }
    }
}

/* One dimension of Winograd's input transform for F(4, 3): six values to six. */
#define TO_PATCH(d, t, step)                                                           \
    {                                                                                  \
        Shorts p = d[4] - 4 * d[2], q = d[3] - 4 * d[1], r = d[4] - d[2], s = 2 * (d[3] - d[1]); \
        t[0 * step] = 4 * d[0] - 5 * d[2] + d[4];                                      \
        t[1 * step] = p + q;                                                           \
        t[2 * step] = p - q;                                                           \
        t[3 * step] = r + s;                                                           \
        t[4 * step] = r - s;                                                           \
        t[5 * step] = 4 * d[1] - 5 * d[3] + d[5];                                      \
    }

/* And of its output transform: six values to four. */
#define FROM_PATCH(m, y, step)                                                         \
    {                                                                                  \
        Floats p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];     \
        y[0 * step] = m[0] + p + r;                                                    \
        y[1 * step] = q + 2 * s;                                                       \
        y[2 * step] = p + 4 * r;                                                       \
        y[3 * step] = q + 8 * s + m[5];                                                \
    }

/* x: the upper left corner of a tile's window. to: its channels in the first of SPOTS planes. */
ALONE void transform_input(const int16_t *x, Shape shape, int16_t *to, size_t plane)
{
    for (int channel = 0; channel < shape.channels; channel += 16) {
        Shorts half[SPOTS], d[PATCH], spots[PATCH];
        for (int column = 0; column < PATCH; column++) {
            for (int line = 0; line < PATCH; line++)
                d[line] = load(x + place(shape, line, column) + channel);
            Shorts *into = half + column;
            TO_PATCH(d, into, PATCH)
        }
        for (int line = 0; line < PATCH; line++) {
            Shorts *from = half + PATCH * line;
            TO_PATCH(from, spots, 1)
            for (int column = 0; column < PATCH; column++)
                store(to + (PATCH * line + column) * plane + channel, spots[column]);
        }
    }
}

/* sums: a tile's channels in the first of SPOTS planes. identity, if any, is added in units of the output. y: the tile's corner. */
ALONE void transform_output(const int32_t *sums, size_t plane, const Layer *layer, const int16_t *identity, float unit,
                            int16_t *y, Shape shape, int height, int width)
{
    for (int channel = 0; channel < shape.channels; channel += 8) {
        Floats half[TILE * PATCH], m[PATCH], pixels[TILE], bias = load_floats(layer->bias + channel);
        for (int column = 0; column < PATCH; column++) {
            for (int line = 0; line < PATCH; line++) {
                int spot = PATCH * line + column;
                __m256i sum = _mm256_loadu_si256((const __m256i *)(sums + spot * plane + channel));
                m[line] = (Floats)_mm256_cvtepi32_ps(sum) * load_floats(layer->scale + spot * shape.channels + channel);
            }
            Floats *into = half + column;
            FROM_PATCH(m, into, PATCH)
        }
        for (int line = 0; line < height; line++) {
            Floats *from = half + PATCH * line;
            FROM_PATCH(from, pixels, 1)
            for (int column = 0; column < width; column++) {
                size_t at = place(shape, line, column) + channel;
                Floats pixel = pixels[column] + bias;
                if (identity) {
                    __m128i own = _mm_loadu_si128((const __m128i *)(identity + at));
                    pixel += (Floats)_mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(own)) * unit;
                }
                store_levels(y + at, pixel, 0, MOST);
            }
        }
    }
}

/* One spot of `count` tiles: their channels with OUTS channels of weights. */
ALONE void multiply_spot(const int16_t *x, int count, ptrdiff_t channels, const int16_t *weights, int32_t *y)
{
    for (int first = 0; first < count; first += ROWS, x += ROWS * channels, y += ROWS * channels) {
        const int16_t *rows[ROWS] = {x, x + channels, x + 2 * channels, x + 3 * channels, x + 4 * channels, x + 5 * channels};
        __m256i sums[ROWS][2];
        multiply(rows, 1, 0, channels, weights, sums);
        for (int i = 0; i < ROWS; i++)
            for (int half = 0; half < 2; half++)
                _mm256_storeu_si256((__m256i *)(y + i * channels + 8 * half), sums[i][half]);
    }
}

/* Convolution 3 x 3 with stride 1 of `images` pictures; `identity` (in `unit`s of the output) may be where y is. */
ALONE void convolve_tiles(const int16_t *x, int images, Shape shape, const Layer *layer, const int16_t *identity, float unit,
                          int16_t *y, int32_t *scratch)
{
    int across = shape.tiles_across, tiles = images * across * across, channels = shape.channels;
    for (int begin = 0; begin < tiles; begin += shape.tiles_at_once) {
        int count = at_most(tiles - begin, shape.tiles_at_once);
        size_t plane = (size_t)(count + ROWS - 1) / ROWS * ROWS * channels;
        int16_t *spots = (int16_t *)(scratch + SPOTS * plane);
        for (int i = 0; i < count; i++) {
            int tile = begin + i, line = tile / across % across * TILE, column = tile % across * TILE;
            const int16_t *from = x + tile / (across * across) * shape.size + place(shape, line, column);
            transform_input(from, shape, spots + (size_t)i * channels, plane);
        }
        const int16_t *weights = layer->weights;
        for (int spot = 0; spot < SPOTS; spot++)
            for (int outs = 0; outs < channels; outs += OUTS, weights += (size_t)OUTS * channels)
                multiply_spot(spots + spot * plane, count, channels, weights, scratch + spot * plane + outs);
        for (int i = 0; i < count; i++) {
            int tile = begin + i, line = tile / across % across * TILE, column = tile % across * TILE;
            size_t at = tile / (across * across) * shape.size + place(shape, line + 1, column + 1);
            transform_output(scratch + (size_t)i * channels, plane, layer, identity ? identity + at : NULL, unit, y + at, shape,
                             at_most(shape.side - line, TILE), at_most(shape.side - column, TILE));
        }
    }
}

/* The largest of each 3 x 3, stride 2; the zeros around are as good as nothing, since nothing is below zero. */
ALONE void max_pool(const int16_t *x, Shape in, int16_t *y, Shape out)
{
    for (int line = 0; line < out.side; line++)
        for (int column = 0; column < out.side; column++)
            for (int channel = 0; channel < in.channels; channel += 16) {
                __m256i most = _mm256_setzero_si256();
                for (int i = 0; i < 9; i++) {
                    const int16_t *from = x + place(in, 2 * line + i / 3, 2 * column + i % 3) + channel;
                    most = _mm256_max_epi16(most, (__m256i)load(from));
                }
                store(y + place(out, line + 1, column + 1) + channel, (Shorts)most);
            }
}

INLINE Shape stem_shape(void)
{
    return shape_of(112, 64, 0);
}

/* So many tiles at once that what belongs to them stays near the processor, and weights are not fetched too often. */
INLINE Shape stage_shape(int stage)
{
    static const int tiles_at_once[STAGES] = {36, 48, 66, 66};
    return shape_of(56 >> stage, 64 << stage, tiles_at_once[stage]);
}

/* The next layer's tensors: of `spots` (1 or SPOTS) times `outs`, each from `values`. */
INLINE Layer take_layer(const int16_t **weights, const float **scales, int spots, int outs, int values)
{
    Layer layer = {*weights, *scales, *scales + spots * outs};
    *weights += (size_t)spots * outs * values;
    *scales += spots * outs + outs;
    return layer;
}

/* A picture up to the first stage's end; a, b: two of that stage's tensors, the result is in a. */
INLINE void begin_picture(const uint8_t *rgb, const int16_t *levels, const Layer *layers, const float *units, int16_t *input,
                          int16_t *stem, int16_t *a, int16_t *b, int32_t *scratch)
{
    Shape shape = stage_shape(0);
    for (int line = 0; line < SIDE; line++)
        for (int i = 0; i < 3 * SIDE; i++)
            input[((line + 3) * INPUT_PITCH + 3) * 3 + i] = levels[i % 3 * 256 + rgb[line * 3 * SIDE + i]];
    convolve_stem((Input){input, 3, 3 * INPUT_PITCH}, layers, stem, stem_shape());
    max_pool(stem, stem_shape(), a, shape);
    for (int block = 0; block < 2; block++) {
        convolve_tiles(a, 1, shape, layers + 1 + 2 * block, NULL, 0, b, scratch);
        convolve_tiles(b, 1, shape, layers + 2 + 2 * block, a, units[block], a, scratch);
    }
}

/* From one stage to the next: a: the shortcut, b: the first convolution; layers: of both. */
INLINE void step_down(const int16_t *x, Shape from, const Layer *layers, int16_t *a, int16_t *b, Shape to)
{
    Input all = {x, from.channels, (ptrdiff_t)from.pitch * from.channels}, inner = all;
    inner.at += place(from, 1, 1);
    convolve(all, 3, 3 * from.channels, layers, b, to, 0, MOST);
    convolve(inner, 1, from.channels, layers + 1, a, to, -SKIP_MOST, SKIP_MOST);
}

INLINE void find_layers(const int16_t *weights, const float *scales, Layer layers[5 * STAGES])
{
    *layers++ = take_layer(&weights, &scales, 1, 64, STEM_SUM);
    for (int i = 0; i < 4; i++)
        *layers++ = take_layer(&weights, &scales, SPOTS, 64, 64);
    for (int channels = 128; channels <= 512; channels *= 2) {
        *layers++ = take_layer(&weights, &scales, 1, channels, 9 * channels / 2);
        *layers++ = take_layer(&weights, &scales, 1, channels, channels / 2);
        for (int i = 0; i < 3; i++)
            *layers++ = take_layer(&weights, &scales, SPOTS, channels, channels);
    }
}

WIDE static void find_features(const int16_t *weights, const float *scales, const float *units, const int16_t *levels,
                               const uint8_t *rgb, int images, int16_t *at, float *features)
{
    Layer layers[5 * STAGES];
    Shape shape = stage_shape(0), next;
    int16_t *input = aligned(at), *stem = input + INPUT_SIZE, *a = stem + stem_shape().size, *b = a + shape.size;
    int16_t *first_a = b + shape.size, *next_a = first_a;
    for (int stage = 1; stage < STAGES; stage++)
        next_a += 2 * images * stage_shape(stage).size;
    int32_t *scratch = (int32_t *)next_a;

    find_layers(weights, scales, layers);
    next = stage_shape(1);
    for (int image = 0; image < images; image++) {
        begin_picture(rgb + (size_t)image * 3 * SIDE * SIDE, levels, layers, units, input, stem, a, b, scratch);
        step_down(a, shape, layers + 5, first_a + image * next.size, first_a + (images + image) * next.size, next);
    }
    a = first_a;
    for (int stage = 1; stage < STAGES; stage++) {
        Layer *own = layers + 5 * stage;
        shape = stage_shape(stage);
        b = a + images * shape.size;
        convolve_tiles(b, images, shape, own + 2, a, units[2 * stage], a, scratch);
        convolve_tiles(a, images, shape, own + 3, NULL, 0, b, scratch);
        convolve_tiles(b, images, shape, own + 4, a, units[2 * stage + 1], a, scratch);
        if (stage == STAGES - 1)
            break;
        next = stage_shape(stage + 1);
        next_a = b + images * shape.size;
        for (int image = 0; image < images; image++)
            step_down(a + image * shape.size, shape, own + 5, next_a + image * next.size, next_a + (images + image) * next.size, next);
        a = next_a;
    }
    for (int image = 0; image < images; image++)
        for (int channel = 0; channel < shape.channels; channel++) {
            int sum = 0;
            for (int pixel = 0; pixel < shape.side * shape.side; pixel++)
                sum += a[image * shape.size + place(shape, pixel / shape.side + 1, pixel % shape.side + 1) + channel];
            features[image * shape.channels + channel] = sum * units[2 * STAGES];
        }
}

#endif

/* Bytes of scratch for so many pictures; all zero when it is first used. */
EXPORTED size_t resnet18_int16_scratch(int images)
{
#if defined(__x86_64__)
    size_t values, most = 0;
    values = INPUT_SIZE + stem_shape().size + 2 * stage_shape(0).size;
    for (int stage = 0; stage < STAGES; stage++) {
        Shape shape = stage_shape(stage);
        size_t spots = (size_t)SPOTS * shape.tiles_at_once * shape.channels * (sizeof(int32_t) + sizeof(int16_t));
        most = spots > most ? spots : most;
        values += stage ? 2 * images * shape.size : 0;
    }
    return LINE + values * sizeof(int16_t) + most;
#else
    return images - images;
#endif
}

/* weights, scales: of all layers, one after the other (int16_conversion.py). units: of the identities of eight blocks in their
   outputs, and of a feature. levels: (3, 256), what goes in for a channel's value. last: (125, 512, 8) weights, then (1000,) biases, of the last layer.
   rgb: (images, 224, 224, 3). features: (images, 512). logits: (images, 1000). */
EXPORTED void resnet18_int16(const int16_t *weights, const float *scales, const float *units, const int16_t *levels, const float *last,
                             const uint8_t *rgb, int images, int16_t *scratch, float *features, float *logits)
{
#if defined(__x86_64__)
    find_features(weights, scales, units, levels, rgb, images, scratch, features);
    find_logits(last, last + CLASSES * FEATURES, features, FEATURES, images, logits);
#endif
}
