// Products of bf16 with AMX: 16 positions by 16 channels in a tile register, 32 steps of the depth at once, summed in fp32.

/// Of the tile registers six hold sums, one the input, one the weights.
#define MELA_SUMS 6
#define MELA_EACH_SUM(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define MELA_INPUT 6
#define MELA_WEIGHTS 7
/// The most rows of a tile, and the most steps of the depth.
#define MELA_TILE_HEIGHT 16
#define MELA_TILE_DEPTH 32

/// What LDTILECFG reads (Intel SDM, volume 2, "LDTILECFG").
typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes;

/// Tiles of so many rows and steps of the depth; they stay in shape from one product to the next, as shaping takes 200 cycles.
MELA_INLINE void shape_tiles(size_t rows, size_t depth) {
    static _Thread_local size_t shaped_rows, shaped_depth;
    if (rows == shaped_rows && depth == shaped_depth) return;
    shaped_rows = rows;
    shaped_depth = depth;
    tile_shapes shapes = {.palette = 1};
    for (int sum = 0; sum < MELA_SUMS; sum++) {
        shapes.rows[sum] = (uint8_t)rows;
        shapes.row_bytes[sum] = MELA_CHANNELS * sizeof(float);
    }
    shapes.rows[MELA_INPUT] = (uint8_t)rows;
    shapes.row_bytes[MELA_INPUT] = (uint16_t)(depth * sizeof(uint16_t));
    shapes.rows[MELA_WEIGHTS] = (uint8_t)(depth / 2);
    shapes.row_bytes[MELA_WEIGHTS] = MELA_CHANNELS * sizeof(float);
    _tile_loadconfig(&shapes);
}

/// The last steps of a depth that is no multiple of MELA_TILE_DEPTH, as `mela_product.last_steps`.
typedef struct {
    uint16_t weights[MELA_TILE_DEPTH * MELA_WIDEST];
} last_steps;

static void take_last_steps(const mela_product *s, last_steps *last) {
    const size_t rest = s->depth % MELA_TILE_DEPTH, summed = MELA_TILE_DEPTH - rest;
    memset(last->weights, 0, summed * s->width * sizeof(uint16_t));
    memcpy(
        last->weights + summed * s->width, (const uint16_t *)s->panel + (s->depth - rest) * s->width,
        rest * s->width * sizeof(uint16_t));
}

/// Rows before `end` whose sums are stored and wait for the rest.
typedef struct {
    size_t row, end;
} waiting;

/// output = activation(output (+ residual)) and its copy in bf16, for so many of the rows that wait, or all if they are fewer.
MELA_INLINE void finish_rows(const mela_product *s, waiting *w, size_t count, int vectors, mela_activation activation) {
    const size_t end = count < w->end - w->row ? w->row + count : w->end;
    for (size_t row = w->row; row < end; row++) {
        for (int v = 0; v < vectors; v++) {
            const size_t place = row * s->output_stride + v * s->vector_stride;
            vf x = load(s->output + place);
            if (s->residual) x += load(s->residual + place);
            x = activate(x, activation, FOR_BF16);
            store(s->output + place, x);
            if (s->narrow) store_narrow(s->narrow + place, x);
        }
    }
    w->row = end;
}

/// What is left to do once sums are stored.
typedef enum { END_NOTHING, END_SILU, END_ANY } ending;

MELA_INLINE ending ending_of(const mela_product *s) {
    if (s->activation == MELA_IDENTITY && !s->residual && !s->narrow) return END_NOTHING;
    return s->activation == MELA_SILU && !s->residual && !s->narrow ? END_SILU : END_ANY;
}

MELA_INLINE void finish_waiting(const mela_product *s, waiting *w, size_t count, int vectors, ending how) {
    if (how == END_NOTHING) return;
    if (how == END_SILU) {
        mela_product plain = *s;
        plain.residual = NULL;
        plain.narrow = NULL;
        return finish_rows(&plain, w, count, vectors, MELA_SILU);
    }
    switch (s->activation) {
    case MELA_IDENTITY: finish_rows(s, w, count, vectors, MELA_IDENTITY); break;
    case MELA_RELU6: finish_rows(s, w, count, vectors, MELA_RELU6); break;
    case MELA_SILU: finish_rows(s, w, count, vectors, MELA_SILU); break;
    case MELA_SIGMOID: finish_rows(s, w, count, vectors, MELA_SIGMOID); break;
    }
}

