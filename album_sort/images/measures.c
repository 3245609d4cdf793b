/* The passes over a small picture that its statistics need. Called from measures.py; numpy gives the same numbers, only slower, since
   each of its steps is a pass of its own. Compilers make several pixels at once of these loops. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { TEXT_BLOCK = 16 };

typedef uint8_t Pixels __attribute__((vector_size(TEXT_BLOCK)));

INLINE uint8_t least(uint8_t x, uint8_t y)
{
    return x < y ? x : y;
}

INLINE uint8_t most(uint8_t x, uint8_t y)
{
    return x > y ? x : y;
}

INLINE uint32_t sum_of(const uint8_t *x, size_t count)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    return sum;
}

INLINE void split(const uint8_t *rgb, int height, int width, uint8_t *red, uint8_t *green, uint8_t *blue, uint8_t *luma, uint8_t *chroma,
                  uint32_t *luma_rows)
{
    size_t pixels = (size_t)height * width;
    for (size_t i = 0; i < pixels; i++) {
        red[i] = rgb[3 * i];
        green[i] = rgb[3 * i + 1];
        blue[i] = rgb[3 * i + 2];
    }
    for (size_t i = 0; i < pixels; i++) {
        luma[i] = (uint16_t)(77 * red[i] + 150 * green[i] + 29 * blue[i]) >> 8;
        chroma[i] = most(most(red[i], green[i]), blue[i]) - least(least(red[i], green[i]), blue[i]);
    }
    for (int line = 0; line < height; line++)
        luma_rows[line] = sum_of(luma + (size_t)line * width, width);
}

INLINE uint8_t raised(uint8_t level, uint16_t gain)
{
    uint16_t value = (uint16_t)(level * gain) >> 7;
    return value < 255 ? value : 255;
}

INLINE void raise(const uint8_t *red, const uint8_t *green, const uint8_t *blue, size_t pixels, const uint16_t gains[3], uint8_t *chroma)
{
    for (size_t i = 0; i < pixels; i++) {
        uint8_t r = raised(red[i], gains[0]), g = raised(green[i], gains[1]), b = raised(blue[i], gains[2]);
        chroma[i] = most(most(r, g), b) - least(least(r, g), b);
    }
}

INLINE void measure_row(const uint8_t *plane, int width, int columns, int side, uint8_t *low, uint8_t *high, uint32_t *sum, uint8_t *work)
{
    int used = columns * side;
    uint8_t *lows = work, *highs = lows + width;
    uint16_t *sums = (uint16_t *)(highs + width);
    memcpy(lows, plane, used);
    memcpy(highs, plane, used);
    memset(sums, 0, used * sizeof *sums);
    for (int line = 0; line < side; line++, plane += width)
        for (int x = 0; x < used; x++) {
            lows[x] = least(lows[x], plane[x]);
            highs[x] = most(highs[x], plane[x]);
            sums[x] += plane[x];
        }
    for (int block = 0; block < columns; block++, lows += side, highs += side, sums += side) {
        low[block] = lows[0];
        high[block] = highs[0];
        sum[block] = 0;
        for (int x = 0; x < side; x++) {
            low[block] = least(low[block], lows[x]);
            high[block] = most(high[block], highs[x]);
            sum[block] += sums[x];
        }
    }
}

/* Least, most and sum of each block of `side` pixels. */
INLINE void measure_blocks(const uint8_t *plane, int width, int rows, int columns, int side, uint8_t *low, uint8_t *high, uint32_t *sum,
                           uint8_t *work)
{
    for (int row = 0; row < rows; row++, low += columns, high += columns, sum += columns)
        measure_row(plane + (size_t)row * side * width, width, columns, side, low, high, sum, work);
}

/* Sums of each block of a row of blocks, whose columns have been summed. */
INLINE void sum_columns(const uint8_t *sums, int columns, uint32_t *counts)
{
    for (int block = 0; block < columns; block++, sums += TEXT_BLOCK) {
        counts[block] = 0;
        for (int x = 0; x < TEXT_BLOCK; x++)
            counts[block] += sums[x];
    }
}

/* One row of pixels: where there is ink, and where ground. limits: of its blocks, each kind `blocks` behind the one before. */
INLINE void judge(const uint8_t *luma, int columns, const uint8_t *limits, size_t blocks, uint8_t *ink, uint8_t *ground)
{
    for (int block = 0; block < columns; block++, limits++) {
        Pixels x, zero = {0}, threshold = zero + limits[0], above = zero + limits[2 * blocks], below = zero + limits[3 * blocks];
        memcpy(&x, luma + block * TEXT_BLOCK, sizeof x);
        Pixels is_ink = ((Pixels)(x < threshold) & 1) ^ limits[blocks], is_ground = (Pixels)((x >= above) | (x <= below)) & 1;
        memcpy(ink + block * TEXT_BLOCK, &is_ink, sizeof is_ink);
        memcpy(ground + block * TEXT_BLOCK, &is_ground, sizeof is_ground);
    }
}

