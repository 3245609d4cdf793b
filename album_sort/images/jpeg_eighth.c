/* A baseline JPEG at an eighth of its size: libjpeg's own picture, bit for bit, in half of libjpeg's time.

   At that scale only each block's first coefficient shows, and nearly all of the time goes into stepping over the others,
   one Huffman code after the other. Here a table steps over all codes that lie within the next 13 bits at once. Whatever is
   unusual or damaged is refused: the caller then asks libjpeg. docs/decisions/0006-jpeg-at-an-eighth.md has the evidence.

   Sources: ITU-T T.81 (annexes C, F); the arithmetic of libjpeg 6b's jidctred.c and jdcolor.c. */

#include "native.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    REFUSED = 1,          /* something libjpeg must look at */
    NO_MEMORY = 2,
    BLOCK = 64,
    CODE_BYTES = 16 + 256, /* of one code as the caller hands it over: how many of each length, then the symbols */
    STEP_BITS = 13,
    VALUE_BITS = 10,
    ENDS = 256,     /* more than any number of coefficients */
    /* The longest block takes 64 codes of 16 bits with 15 more each; zeros behind the data let it be read unchecked. */
    LARGEST = 16383, /* coefficient for which 32 bits do in `put_double` */
    WRAP = 512,     /* libjpeg's range table knows levels from -WRAP */
    MARGIN = BLOCK * 4 + 64,
};

SHARED_CONSTANT(jpeg_eighth_code_bytes, CODE_BYTES);

typedef struct {
    uint8_t length[65536]; /* of the code that these 16 bits begin with; 0: there is none */
    uint8_t symbol[65536];
} Code;

typedef struct {
    uint16_t dc[512];             /* length << 8 | symbol, 0: longer than 9 bits */
    uint16_t step[1 << STEP_BITS]; /* bits | coefficients << 6 (a shift takes the six as they stand); ENDS more: then the block ends; 2 * ENDS: no whole code */
    uint32_t value[1 << VALUE_BITS]; /* bits | places onward << 8 (0: the block ends) | coefficient << 16, 0: no whole code */
    Code dc_code, ac_code;
} Tables;

typedef struct {
    const uint8_t *at, *end;
    uint64_t window; /* next bits, the first uppermost */
    int count;       /* of bits in it that are counted as read; the bytes at `at` follow */
} Bits;

typedef struct {
    int across, down;      /* blocks in one MCU */
    int width;             /* of `plane` in pixels */
    int is_double;         /* two by two pixels of each block */
    int predicted;
    const uint16_t *quant; /* (64,) in natural order */
    const Tables *tables;
    uint8_t *plane;
} Component;

static const uint8_t NATURAL[BLOCK] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

static int make_code(const uint8_t *counts, Code *code)
{
    const uint8_t *symbols = counts + 16;
    uint32_t next = 0;
    int used = 0;
    for (int length = 1; length <= 16; length++, next <<= 1) {
        /* A code of ones alone is reserved. */
        if (used + counts[length - 1] > 256 || next + counts[length - 1] >= 1u << length)
            return 0;
        for (int i = 0; i < counts[length - 1]; i++, used++, next++) {
            uint32_t first = next << (16 - length), many = 1u << (16 - length);
            memset(code->length + first, length, many);
            memset(code->symbol + first, symbols[used], many);
        }
    }
    return 1;
}

static void make_tables(Tables *tables)
{
    for (int i = 0; i < 512; i++) {
        int length = tables->dc_code.length[i << 7];
        tables->dc[i] = length <= 9 ? length << 8 | tables->dc_code.symbol[i << 7] : 0;
    }
    for (uint32_t i = 0; i < 1u << STEP_BITS; i++) {
        uint32_t bits = 0, coefficients = 0, ends = 0;
        while (!ends && coefficients < BLOCK) {
            uint32_t at = i << (16 - STEP_BITS + bits) & 65535;
            int length = tables->ac_code.length[at], symbol = tables->ac_code.symbol[at];
            int size = symbol & 15, run = symbol >> 4;
            if (!length || bits + length + size > STEP_BITS || (!size && run != 0 && run != 15))
                break;
            bits += length + size;
            if (symbol == 0)
                ends = 1;
            else
                coefficients += run + 1;
        }
        tables->step[i] = bits | (ends ? coefficients + ENDS : bits ? coefficients : 2 * ENDS) << 6;
    }
    for (uint32_t i = 0; i < 1u << VALUE_BITS; i++) {
        uint32_t at = i << (16 - VALUE_BITS);
        int length = tables->ac_code.length[at], symbol = tables->ac_code.symbol[at], size = symbol & 15;
        tables->value[i] = 0;
        if (!length || length + size > VALUE_BITS || (!size && symbol))
            continue;
        uint32_t number = at >> (16 - length - size) & ((1 << size) - 1);
        int value = !size || number >> (size - 1) ? (int)number : (int)number - (1 << size) + 1;
        tables->value[i] = (length + size) | (symbol ? symbol / 16 + 1 : 0) << 8 | (uint32_t)value << 16;
    }
}

