// Depthwise convolution of one row: a vector of channels and a few neighbouring pixels at a time, their sums in registers.

/// Pixels whose sums run side by side, at most: so many that one hides the other's latency, of the registers there are.
#define MELA_PIXELS (MELA_LANES == 16 ? 12 : 8)

/// From one pixel of the input to the next: known beforehand where rows are planes.
#ifdef MELA_PREFERS_LIBRARY
#define MELA_PIXEL_STRIDE(s) (s)->pixel_stride
#else
#define MELA_PIXEL_STRIDE(s) MELA_CHANNELS
#endif

/// How outputs are written.
typedef enum {
    STORE,
    /// fp32 that the caches will not keep, a whole line at a time.
    STORE_PAST_CACHES,
    STORE_NARROW,
} storage;

/// Writes at `place`, counted in elements of the output's format.
MELA_INLINE void store_as(void *output, size_t place, vf x, storage how) {
#ifdef MELA_BF16
    if (how == STORE_NARROW) return store_narrow((uint16_t *)output + place, x);
#endif
    if (how == STORE_PAST_CACHES)
        __builtin_nontemporal_store(x, (vf *)((float *)output + place));
    else
        store((float *)output + place, x);
}

/// Neighbouring pixels from `x` on for one vector of channels; returns their sum.
MELA_INLINE vf depthwise_pixels(
    const mela_depthwise *s, size_t c, size_t x, int pixels, int k, int stride, mela_activation activation, storage how) {
    vf sum[MELA_PIXELS];
    const vf bias = load(s->bias + c);
    MELA_UNROLLED for (int p = 0; p < pixels; p++) sum[p] = bias;
    MELA_UNROLLED for (int ky = 0; ky < k; ky++) {
        const float *row = s->rows[ky] + place_of(c, s->vector_stride) + x * stride * MELA_PIXEL_STRIDE(s);
        const float *weights = s->weights + ky * k * s->width + c;
        MELA_UNROLLED for (int kx = 0; kx < k; kx++) {
            const vf weight = load(weights + kx * s->width);
            MELA_UNROLLED for (int p = 0; p < pixels; p++) sum[p] += load(row + (p * stride + kx) * MELA_PIXEL_STRIDE(s)) * weight;
        }
    }
    vf total = splat(0.0f);
    MELA_UNROLLED for (int p = 0; p < pixels; p++) {
        const vf value = activate(sum[p], activation, how == STORE_NARROW ? FOR_BF16 : FOR_FP32);
        store_as(s->output, (x + p) * s->output_stride + c, value, how);
        total += value;
    }
    return total;
}

#define MELA_GROUP(P)                                                                                                              \
    case P:                                                                                                                        \
        if (P <= MELA_PIXELS) total += depthwise_pixels(s, c, x, P, k, stride, activation, how);                                   \
        break;

/// The row in groups of pixels, as even as can be, with code of its own for each size.
MELA_INLINE void depthwise(const mela_depthwise *s, int k, int stride, mela_activation activation, storage how) {
    const size_t groups = (s->pixels + MELA_PIXELS - 1) / MELA_PIXELS;
    for (size_t c = 0; c < s->width; c += MELA_LANES) {
        vf total = splat(0.0f);
        size_t x = 0;
        for (size_t i = 0; i < groups; i++) {
            const size_t end = s->pixels * (i + 1) / groups;
            switch (end - x) {
                MELA_GROUP(1) MELA_GROUP(2) MELA_GROUP(3) MELA_GROUP(4) MELA_GROUP(5) MELA_GROUP(6)
                MELA_GROUP(7) MELA_GROUP(8) MELA_GROUP(9) MELA_GROUP(10) MELA_GROUP(11) MELA_GROUP(12)
            }
            x = end;
        }
        store(s->sum + c, load(s->sum + c) + total);
    }
}

#define MELA_DEFINE_DEPTHWISE(TYPE, K, S, NAME, ACTIVATION, HOW)                                                                   \
    static void TYPE##_depthwise_k##K##s##S##_##NAME(const mela_depthwise *s) {                                                    \
        if (HOW == STORE && MELA_LANES == MELA_CHANNELS && s->is_large)                                                            \
            depthwise(s, K, S, ACTIVATION, STORE_PAST_CACHES);                                                                     \
        else                                                                                                                       \
            depthwise(s, K, S, ACTIVATION, HOW);                                                                                   \
    }

#define MELA_DEFINE_ACTIVATIONS(TYPE, K, S, HOW)                                                                                   \
    MELA_DEFINE_DEPTHWISE(TYPE, K, S, relu6, MELA_RELU6, HOW)                                                                      \
    MELA_DEFINE_DEPTHWISE(TYPE, K, S, silu, MELA_SILU, HOW)

#define MELA_ACTIVATIONS(TYPE, K, S)                                                                                               \
    {[MELA_RELU6] = TYPE##_depthwise_k##K##s##S##_relu6, [MELA_SILU] = TYPE##_depthwise_k##K##s##S##_silu}

/// All depthwise convolutions of a format, and the function that finds one.
#define MELA_DEFINE_DEPTHWISES(TYPE, HOW)                                                                                          \
    MELA_DEFINE_ACTIVATIONS(TYPE, 3, 1, HOW)                                                                                       \
    MELA_DEFINE_ACTIVATIONS(TYPE, 3, 2, HOW)                                                                                       \
    MELA_DEFINE_ACTIVATIONS(TYPE, 5, 1, HOW)                                                                                       \
    MELA_DEFINE_ACTIVATIONS(TYPE, 5, 2, HOW)                                                                                       \
    static mela_depthwise_function TYPE##_depthwise(int32_t kernel, int32_t stride, mela_activation activation) {                  \
        static const mela_depthwise_function functions[2][2][4] = {                                                                \
            {MELA_ACTIVATIONS(TYPE, 3, 1), MELA_ACTIVATIONS(TYPE, 3, 2)},                                                          \
            {MELA_ACTIVATIONS(TYPE, 5, 1), MELA_ACTIVATIONS(TYPE, 5, 2)},                                                          \
        };                                                                                                                         \
        if ((kernel != 3 && kernel != 5) || (stride != 1 && stride != 2)) return NULL;                                             \
        return functions[(kernel - 3) / 2][stride - 1][activation];                                                                \
    }

MELA_DEFINE_DEPTHWISES(f32, STORE)
