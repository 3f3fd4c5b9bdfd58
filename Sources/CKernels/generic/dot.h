// Products of bf16 with AVX512-BF16: dot products of pairs along the depth, summed in fp32.

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

static void bf16_product(const mela_product *s) { each_tile(s, bf16_any_tile, sizeof(uint16_t), 2 * sizeof(uint16_t), FOR_BF16); }

/// Multiply-adds on registers alone, in as many chains as hide their latency; returns how many a round makes.
static size_t bf16_peak(size_t rounds) {
    __m512 sum[MELA_CHAINS];
    MELA_UNROLLED for (int i = 0; i < MELA_CHAINS; i++) sum[i] = _mm512_set1_ps((float)i);
    const __m512i factor = _mm512_set1_epi32(0x3F7F3F7F), other = _mm512_set1_epi32(0x30803080);
    for (size_t round = 0; round < rounds; round++)
        MELA_UNROLLED for (int i = 0; i < MELA_CHAINS; i++) sum[i] = dot(sum[i], factor, other);
    for (int i = 1; i < MELA_CHAINS; i++) sum[0] += sum[i];
    use((vf)sum[0]);
    return 2 * MELA_CHAINS * MELA_LANES;
}
