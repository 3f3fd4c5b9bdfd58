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

/// x * 2^n for whole n in -126...127.
MELA_INLINE vf scaled_by_power(vf x, vf n) {
#if MELA_LANES == 16
    return (vf)_mm512_scalef_ps((__m512)x, (__m512)n);
#else
    return x * (vf)((__builtin_convertvector(n, vi) + 127) << 23);
#endif
}

MELA_INLINE vf rounded(vf x) {
#if MELA_LANES == 16
    return (vf)_mm512_roundscale_ps((__m512)x, 0);
#else
    const vf shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
    return (x + shift) - shift;
#endif
}

/// 1 + exp(-x) for x >= -87; x above 87 is taken as 87.
///
/// exp(-x) = 2^n 2^f with n + f = -x log2(e), |f| <= 1/2; 2^f by a polynomial of degree 5 (least maximum of the relative error, 8e-8).
MELA_INLINE vf one_plus_exponential_of_negative(vf x) {
    const vf factor = splat(-1.44269504088896341f);
    x = minimum(splat(87.0f), x);
    const vf n = rounded(x * factor);
    const vf f = x * factor - n;
    vf p = splat(1.327647203e-3f);
    p = p * f + 9.675541480e-3f;
    p = p * f + 5.550713275e-2f;
    p = p * f + 2.402211972e-1f;
    p = p * f + 6.931469671e-1f;
    p = p * f + 1.000000072f;
    return scaled_by_power(p, n) + 1.0f;
}

MELA_INLINE vf activate(vf x, mela_activation activation) {
    switch (activation) {
    case MELA_RELU6: return minimum(splat(6.0f), maximum(splat(0.0f), x));
    case MELA_SILU:  // far below, 0 and not a huge number times 1e-38
        x = maximum(splat(-87.0f), x);
        return x / one_plus_exponential_of_negative(x);
    case MELA_SIGMOID: return 1.0f / one_plus_exponential_of_negative(maximum(splat(-87.0f), x));
    case MELA_IDENTITY: return x;
    }
    return x;
}