/* Ink, strokes and ground of one row of blocks; a stroke begins where ink follows on none. ink: TEXT_BLOCK rows. */
INLINE void count_ink(const uint8_t *luma, int width, int columns, const uint8_t *limits, size_t blocks, uint8_t *ink, uint32_t *counts,
                      uint32_t *strokes_in_row, uint8_t *work)
{
    int used = columns * TEXT_BLOCK;
    uint8_t *inks = work, *strokes = inks + used, *grounds = strokes + used, *ground = grounds + used;
    memset(inks, 0, 3 * used);
    for (int line = 0; line < TEXT_BLOCK; line++, luma += width, ink += used) {
        uint32_t all = 0;
        judge(luma, columns, limits, blocks, ink, ground);
        for (int x = 0; x < used; x++) {
            inks[x] += ink[x];
            grounds[x] += ground[x];
        }
        for (int x = 1; x < used; x++) {
            uint8_t begins = ink[x] & !ink[x - 1];
            strokes[x] += begins;
            all += begins;
        }
        strokes_in_row[line] = all;
    }
    sum_columns(inks, columns, counts);
    sum_columns(strokes, columns, counts + 2 * blocks);
    sum_columns(grounds, columns, counts + 3 * blocks);
}

/* Ink of one row of blocks whose eight neighbours are ink as well; first, end: rows that have neighbours on both sides. */
INLINE void count_thick(const uint8_t *ink, int columns, int first, int end, uint32_t *counts, uint8_t *work)
{
    int used = columns * TEXT_BLOCK;
    memset(work, 0, used);
    for (int line = first; line < end; line++) {
        const uint8_t *at = ink + (size_t)line * used, *above = at - used, *below = at + used;
        for (int x = 1; x < used - 1; x++)
            work[x] += above[x - 1] & above[x] & above[x + 1] & at[x - 1] & at[x] & at[x + 1] & below[x - 1] & below[x] & below[x + 1];
    }
    sum_columns(work, columns, counts);
}

INLINE void find_ink(const uint8_t *luma, int width, int rows, int columns, const uint8_t *limits, uint8_t *ink, uint32_t *counts,
                     uint32_t *strokes_in_row, uint8_t *work)
{
    size_t blocks = (size_t)rows * columns, block_row = (size_t)TEXT_BLOCK * TEXT_BLOCK * columns;
    for (int row = 0; row < rows; row++)
        count_ink(luma + (size_t)row * TEXT_BLOCK * width, width, columns, limits + row * columns, blocks, ink + row * block_row,
                  counts + row * columns, strokes_in_row + row * TEXT_BLOCK, work);
    for (int row = 0; row < rows; row++)
        count_thick(ink + row * block_row, columns, row ? 0 : 1, row < rows - 1 ? TEXT_BLOCK : TEXT_BLOCK - 1,
                    counts + blocks + row * columns, work);
}

INLINE uint8_t apart(uint8_t x, uint8_t y)
{
    return x > y ? x - y : y - x;
}

/* Of each row but the last, and of each column but the last: how many pixels equal their right and lower neighbours (flat), how many of
   these are middle tones (middle); how many differ from the lower one by more than 8 (edges_in_row), how many from the right one (edges_in_column). */
INLINE void find_steps(const uint8_t *luma, int height, int width, uint8_t darkest, uint8_t lightest, uint32_t *flat, uint32_t *middle,
                       uint32_t *edges_in_row, uint32_t *edges_in_column)
{
    memset(edges_in_column, 0, (width - 1) * sizeof *edges_in_column);
    for (int line = 0; line < height; line++, luma += width) {
        for (int x = 0; x < width - 1; x++)
            edges_in_column[x] += apart(luma[x], luma[x + 1]) > 8;
        if (line == height - 1)
            break;
        uint32_t flats = 0, middles = 0, edges = 0;
        for (int x = 0; x < width - 1; x++) {
            uint8_t is_flat = (luma[x] == luma[x + 1]) & (luma[x] == luma[x + width]);
            flats += is_flat;
            middles += is_flat & (luma[x] > darkest) & (luma[x] < lightest);
        }
        for (int x = 0; x < width; x++)
            edges += apart(luma[x], luma[x + width]) > 8;
        flat[line] = flats;
        middle[line] = middles;
        edges_in_row[line] = edges;
    }
}

