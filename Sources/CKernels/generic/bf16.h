// What bf16 is made of: inputs and weights of products rounded to it, SiLU as near as it can tell, everything else in fp32.

MELA_DEFINE_DEPTHWISES(bf16, STORE_NARROW)

#ifdef MELA_AMX
#include "amx.h"
#else
#include "dot.h"
#endif

static void bf16_scale_rows(void *x, size_t stride, const float *gate, size_t rows, size_t width) {
    uint16_t *place = x;
    for (size_t row = 0; row < rows; row++, place += stride)
        for (size_t c = 0; c < width; c += MELA_LANES) {
            const __m512i wide = _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(place + c))), 16);
            store_narrow(place + c, (vf)wide * load(gate + c));
        }
}

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
    .scale_rows = bf16_scale_rows,
    .scale_panel = bf16_scale_panel,
    .peak = bf16_peak,
};
