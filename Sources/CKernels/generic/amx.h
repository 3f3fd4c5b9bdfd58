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

/// The last steps of a depth that is no multiple of MELA_TILE_DEPTH, as (MELA_TILE_DEPTH / 2, width, 2): they begin earlier, and what
/// has been summed before has zero weights.
typedef struct {
    uint16_t weights[MELA_TILE_DEPTH * MELA_WIDEST];
} last_steps;

MELA_INLINE void take_last_steps(const mela_product *s, last_steps *last) {
    const size_t summed = MELA_TILE_DEPTH - s->depth % MELA_TILE_DEPTH;
    memset(last->weights, 0, summed * s->width * sizeof(uint16_t));
    memcpy(last->weights + summed * s->width, (const uint16_t *)s->panel + (s->depth - s->depth % MELA_TILE_DEPTH) * s->width,
        s->depth % MELA_TILE_DEPTH * s->width * sizeof(uint16_t));
}

/// Rows of one to three vectors of channels whose sums are stored and wait for the rest.
typedef struct {
    size_t row, end, channel, vectors;
} waiting;

/// output = activation(output (+ residual)) and its copy in bf16, for the waiting rows before `end`.
MELA_INLINE void finish_rows(const mela_product *s, const waiting *w, size_t end, mela_activation activation) {
    for (size_t v = 0; v < w->vectors; v++) {
        size_t place = w->row * s->output_stride + place_of(w->channel, s->vector_stride) + v * s->vector_stride;
        for (size_t row = w->row; row < end; row++, place += s->output_stride) {
            vf x = load(s->output + place);
            if (s->residual) x += load(s->residual + place);
            x = activate(x, activation);
            if (s->residual || activation != MELA_IDENTITY) store(s->output + place, x);
            if (s->narrow) store_narrow(s->narrow + place, x);
        }
    }
}

/// Finishes so many of the rows that wait, or all if they are fewer.
static void finish_waiting(const mela_product *s, waiting *w, size_t rows) {
    const size_t end = w->end - w->row < rows ? w->end : w->row + rows;
    switch (s->activation) {  // one specialised loop per activation
    case MELA_IDENTITY:
        if (s->residual || s->narrow) finish_rows(s, w, end, MELA_IDENTITY);
        break;
    case MELA_RELU6: finish_rows(s, w, end, MELA_RELU6); break;
    case MELA_SILU: finish_rows(s, w, end, MELA_SILU); break;
    case MELA_SIGMOID: finish_rows(s, w, end, MELA_SIGMOID); break;
    }
    w->row = end;
}

/// A product on its way.
typedef struct {
    const mela_product *step;
    /// Rows of a tile; steps of the depth that it takes at once.
    size_t height, depth;
    const last_steps *last;
    waiting waiting;
} walk;

/// So many tiles of the input, from the rows `first` on, times so many vectors of channels. On the way the rows that wait are finished:
/// tiles have a unit of their own, which multiplies while vectors are activated.
MELA_INLINE void multiply_tiles(walk *w, const size_t *first, size_t channel, int tiles, int vectors) {
    const mela_product *s = w->step;
    const size_t input_bytes = s->input_stride * sizeof(uint16_t), weight_bytes = 2 * s->width * sizeof(uint16_t);
    const size_t share = (w->waiting.end - w->waiting.row) * w->depth / s->depth + 1;
    const uint16_t *weights = (const uint16_t *)s->panel + 2 * channel;
    const uint16_t *input[MELA_SUMS];
    MELA_UNROLLED for (int t = 0; t < tiles; t++) input[t] = (const uint16_t *)s->input + first[t] * s->input_stride;
#define MELA_BEGIN(I)                                                                                                              \
    if (I < tiles * vectors) _tile_loadd(I, s->bias + channel + I % vectors * MELA_CHANNELS, 0);
#define MELA_MULTIPLY(I)                                                                                                           \
    if (I < tiles * vectors) {                                                                                                     \
        if (I % vectors == 0) _tile_loadd(MELA_INPUT, input[I / vectors] + k, input_bytes);                                        \
        if (I == 0 || vectors > 1) _tile_loadd(MELA_WEIGHTS, weights + 2 * (I % vectors) * MELA_CHANNELS, weight_bytes);           \
        _tile_dpbf16ps(I, MELA_INPUT, MELA_WEIGHTS);                                                                               \
    }
#define MELA_END(I)                                                                                                                \
    if (I < tiles * vectors)                                                                                                       \
        _tile_stored(I,                                                                                                            \
            s->output + first[I / vectors] * s->output_stride + place_of(channel, s->vector_stride) +                              \
                I % vectors * s->vector_stride,                                                                                    \
            s->output_stride * sizeof(float));
    MELA_EACH_SUM(MELA_BEGIN)
    size_t k = 0;
    for (; k + w->depth <= s->depth; k += w->depth, weights += w->depth * s->width) {
        MELA_EACH_SUM(MELA_MULTIPLY)
        finish_waiting(s, &w->waiting, share);
    }
    if (k < s->depth) {
        k = s->depth - w->depth;
        weights = w->last->weights + 2 * channel;
        MELA_EACH_SUM(MELA_MULTIPLY)
    }
    finish_waiting(s, &w->waiting, s->rows);
    MELA_EACH_SUM(MELA_END)
#undef MELA_BEGIN
#undef MELA_MULTIPLY
#undef MELA_END
    w->waiting = (waiting){first[0], first[tiles - 1] + w->height, channel, (size_t)vectors};
}