/// A product on its way.
typedef struct {
    const mela_product *step;
    /// Rows of a tile; steps of the depth that it takes at once, and how often.
    size_t height, depth, turns;
    const uint16_t *last_steps;
    waiting waiting;
} walk;

/// So many tiles of the input, from the rows `first` on, times all channels. Between two products of tiles some rows that wait are
/// finished: tiles have a unit of their own, which multiplies meanwhile, but only what the processor has seen coming, and that is some
/// ten activated vectors ahead.
MELA_INLINE void multiply_tiles(walk *w, const size_t *first, int tiles, int vectors, ending how) {
    const mela_product own = *w->step, *s = &own;  // which no store can change
    waiting waiting = w->waiting;
    const size_t width = (size_t)vectors * MELA_CHANNELS;
    const size_t input_bytes = s->input_stride * sizeof(uint16_t), weight_bytes = 2 * width * sizeof(uint16_t);
    const size_t share = (uint32_t)(waiting.end - waiting.row) / (uint32_t)(w->turns * (size_t)(tiles * vectors)) + 1;
    const uint16_t *weights = s->panel;
    const uint16_t *input[MELA_SUMS];
    MELA_UNROLLED for (int t = 0; t < tiles; t++) input[t] = (const uint16_t *)s->input + first[t] * s->input_stride;
#define MELA_BEGIN(I)                                                                                                              \
    if (I < tiles * vectors) _tile_loadd(I, s->bias + I % vectors * MELA_CHANNELS, 0);
#define MELA_MULTIPLY(I)                                                                                                           \
    if (I < tiles * vectors) {                                                                                                     \
        if (I % vectors == 0) _tile_loadd(MELA_INPUT, input[I / vectors] + k, input_bytes);                                        \
        if (I == 0 || vectors > 1) _tile_loadd(MELA_WEIGHTS, weights + 2 * (I % vectors) * MELA_CHANNELS, weight_bytes);           \
        _tile_dpbf16ps(I, MELA_INPUT, MELA_WEIGHTS);                                                                               \
        finish_waiting(s, &waiting, share, vectors, how);                                                                          \
    }
#define MELA_END(I)                                                                                                                \
    if (I < tiles * vectors)                                                                                                       \
        _tile_stored(I,                                                                                                            \
            s->output + first[I / vectors] * s->output_stride + I % vectors * s->vector_stride, s->output_stride * sizeof(float));
    MELA_EACH_SUM(MELA_BEGIN)
    size_t k = 0;
    for (; k + w->depth <= s->depth; k += w->depth, weights += w->depth * width) { MELA_EACH_SUM(MELA_MULTIPLY) }
    if (k < s->depth) {
        k = s->depth - w->depth;
        weights = w->last_steps;
        MELA_EACH_SUM(MELA_MULTIPLY)
    }
    finish_waiting(s, &waiting, SIZE_MAX, vectors, how);
    MELA_EACH_SUM(MELA_END)
#undef MELA_BEGIN
#undef MELA_MULTIPLY
#undef MELA_END
    w->waiting.row = first[0];
    w->waiting.end = first[tiles - 1] + w->height;
}

#define MELA_DEFINE_GROUP(TILES, VECTORS, NAME, HOW)                                                                               \
    static void multiply_##TILES##x##VECTORS##_##NAME(walk *w, const size_t *first) {                                              \
        multiply_tiles(w, first, TILES, VECTORS, HOW);                                                                             \
    }
#define MELA_DEFINE_GROUPS(TILES, VECTORS)                                                                                         \
    MELA_DEFINE_GROUP(TILES, VECTORS, nothing, END_NOTHING)                                                                        \
    MELA_DEFINE_GROUP(TILES, VECTORS, silu, END_SILU)                                                                              \
    MELA_DEFINE_GROUP(TILES, VECTORS, any, END_ANY)