static inline void refill(Bits *bits)
{
    const uint8_t *p = bits->at;
    uint64_t next = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
                    (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | (uint64_t)p[7];
    bits->window |= next >> bits->count;
    bits->at += (63 - bits->count) >> 3;
    bits->count |= 56;
}

static inline void drop(Bits *bits, int count)
{
    bits->window <<= count;
    bits->count -= count;
}

/* The next `size` bits as T.81's signed number (figure F.12). */
static inline int take_number(Bits *bits, int size)
{
    int number = (int)(bits->window >> 1 >> (63 - size));
    int is_negative = (int)(~bits->window >> 63);
    drop(bits, size);
    return number - (-is_negative & ((1 << size) - 1));
}

/* The first coefficient's difference to the block before; `refill` comes first. */
static inline int take_difference(Bits *bits, const Tables *tables, int *difference)
{
    int entry = tables->dc[bits->window >> 55], length = entry >> 8, size = entry & 255;
    if (!length) {
        length = tables->dc_code.length[bits->window >> 48];
        size = tables->dc_code.symbol[bits->window >> 48];
    }
    if (!length || size > 11)
        return 0;
    drop(bits, length);
    *difference = take_number(bits, size);
    return 1;
}

/* The next code and its number, of any length: places onward (0: the block ends, -1: no such code) and the number. */
static int take_long_code(Bits *bits, const Code *code, int *number)
{
    int length = code->length[bits->window >> 48], symbol = code->symbol[bits->window >> 48];
    if (!length || ((symbol & 15) == 0 && symbol != 0 && symbol != 0xF0))
        return -1;
    drop(bits, length);
    *number = take_number(bits, symbol & 15);
    return symbol ? (symbol >> 4) + 1 : 0;
}

/* Steps over a block's other coefficients. */
static inline int skip_others(Bits *bits, const Tables *tables)
{
    for (unsigned at = 1;;) {
        /* Refilled for four steps at a time: a condition for each would be guessed wrong too often. */
        refill(bits);
        for (int i = 0; i < 4; i++) {
            uint32_t entry = tables->step[bits->window >> (64 - STEP_BITS)];
            unsigned next = at + (entry >> 6);
            if (next < BLOCK) {
                drop(bits, entry & 63);
                at = next;
                continue;
            }
            if (next == BLOCK || (next - ENDS < BLOCK)) {
                drop(bits, entry & 63);
                return 1;
            }
            /* A long code; or codes behind the block's last coefficient, which belong to the next block. */
            refill(bits);
            int number, onward = take_long_code(bits, &tables->ac_code, &number);
            if (onward <= 0)
                return onward == 0;
            at += onward;
            if (at >= BLOCK)
                return at == BLOCK;
            break;
        }
    }
}

/* All but the first. Four at a time: as `memset`, compilers make an instruction of it that takes thirty cycles to begin. */
static inline void clear_others(int32_t *block)
{
    typedef int32_t Four __attribute__((vector_size(16), aligned(4), may_alias));
    for (int at = 1; at + 4 <= BLOCK; at += 4)
        *(volatile Four *)(block + at) = (Four){0};
    block[BLOCK - 3] = block[BLOCK - 2] = block[BLOCK - 1] = 0;
}

/* Reads a block's other coefficients, dequantized, in natural order; `*is_flat` stays where there are none. */
static inline int take_others(Bits *bits, const Component *part, int32_t *block, int *is_flat)
{
    const uint32_t *values = part->tables->value;
    for (int at = 0; at < BLOCK - 1;) {
        refill(bits);
        uint32_t entry = values[bits->window >> (64 - VALUE_BITS)];
        int number = (int32_t)entry >> 16, onward = entry >> 8 & 255;
        if (entry)
            drop(bits, entry & 63);
        else
            onward = take_long_code(bits, &part->tables->ac_code, &number);
        if (onward <= 0)
            return onward == 0;
        at += onward;
        if (at >= BLOCK)
            return 0;
        if (*is_flat)
            clear_others(block);
        *is_flat = 0;
        int place = NATURAL[at];
        block[place] = number * part->quant[place];
        if (block[place] < -LARGEST || block[place] > LARGEST)
            return 0;
    }
    return 1;
}

static inline uint8_t clamp(int value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

static inline int descale(int64_t value, int bits)
{
    return (int)((value + ((int64_t)1 << (bits - 1))) >> bits);
}

/* The odd half of libjpeg's reduced inverse DCT (jidctred.c), in 13 bits fixed point. */
#define ODD_HALF(in, stride) \
    (29692 * (in)[stride] - 10426 * (in)[3 * (stride)] + 6967 * (in)[5 * (stride)] - 5906 * (in)[7 * (stride)])

/* Four pixels of a block; 0 where libjpeg's table would wrap a value around. */
static int put_double(const int32_t *block, uint8_t *out, int width)
{
    int64_t columns[2][8];
    int is_good = 1;
    for (int x = 0; x < 8; x++) {
        int32_t even = block[x] * 32768, odd = ODD_HALF(block + x, 8);
        columns[0][x] = (even + odd + 4096) >> 13;
        columns[1][x] = (even - odd + 4096) >> 13;
    }
    for (int y = 0; y < 2; y++) {
        int64_t even = columns[y][0] * 32768, odd = ODD_HALF(columns[y], 1);
        int left = descale(even + odd, 20), right = descale(even - odd, 20);
        is_good &= left >= -WRAP && left < WRAP && right >= -WRAP && right < WRAP;
        out[y * width] = clamp(left + 128);
        out[y * width + 1] = clamp(right + 128);
    }
    return is_good;
}

/* One block into its component's plane. Values that libjpeg's tables would wrap around are refused. */
static inline int read_block(Bits *bits, Component *part, uint8_t *out)
{
    int difference, is_flat = 1;
    refill(bits);
    if (bits->at > bits->end || !take_difference(bits, part->tables, &difference))
        return 0;
    part->predicted += difference;
    if (part->predicted < -2048 || part->predicted > 2047)
        return 0;
    int first = part->predicted * part->quant[0];
    int level = descale(first, 3);
    if (level < -WRAP || level >= WRAP)
        return 0;
    uint8_t grey = clamp(level + 128);
    if (!part->is_double) {
        *out = grey;
        return skip_others(bits, part->tables);
    }
    int32_t block[BLOCK];
    block[0] = first;
    if (!take_others(bits, part, block, &is_flat))
        return 0;
    if (!is_flat)
        return put_double(block, out, part->width);
    out[0] = out[1] = out[part->width] = out[part->width + 1] = grey;
    return 1;
}

/* Takes the stuffing out of the data up to the next marker; returns where that marker is. */
static const uint8_t *unstuff(const uint8_t *from, const uint8_t *end, uint8_t *clean, Bits *bits)
{
    uint8_t *to = clean;
    for (;;) {
        const uint8_t *found = memchr(from, 0xFF, end - from);
        const uint8_t *until = found ? found : end;
        memcpy(to, from, until - from);
        to += until - from;
        if (!found || end - found < 2 || found[1]) {
            memset(to, 0, MARGIN);
            *bits = (Bits){clean, to + 8, 0, 0};
            return until;
        }
        *to++ = 0xFF;
        from = found + 2;
    }
}

/* Whether all bits but the last byte's padding have been used, and none beyond: libjpeg warns of anything else. */
static int is_used_up(const Bits *bits)
{
    int64_t left = ((bits->end - 8) - bits->at) * 8 + bits->count;
    return left >= 0 && left < 8;
}

/* Reads all blocks of one MCU. */
static inline int read_mcu(Bits *bits, Component parts[3], int row, int column)
{
    for (Component *part = parts; part < parts + 3; part++) {
        int side = part->is_double ? 2 : 1;
        for (int y = 0; y < part->down; y++)
            for (int x = 0; x < part->across; x++) {
                size_t line = (size_t)(row * part->down + y) * side;
                if (!read_block(bits, part, part->plane + line * part->width + (column * part->across + x) * side))
                    return 0;
            }
    }
    return 1;
}

static int read_scan(const uint8_t *data, size_t size, int columns, int rows, int interval, Component parts[3])
{
    const uint8_t *at = data, *end = data + size;
    uint8_t *clean = malloc(size + MARGIN);
    if (!clean)
        return NO_MEMORY;
    Bits bits;
    int is_good = 1, left = interval, restarts = 0;
    at = unstuff(at, end, clean, &bits);
    for (int row = 0; row < rows && is_good; row++)
        for (int column = 0; column < columns && is_good; column++) {
            if (interval && left-- == 0) {
                is_good = is_used_up(&bits) && end - at >= 2 && at[1] == 0xD0 + (restarts++ & 7);
                if (!is_good)
                    break;
                at = unstuff(at + 2, end, clean, &bits);
                parts[0].predicted = parts[1].predicted = parts[2].predicted = 0;
                left = interval - 1;
            }
            is_good = read_mcu(&bits, parts, row, column);
        }
    is_good = is_good && is_used_up(&bits) && end - at >= 2 && at[1] == 0xD9;
    free(clean);
    return is_good ? 0 : REFUSED;
}

/* YCbCr to RGB as jdcolor.c does; chroma of one pixel for two is repeated, as libjpeg does at this scale. */
static void put_colours(const Component parts[3], int width, int height, uint8_t *rgb)
{
    int beside = parts[0].across > parts[1].across && !parts[1].is_double;
    int below = parts[0].down > parts[1].down && !parts[1].is_double;
    for (int y = 0; y < height; y++) {
        const uint8_t *luma = parts[0].plane + (size_t)y * parts[0].width;
        const uint8_t *blue = parts[1].plane + (size_t)(y >> below) * parts[1].width;
        const uint8_t *red = parts[2].plane + (size_t)(y >> below) * parts[2].width;
        for (int x = 0; x < width; x++, rgb += 3) {
            int cb = blue[x >> beside] - 128, cr = red[x >> beside] - 128;
            rgb[0] = clamp(luma[x] + ((91881 * cr + 32768) >> 16));
            rgb[1] = clamp(luma[x] + ((-22554 * cb - 46802 * cr + 32768) >> 16));
            rgb[2] = clamp(luma[x] + ((116130 * cb + 32768) >> 16));
        }
    }
}

/* data: from behind the scan's header. across, down: blocks of luma in one MCU (1 or 2; chroma has one). interval: MCUs between
   restarts, 0 for none. codes: (3, 2) of CODE_BYTES, for each component of its first and its other coefficients. quant:
   (3, 64), in natural order. rgb: (ceil(height / 8), ceil(width / 8), 3). Returns 0, REFUSED or NO_MEMORY. */
EXPORTED int jpeg_eighth_1(const uint8_t *data, size_t size, int width, int height, int across, int down, int interval,
                  const uint8_t *codes, const uint16_t *quant, uint8_t *rgb)
{
    int mcus_across = (width + 8 * across - 1) / (8 * across), mcus_down = (height + 8 * down - 1) / (8 * down);
    Component parts[3];
    int result = REFUSED, is_double = across == 2 && down == 2;
    size_t pixels = (size_t)mcus_across * across * mcus_down * down;
    Tables *tables = calloc(3, sizeof *tables);
    uint8_t *planes = malloc(3 * pixels);
    if (!tables || !planes) {
        result = NO_MEMORY;
        goto done;
    }
    for (int i = 0; i < 3; i++) {
        const uint8_t *own = codes + 2 * CODE_BYTES * i;
        parts[i] = (Component){1, 1, mcus_across * (is_double ? 2 : 1), is_double, 0, quant + BLOCK * i,
                               &tables[i], planes + pixels * i};
        if (i == 2 && !memcmp(own, own - 2 * CODE_BYTES, 2 * CODE_BYTES)) {
            parts[2].tables = parts[1].tables; /* as nearly everywhere; half of the second-level cache */
            break;
        }
        if (!make_code(own, &tables[i].dc_code) || !make_code(own + CODE_BYTES, &tables[i].ac_code))
            goto done;
        make_tables(&tables[i]);
    }
    parts[0].across = across;
    parts[0].down = down;
    parts[0].width = mcus_across * across;
    parts[0].is_double = 0;
    result = read_scan(data, size, mcus_across, mcus_down, interval, parts);
    if (!result)
        put_colours(parts, (width + 7) / 8, (height + 7) / 8, rgb);
done:
    free(tables);
    free(planes);
    return result;
}