#define MELA_DEFINE_GROUP(TILES, VECTORS)                                                                                          \
    static void multiply_##TILES##x##VECTORS(walk *w, const size_t *first, size_t channel) {                                       \
        multiply_tiles(w, first, channel, TILES, VECTORS);                                                                         \
    }
#define MELA_NAME_GROUP(TILES, VECTORS) [VECTORS][TILES] = multiply_##TILES##x##VECTORS,
#define MELA_EACH_GROUP(DO)                                                                                                        \
    DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1) DO(5, 1) DO(6, 1) DO(1, 2) DO(2, 2) DO(3, 2) DO(1, 3) DO(2, 3)
MELA_EACH_GROUP(MELA_DEFINE_GROUP)

/// Tiles are as even as can be; the last begins earlier rather than be lower, and makes some rows a second time.
static void multiply_channels(walk *w, size_t channel, size_t vectors) {
    static void (*const multiply[4][7])(walk *, const size_t *, size_t) = {MELA_EACH_GROUP(MELA_NAME_GROUP)};
    const size_t rows = w->step->rows, count = (rows + w->height - 1) / w->height;
    const size_t groups = (count * vectors + MELA_SUMS - 1) / MELA_SUMS;
    for (size_t group = 0; group < groups; group++) {
        const size_t begin = count * group / groups, tiles = count * (group + 1) / groups - begin;
        size_t first[MELA_SUMS];
        for (size_t t = 0; t < tiles; t++) {
            const size_t row = (begin + t) * w->height;
            first[t] = row + w->height > rows ? rows - w->height : row;
        }
        multiply[vectors][tiles](w, first, channel);
    }
}

static void bf16_product(const mela_product *s) {
    if (s->rows == 0) return;
    const size_t tiles = (s->rows + MELA_TILE_HEIGHT - 1) / MELA_TILE_HEIGHT;
    last_steps last;
    walk w = {
        .step = s,
        .height = (s->rows + tiles - 1) / tiles,
        .depth = s->depth < MELA_TILE_DEPTH ? s->depth : MELA_TILE_DEPTH,
        .last = &last,
    };
    if (s->depth % w.depth != 0) take_last_steps(s, &last);
    shape_tiles(w.height, w.depth);
    size_t vectors;
    for (size_t c = 0; c < s->width; c += vectors * MELA_CHANNELS) {
        vectors = (s->width - c) / MELA_CHANNELS;
        if (vectors > MELA_WIDEST / MELA_CHANNELS) vectors = MELA_WIDEST / MELA_CHANNELS;
        multiply_channels(&w, c, vectors);
    }
    finish_waiting(s, &w.waiting, s->rows);
}

/// Products of tiles in registers alone, in as many chains as hide their latency; returns the multiply-adds of a round.
static size_t bf16_peak(size_t rounds) {
    shape_tiles(MELA_TILE_HEIGHT, MELA_TILE_DEPTH);
    _tile_zero(MELA_INPUT);
    _tile_zero(MELA_WEIGHTS);
#define MELA_BEGIN(I) _tile_zero(I);
#define MELA_MULTIPLY(I) _tile_dpbf16ps(I, MELA_INPUT, MELA_WEIGHTS);
    MELA_EACH_SUM(MELA_BEGIN)
    for (size_t round = 0; round < rounds; round += MELA_SUMS) { MELA_EACH_SUM(MELA_MULTIPLY) }
#undef MELA_BEGIN
#undef MELA_MULTIPLY
    return MELA_TILE_HEIGHT * MELA_CHANNELS * MELA_TILE_DEPTH;
}
