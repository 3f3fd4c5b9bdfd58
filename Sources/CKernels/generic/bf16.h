// bf16 with AVX512-BF16: products of pairs along the depth, summed in fp32.

MELA_DEFINE_DEPTHWISES(bf16, STORE_NARROW)

MELA_INLINE __m512 dot(__m512 sum, __m512i a, __m512i b) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }

MELA_INLINE void bf16_tile(const tile *t, int rows, int vectors) {
    vf sum[14 * 3];
    begin_tile(t, rows, vectors, sum);
    const uint16_t *input = (const uint16_t *)t->input, *panel = (const uint16_t *)t->panel;
    for (size_t k = 0; k < t->depth; k += 2, panel += 2 * t->width) {
        __m512i weights[MELA_TILE_VECTORS];
        MELA_UNROLLED for (int v = 0; v < vectors; v++) weights[v] = _mm512_loadu_si512(panel + 2 * v * MELA_LANES);
        MELA_UNROLLED for (int row = 0; row < rows; row++) {
            int32_t pair;
            memcpy(&pair, input + row * t->input_stride + k, sizeof pair);
            MELA_UNROLLED for (int v = 0; v < vectors; v++)
                sum[row * vectors + v] = (vf)dot((__m512)sum[row * vectors + v], weights[v], _mm512_set1_epi32(pair));
        }
    }
    end_tile(t, rows, vectors, sum);
}

MELA_DEFINE_TILES(bf16)

static void bf16_product(const mela_product *s) { each_tile(s, bf16_any_tile, sizeof(uint16_t), 2 * sizeof(uint16_t)); }

static void bf16_scale_panel(const void *panel, const float *gate, void *scaled, size_t depth, size_t width) {
    const __m512i odd = _mm512_set1_epi32((int32_t)0xFFFF0000u);
    const uint16_t *from = panel;
    uint16_t *to = scaled;
    for (size_t k = 0; k < depth; k += 2) {
        const __m512 even_gate = _mm512_set1_ps(gate[k]), odd_gate = _mm512_set1_ps(gate[k + 1]);
        for (size_t c = 0; c < width; c += MELA_LANES, from += 2 * MELA_LANES, to += 2 * MELA_LANES) {
            const __m512i pairs = _mm512_loadu_si512(from);
            const __m512 evens = _mm512_mul_ps((__m512)_mm512_slli_epi32(pairs, 16), even_gate);
            const __m512 odds = _mm512_mul_ps((__m512)_mm512_and_si512(pairs, odd), odd_gate);
            const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(evens));
            const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odds)), 16);
            _mm512_storeu_si512(to, _mm512_or_si512(low, high));
        }
    }
}

static const mela_format bf16_format = {
    .product = bf16_product,
    .depthwise = bf16_depthwise,
    .scale_panel = bf16_scale_panel,
};
