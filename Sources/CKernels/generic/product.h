// Pointwise convolutions: a few positions times a block of channels stay in registers while the depth goes by.

/// A tile's accumulators: so many positions down and vectors across that they, the weights and one broadcast fill the registers.
#if MELA_LANES == 16
#define MELA_TILE_VECTORS 3
#define MELA_TILE_ROWS(vectors) ((vectors) == 3 ? 9 : 14)
#define MELA_NARROW_TILES(USE, TYPE, V)                                                                                            \
    USE(TYPE, 1, V) USE(TYPE, 2, V) USE(TYPE, 3, V) USE(TYPE, 4, V) USE(TYPE, 5, V) USE(TYPE, 6, V) USE(TYPE, 7, V)                \
    USE(TYPE, 8, V) USE(TYPE, 9, V)
#define MELA_TALL_TILES(USE, TYPE, V)                                                                                              \
    USE(TYPE, 10, V) USE(TYPE, 11, V) USE(TYPE, 12, V) USE(TYPE, 13, V) USE(TYPE, 14, V)
#define MELA_TILES(USE, TYPE)                                                                                                      \
    MELA_NARROW_TILES(USE, TYPE, 1) MELA_TALL_TILES(USE, TYPE, 1) MELA_NARROW_TILES(USE, TYPE, 2) MELA_TALL_TILES(USE, TYPE, 2)    \
    MELA_NARROW_TILES(USE, TYPE, 3)
#else
#define MELA_TILE_VECTORS 2
#define MELA_TILE_ROWS(vectors) 6
#define MELA_TILES(USE, TYPE)                                                                                                      \
    USE(TYPE, 1, 1) USE(TYPE, 2, 1) USE(TYPE, 3, 1) USE(TYPE, 4, 1) USE(TYPE, 5, 1) USE(TYPE, 6, 1)                                \
    USE(TYPE, 1, 2) USE(TYPE, 2, 2) USE(TYPE, 3, 2) USE(TYPE, 4, 2) USE(TYPE, 5, 2) USE(TYPE, 6, 2)
#endif

/// From one vector of a tile to the next: tiles of shorter ones lie in one vector of MELA_CHANNELS.
#define MELA_VECTOR_STEP(vector_stride) (MELA_LANES == MELA_CHANNELS ? (vector_stride) : MELA_LANES)

#include "ahead.h"

/// One tile's part of a `mela_product`.
typedef struct {
    const char *input;
    const char *panel;
    const float *bias, *residual;
    float *output;
    uint16_t *narrow;
    size_t input_stride, output_stride, vector_stride, depth, width;
    int32_t is_far;
#ifdef MELA_ASKS_AHEAD
    asking *ahead;
#endif
} tile;

/// What the sums of a tile begin with.
MELA_INLINE void begin_tile(const tile *t, int rows, int vectors, vf *sum) {
    MELA_UNROLLED for (int v = 0; v < vectors; v++) {
        const vf bias = load(t->bias + v * MELA_LANES);
        MELA_UNROLLED for (int row = 0; row < rows; row++) sum[row * vectors + v] = bias;
    }
    if (!t->residual) return;
    MELA_UNROLLED for (int row = 0; row < rows; row++)
        MELA_UNROLLED for (int v = 0; v < vectors; v++)
            sum[row * vectors + v] += load(t->residual + row * t->output_stride + v * MELA_VECTOR_STEP(t->vector_stride));
}

MELA_INLINE void end_tile(const tile *t, int rows, int vectors, const vf *sum) {
    MELA_UNROLLED for (int row = 0; row < rows; row++)
        MELA_UNROLLED for (int v = 0; v < vectors; v++)
            store(t->output + row * t->output_stride + v * MELA_VECTOR_STEP(t->vector_stride), sum[row * vectors + v]);
#ifdef MELA_BF16
    if (!t->narrow) return;
    MELA_UNROLLED for (int row = 0; row < rows; row++)
        MELA_UNROLLED for (int v = 0; v < vectors; v++)
            store_narrow(t->narrow + row * t->output_stride + v * MELA_VECTOR_STEP(t->vector_stride), sum[row * vectors + v]);
#endif
}

/// A function for each size of tile, and `TYPE_any_tile` to find it.
#define MELA_DEFINE_TILE(TYPE, ROWS, VECTORS)                                                                                      \
    static void TYPE##_tile_##ROWS##x##VECTORS(const tile *t) {                                                                    \
        const tile own = *t; /* which no store can change */                                                                       \
        TYPE##_tile(&own, ROWS, VECTORS);                                                                                          \
    }
