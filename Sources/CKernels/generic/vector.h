// A vector of MELA_LANES floats in clang's vector extension: loads, stores, and the functions the kernels share.
// Included once per instruction set, inside its target region; everything here is static.
#include <stdint.h>
#include <string.h>

typedef float vf __attribute__((vector_size(MELA_LANES * 4)));
typedef int32_t vi __attribute__((vector_size(MELA_LANES * 4)));
typedef float vf_unaligned __attribute__((vector_size(MELA_LANES * 4), aligned(4)));

#define MELA_INLINE static inline __attribute__((always_inline))

/// Before a loop of few, known turns over an array of vectors: unrolled, so that the array lives in registers.
#define MELA_UNROLLED _Pragma("clang loop unroll(full)")

MELA_INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }

MELA_INLINE void store(float *p, vf x) { *(vf_unaligned *)p = x; }

#ifdef MELA_BF16
/// Rounded to bf16; what is subnormal becomes zero.
MELA_INLINE void store_narrow(uint16_t *p, vf x) {
    const __m256bh narrow = _mm512_cvtneps_pbh((__m512)x);
    memcpy(p, &narrow, sizeof narrow);
}
#endif

/// Where a channel lies in a buffer of vectors of MELA_CHANNELS each.
MELA_INLINE size_t place_of(size_t channel, size_t vector_stride) {
    return channel / MELA_CHANNELS * vector_stride + channel % MELA_CHANNELS;
}

MELA_INLINE vf splat(float x) { return x - (vf){0}; }

/// b where one of them is no number: what is not a number must come out as such.
MELA_INLINE vf minimum(vf a, vf b) {
    vi less = a < b;
    return (vf)(((vi)a & less) | ((vi)b & ~less));
}

MELA_INLINE vf maximum(vf a, vf b) {
    vi greater = a > b;
    return (vf)(((vi)a & greater) | ((vi)b & ~greater));
}

/// 1 + exp(-x) for x in -87...87.
///
/// exp(-x) = 2^n 2^f with n + f = -x log2(e): n whole, |f| <= 1/2 and 2^f by a polynomial of degree 5; or, where 32 powers can be looked
/// up at once, n and f in 32nds and degree 2. Both have the least maximum of the relative error, 8e-8 and 6e-8.
#if MELA_LANES == 16
/// The bits of 2^(j / 32), less j << 18: what adding an index in 32nds, shifted by 18, puts back.
static const int32_t powers[32] __attribute__((aligned(64))) = {
    0x3F800000, 0x3F7ECD87, 0x3F7DAAC3, 0x3F7C980F, 0x3F7B95C2, 0x3F7AA43A, 0x3F79C3D3, 0x3F78F4F0,
    0x3F7837F0, 0x3F778D3A, 0x3F76F532, 0x3F767043, 0x3F75FED7, 0x3F75A15B, 0x3F75583F, 0x3F7523F6,
    0x3F7504F3, 0x3F74FBAF, 0x3F7508A4, 0x3F752C4D, 0x3F75672A, 0x3F75B9BE, 0x3F76248C, 0x3F76A81E,
    0x3F7744FD, 0x3F77FBB8, 0x3F78CCDF, 0x3F79B907, 0x3F7AC0C7, 0x3F7BE4BA, 0x3F7D257D, 0x3F7E83B3,
};

MELA_INLINE vf one_plus_exponential_of_negative(vf x) {
    const vf factor = splat(-46.1662413084468284f);
    const vf shift = splat(0x1.8p23f);  // adding it rounds to the nearest integer, and leaves that in the lowest bits
    const vf index = x * factor + shift;
    const vf f = x * factor - (index - shift);
    const vf fraction = (vf)_mm512_permutex2var_ps(
        _mm512_load_ps((const float *)powers), (__m512i)index, _mm512_load_ps((const float *)(powers + 16)));
    const vf p = (vf)((vi)fraction + ((vi)index << 18));
    return p * f * (f * 2.345961982e-4f + 2.166116699e-2f) + (p + 1.0f);
}
#else
MELA_INLINE vf one_plus_exponential_of_negative(vf x) {
    const vf factor = splat(-1.44269504088896341f);
    const vf shift = splat(0x1.8p23f);  // adding it rounds to the nearest integer, and leaves that in the lowest bits
    const vf n = x * factor + shift;
    const vf f = x * factor - (n - shift);
    vf p = splat(1.327647203e-3f);
    p = p * f + 9.675541480e-3f;
    p = p * f + 5.550713275e-2f;
    p = p * f + 2.402211972e-1f;
    p = p * f + 6.931469671e-1f;
    p = p * f + 1.000000072f;
    return (vf)((vi)p + ((vi)n << 23)) + 1.0f;
}
#endif

#ifdef MELA_SILU_TABLE
#include "silu_table.h"
#else
MELA_INLINE vf silu(vf x) {
#if MELA_LANES == 16  // the smaller magnitude with the sign of x: one instruction, but NaN becomes 87, and stays in the numerator
    return x / one_plus_exponential_of_negative((vf)_mm512_range_ps((__m512)x, (__m512)splat(87.0f), 2));
#else
    return x / one_plus_exponential_of_negative(maximum(splat(-87.0f), minimum(splat(87.0f), x)));
#endif
}
#endif

#ifdef MELA_BF16
#include "silu_bf16.h"
#else
#define silu_bf16 silu
#endif

/// How near SiLU must come: as near as fp32 can tell it, or as bf16 can.
typedef enum { FOR_FP32, FOR_BF16 } nearness;

MELA_INLINE vf activate(vf x, mela_activation activation, nearness near) {
    switch (activation) {
    case MELA_RELU6: return minimum(splat(6.0f), maximum(splat(0.0f), x));
    case MELA_SILU: return near == FOR_BF16 ? silu_bf16(x) : silu(x);
    case MELA_SIGMOID: return 1.0f / one_plus_exponential_of_negative(maximum(splat(-87.0f), minimum(splat(87.0f), x)));
    case MELA_IDENTITY: return x;
    }
    return x;
}