#define MELA_NAME_GROUPS(TILES, VECTORS)                                                                                           \
    [VECTORS][TILES] = {                                                                                                           \
        [END_NOTHING] = multiply_##TILES##x##VECTORS##_nothing,                                                                    \
        [END_SILU] = multiply_##TILES##x##VECTORS##_silu,                                                                          \
        [END_ANY] = multiply_##TILES##x##VECTORS##_any,                                                                            \
    },
#define MELA_EACH_GROUP(DO)                                                                                                        \
    DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1) DO(5, 1) DO(6, 1) DO(1, 2) DO(2, 2) DO(3, 2) DO(1, 3) DO(2, 3)
MELA_EACH_GROUP(MELA_DEFINE_GROUPS)

/// Tiles are as even as can be; the last begins earlier rather than be lower, and makes some rows a second time.
static void bf16_product(const mela_product *s) {
    static void (*const multiply[4][7][3])(walk *, const size_t *) = {MELA_EACH_GROUP(MELA_NAME_GROUPS)};
    if (s->rows == 0) return;
    const size_t vectors = s->width / MELA_CHANNELS;
    const size_t count = (s->rows + MELA_TILE_HEIGHT - 1) / MELA_TILE_HEIGHT;
    const size_t groups = (count * vectors + MELA_SUMS - 1) / MELA_SUMS;
    const ending how = ending_of(s);
    last_steps last;
    walk w = {
        .step = s,
        .height = (s->rows + count - 1) / count,
        .depth = s->depth < MELA_TILE_DEPTH ? s->depth : MELA_TILE_DEPTH,
        .last_steps = s->last_steps,
    };
    w.turns = (s->depth + w.depth - 1) / w.depth;
    if (s->depth % w.depth != 0 && !s->last_steps) {
        take_last_steps(s, &last);
        w.last_steps = last.weights;
    }
    shape_tiles(w.height, w.depth);
    for (size_t group = 0; group < groups; group++) {
        const size_t begin = count * group / groups, tiles = count * (group + 1) / groups - begin;
        size_t first[MELA_SUMS];
        for (size_t t = 0; t < tiles; t++) {
            const size_t row = (begin + t) * w.height;
            first[t] = row + w.height > s->rows ? s->rows - w.height : row;
        }
        multiply[vectors][tiles][how](&w, first);
    }
    finish_waiting(s, &w.waiting, SIZE_MAX, (int)vectors, how);
}

/// Products of tiles in registers alone, in as many chains as hide their latency; returns the multiply-adds of a round. Of numbers that
/// differ: zeros draw less power, and the clock may be a fifth higher.
static size_t bf16_peak(size_t rounds) {
    shape_tiles(MELA_TILE_HEIGHT, MELA_TILE_DEPTH);
    uint16_t numbers[MELA_TILE_HEIGHT * MELA_TILE_DEPTH];
    for (int i = 0; i < MELA_TILE_HEIGHT * MELA_TILE_DEPTH; i++)
        numbers[i] = (uint16_t)((i % 2 ? 0xBC00 : 0x3C00) + i * 7919 % 512);
    _tile_loadd(MELA_INPUT, numbers, MELA_TILE_DEPTH * sizeof(uint16_t));
    _tile_loadd(MELA_WEIGHTS, numbers, MELA_TILE_DEPTH * sizeof(uint16_t));
#define MELA_BEGIN(I) _tile_zero(I);
#define MELA_MULTIPLY(I) _tile_dpbf16ps(I, MELA_INPUT, MELA_WEIGHTS);
    MELA_EACH_SUM(MELA_BEGIN)
    for (size_t round = 0; round < rounds; round += MELA_SUMS) { MELA_EACH_SUM(MELA_MULTIPLY) }
#undef MELA_BEGIN
#undef MELA_MULTIPLY
    return MELA_TILE_HEIGHT * MELA_CHANNELS * MELA_TILE_DEPTH;
}