#define MELA_NAME_TILE(TYPE, ROWS, VECTORS) [VECTORS][ROWS] = TYPE##_tile_##ROWS##x##VECTORS,
#define MELA_DEFINE_TILES(TYPE)                                                                                                    \
    MELA_TILES(MELA_DEFINE_TILE, TYPE)                                                                                             \
    static void TYPE##_any_tile(const tile *t, size_t rows, size_t vectors) {                                                      \
        static void (*const tiles[4][15])(const tile *) = {MELA_TILES(MELA_NAME_TILE, TYPE)};                                      \
        tiles[vectors][rows](t);                                                                                                   \
    }

/// Walks over a product tile by tile, the rows shared out evenly; a tile is activated while it is in the nearest cache.
/// Sizes in bytes: of an element of the input, and of the panel's elements for one channel at one step of the depth.
MELA_INLINE void each_tile(
    const mela_product *s, void any_tile(const tile *, size_t, size_t), size_t input_size, size_t panel_size,
    nearness near) {
    size_t vectors;
    for (size_t c = 0; c < s->width; c += vectors * MELA_LANES) {
        vectors = (s->width - c) / MELA_LANES;
        if (vectors > MELA_TILE_VECTORS) vectors = MELA_TILE_VECTORS;
        const size_t tiles = (s->rows + MELA_TILE_ROWS(vectors) - 1) / MELA_TILE_ROWS(vectors);
#ifdef MELA_ASKS_AHEAD
        asking ahead = shared_out(s->coming, tiles * ((s->depth + MELA_LINE - 1) / MELA_LINE));
#endif
        for (size_t i = 0; i < tiles; i++) {
            const size_t row = s->rows * i / tiles, rows = s->rows * (i + 1) / tiles - row;
            const size_t place = row * s->output_stride + place_of(c, s->vector_stride);
            const tile t = {
                .input = (const char *)s->input + row * s->input_stride * input_size,
                .panel = (const char *)s->panel + c * panel_size,
                .bias = s->bias + c,
                .residual = s->residual ? s->residual + place : NULL,
                .output = s->output + place,
                .narrow = s->narrow ? s->narrow + place : NULL,
                .input_stride = s->input_stride,
                .output_stride = s->output_stride,
                .vector_stride = s->vector_stride,
                .depth = s->depth,
                .width = s->width,
                .is_far = s->is_far,
#ifdef MELA_ASKS_AHEAD
                .ahead = &ahead,
#endif
            };
            prefetch_rows(t.input + rows * s->input_stride * input_size, s->input_stride * input_size, rows);
            any_tile(&t, rows, vectors);
            for (size_t v = 0; v < vectors; v++)
                activate_vector(t.output + v * MELA_VECTOR_STEP(s->vector_stride), s->output_stride, rows, s->activation, near);
        }
    }
}

MELA_INLINE void f32_tile(const tile *t, int rows, int vectors) {
    vf sum[14 * 3];
    begin_tile(t, rows, vectors, sum);
    const float *input = (const float *)t->input, *panel = (const float *)t->panel;
#ifdef MELA_ASKS_AHEAD
    asking ahead = *t->ahead;  // a copy stays in registers
#endif
    for (size_t line = 0; line < t->depth; line += MELA_LINE) {
        const size_t end = line + MELA_LINE < t->depth ? line + MELA_LINE : t->depth;
#ifdef MELA_ASKS_AHEAD
        ask(&ahead);
        if (t->is_far) prefetch_rows((const char *)(input + rows * t->input_stride + line), t->input_stride * sizeof(float), rows);
#endif
        for (size_t k = line; k < end; k++, panel += t->width) {
            vf weights[MELA_TILE_VECTORS];
            MELA_UNROLLED for (int v = 0; v < vectors; v++) weights[v] = load(panel + v * MELA_LANES);
            MELA_UNROLLED for (int row = 0; row < rows; row++)
                MELA_UNROLLED for (int v = 0; v < vectors; v++) sum[row * vectors + v] += input[row * t->input_stride + k] * weights[v];
        }
    }
#ifdef MELA_ASKS_AHEAD
    *t->ahead = ahead;
#endif
    end_tile(t, rows, vectors, sum);
}

MELA_DEFINE_TILES(f32)

static void f32_product(const mela_product *s) { each_tile(s, f32_any_tile, sizeof(float), sizeof(float), FOR_FP32); }
