// Depthwise convolution of one row: a vector of channels at a time, its weights in registers while the pixels go by. Sums are
// activated a stretch of pixels later, so that the activation's constants do not drive the weights out of the registers.

/// Pixels whose sums run side by side, so that one hides the other's latency: as many as the weights leave registers for.
#define MELA_PIXELS(k) ((k) == 3 ? 8 : 4)
/// Pixels summed before they are activated.
#define MELA_STRETCH 32

/// The sums of neighbouring pixels for one vector of channels; `rows[ky]` points under the window's first column.
MELA_INLINE void depthwise_sums(
    const float *const *rows, size_t width, const vf *weights, vf bias, int k, int stride, int pixels, float *sums) {
    vf sum[MELA_PIXELS(3)];
    MELA_UNROLLED for (int p = 0; p < pixels; p++) sum[p] = bias;
    MELA_UNROLLED for (int ky = 0; ky < k; ky++)
        MELA_UNROLLED for (int kx = 0; kx < k; kx++)
            MELA_UNROLLED for (int p = 0; p < pixels; p++) sum[p] += load(rows[ky] + (p * stride + kx) * width) * weights[ky * k + kx];
    MELA_UNROLLED for (int p = 0; p < pixels; p++) store(sums + p * MELA_LANES, sum[p]);
}

/// Writes at `place`, counted in elements of the output's format; a whole line of fp32 that the caches will not keep goes past them.
MELA_INLINE void store_as(void *output, size_t place, vf x, int is_narrow, int is_large) {
#ifdef MELA_BF16
    if (is_narrow) {
        const __m256bh narrow = _mm512_cvtneps_pbh((__m512)x);
        memcpy((uint16_t *)output + place, &narrow, sizeof narrow);
        return;
    }
#endif
    (void)is_narrow;
    if (is_large && MELA_LANES == 16)
        __builtin_nontemporal_store(x, (vf *)((float *)output + place));
    else
        store((float *)output + place, x);
}

MELA_INLINE void depthwise(const mela_depthwise *s, int k, int stride, mela_activation activation, int is_narrow) {
    const size_t step = stride * s->width;
    for (size_t c = 0; c < s->width; c += MELA_LANES) {
        vf weights[25];
        MELA_UNROLLED for (int tap = 0; tap < k * k; tap++) weights[tap] = load(s->weights + tap * s->width + c);
        const vf bias = load(s->bias + c);
        const float *rows[5];
        MELA_UNROLLED for (int ky = 0; ky < k; ky++) rows[ky] = s->rows[ky] + c;
        vf total = splat(0.0f);
        for (size_t first = 0; first < s->pixels; first += MELA_STRETCH) {
            const size_t count = s->pixels - first < MELA_STRETCH ? s->pixels - first : MELA_STRETCH;
            float sums[MELA_STRETCH * MELA_LANES];
            size_t x = 0;
            for (; x + MELA_PIXELS(k) <= count; x += MELA_PIXELS(k)) {
                depthwise_sums(rows, s->width, weights, bias, k, stride, MELA_PIXELS(k), sums + x * MELA_LANES);
                MELA_UNROLLED for (int ky = 0; ky < k; ky++) rows[ky] += MELA_PIXELS(k) * step;
            }
            for (; x < count; x++) {
                depthwise_sums(rows, s->width, weights, bias, k, stride, 1, sums + x * MELA_LANES);
                MELA_UNROLLED for (int ky = 0; ky < k; ky++) rows[ky] += step;
            }
            for (x = 0; x < count; x++) {
                const vf value = activate(load(sums + x * MELA_LANES), activation);
                store_as(s->output, (first + x) * s->output_stride + c, value, is_narrow, s->is_large);
                total += value;
            }
        }
        store(s->sum + c, load(s->sum + c) + total);
    }
}

#define MELA_DEFINE_DEPTHWISE(TYPE, K, S, NAME, ACTIVATION, IS_NARROW)                                                             \
    static void TYPE##_depthwise_k##K##s##S##_##NAME(const mela_depthwise *s) { depthwise(s, K, S, ACTIVATION, IS_NARROW); }

#define MELA_DEFINE_ACTIVATIONS(TYPE, K, S, IS_NARROW)                                                                             \
    MELA_DEFINE_DEPTHWISE(TYPE, K, S, identity, MELA_IDENTITY, IS_NARROW)                                                          \
    MELA_DEFINE_DEPTHWISE(TYPE, K, S, relu6, MELA_RELU6, IS_NARROW)                                                                \
    MELA_DEFINE_DEPTHWISE(TYPE, K, S, silu, MELA_SILU, IS_NARROW)

#define MELA_ACTIVATIONS(TYPE, K, S)                                                                                               \
    {TYPE##_depthwise_k##K##s##S##_identity, TYPE##_depthwise_k##K##s##S##_relu6, TYPE##_depthwise_k##K##s##S##_silu}

/// All depthwise convolutions of a format, and the function that finds one.
#define MELA_DEFINE_DEPTHWISES(TYPE, IS_NARROW)                                                                                    \
    MELA_DEFINE_ACTIVATIONS(TYPE, 3, 1, IS_NARROW)                                                                                 \
    MELA_DEFINE_ACTIVATIONS(TYPE, 3, 2, IS_NARROW)                                                                                 \
    MELA_DEFINE_ACTIVATIONS(TYPE, 5, 1, IS_NARROW)                                                                                 \
    MELA_DEFINE_ACTIVATIONS(TYPE, 5, 2, IS_NARROW)                                                                                 \
    static mela_depthwise_function TYPE##_depthwise(int32_t kernel, int32_t stride, mela_activation activation) {                  \
        static const mela_depthwise_function functions[2][2][3] = {                                                                \
            {MELA_ACTIVATIONS(TYPE, 3, 1), MELA_ACTIVATIONS(TYPE, 3, 2)},                                                          \
            {MELA_ACTIVATIONS(TYPE, 5, 1), MELA_ACTIVATIONS(TYPE, 5, 2)},                                                          \
        };                                                                                                                         \
        if ((kernel != 3 && kernel != 5) || (stride != 1 && stride != 2) || activation == MELA_SIGMOID) return NULL;               \
        return functions[(kernel - 3) / 2][stride - 1][activation];                                                                \
    }

MELA_DEFINE_DEPTHWISES(f32, 0)