/* Local maxima above 70 that stand out by more than 50 from a block of 8 x 8 whose mean is below 60. */
INLINE void find_points(const uint8_t *luma, int height, int width, const float *means, int rows, int columns, uint32_t *points)
{
    *points = 0;
    for (int y = 1; y < height - 1; y++) {
        const uint8_t *at = luma + (size_t)y * width;
        int row = y / 8 < rows ? y / 8 : rows - 1;
        for (int block = 0; block < columns; block++) {
            float ground = means[row * columns + block];
            if (!(ground < 60))
                continue;
            int first = block ? 8 * block : 1, end = block == columns - 1 ? width - 1 : 8 * block + 8;
            end = end < width - 1 ? end : width - 1;
            for (int x = first; x < end; x++)
                *points += at[x] > 70 && at[x] >= at[x - width] && at[x] > at[x + width] && at[x] >= at[x - 1] && at[x] > at[x + 1] &&
                          at[x] > ground + 50;
        }
    }
}

/* Two tables in turns: one after the other, equal neighbours would wait for each other. */
INLINE void find_greys(const uint8_t *luma, const uint8_t *chroma, size_t pixels, uint8_t greyish, uint32_t *counts)
{
    uint32_t odd[512] = {0}, even[512] = {0};
    for (size_t i = 0; i < pixels; i++)
        (i & 1 ? odd : even)[luma[i] | (chroma[i] >= greyish) << 8]++;
    for (int level = 0; level < 256; level++)
        counts[level] = odd[level] + even[level];
}

INLINE void sum(const uint8_t *plane, size_t pixels, uint32_t *all)
{
    *all = sum_of(plane, pixels);
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
#define HAS_WIDE __builtin_cpu_supports("avx2")
#else
#define WIDE
#define HAS_WIDE 0
#endif

/* The same for a processor with AVX2 and for any other. */
#define EXPORTED(name, parameters, arguments)       \
    WIDE static void name##_wide parameters         \
    {                                               \
        name arguments;                             \
    }                                               \
    void measures_##name parameters                 \
    {                                               \
        if (HAS_WIDE)                               \
            name##_wide arguments;                  \
        else                                        \
            name arguments;                         \
    }

/* rgb: (height, width, 3). luma_rows: (height,) sums. All others (height, width). */
EXPORTED(split, (const uint8_t *rgb, int height, int width, uint8_t *red, uint8_t *green, uint8_t *blue, uint8_t *luma, uint8_t *chroma, uint32_t *luma_rows),
         (rgb, height, width, red, green, blue, luma, chroma, luma_rows))
/* gains: in 128ths. chroma: of the raised channels. */
EXPORTED(raise, (const uint8_t *red, const uint8_t *green, const uint8_t *blue, size_t pixels, const uint16_t gains[3], uint8_t *chroma),
         (red, green, blue, pixels, gains, chroma))
/* low, high, sum: (rows, columns). work: 4 * width bytes. */
EXPORTED(measure_blocks, (const uint8_t *plane, int width, int rows, int columns, int side, uint8_t *low, uint8_t *high, uint32_t *sum, uint8_t *work),
         (plane, width, rows, columns, side, low, high, sum, work))
/* limits: of each block, (4, rows, columns): ink is what is darker than the first, or, where the second is 1, what is not; ground is at
   least the third or at most the fourth. ink: (16 rows, 16 columns). counts: (4, rows, columns) of ink, thick ink, strokes and ground.
   strokes_in_row: (16 rows,). work: 64 columns bytes. */
EXPORTED(find_ink, (const uint8_t *luma, int width, int rows, int columns, const uint8_t *limits, uint8_t *ink, uint32_t *counts, uint32_t *strokes_in_row, uint8_t *work),
         (luma, width, rows, columns, limits, ink, counts, strokes_in_row, work))
/* flat, middle, edges_in_row: (height - 1,). edges_in_column: (width - 1,). */
EXPORTED(find_steps, (const uint8_t *luma, int height, int width, uint8_t darkest, uint8_t lightest, uint32_t *flat, uint32_t *middle, uint32_t *edges_in_row, uint32_t *edges_in_column),
         (luma, height, width, darkest, lightest, flat, middle, edges_in_row, edges_in_column))
/* means: (rows, columns). */
EXPORTED(find_points, (const uint8_t *luma, int height, int width, const float *means, int rows, int columns, uint32_t *points),
         (luma, height, width, means, rows, columns, points))
/* counts: of the pixels whose chroma is below `greyish`, how many have each luma, (256,). */
EXPORTED(find_greys, (const uint8_t *luma, const uint8_t *chroma, size_t pixels, uint8_t greyish, uint32_t *counts),
         (luma, chroma, pixels, greyish, counts))
EXPORTED(sum, (const uint8_t *plane, size_t pixels, uint32_t *all), (plane, pixels, all))
