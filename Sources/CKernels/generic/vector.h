// A vector of MELA_LANES floats in clang's vector extension: loads, stores, and the functions the kernels share.
// Included once per instruction set, inside its target region; everything here is static.
#include <stdint.h>
#include <string.h>

typedef float vf __attribute__((vector_size(MELA_LANES * 4)));
typedef int32_t vi __attribute__((vector_size(MELA_LANES * 4)));
typedef float vf_unaligned __attribute__((vector_size(MELA_LANES * 4), aligned(4)));

#define MELA_INLINE static inline __attribute__((always_inline))

MELA_INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }

MELA_INLINE void store(float *p, vf x) { *(vf_unaligned *)p = x; }

/// The first n (< MELA_LANES) floats at p, zeros behind them.
MELA_INLINE vf load_first(const float *p, size_t n) {
    float lanes[MELA_LANES] = {0};
    memcpy(lanes, p, n * sizeof(float));
    return load(lanes);
}

MELA_INLINE void store_first(float *p, vf x, size_t n) {
    float lanes[MELA_LANES];
    store(lanes, x);
    memcpy(p, lanes, n * sizeof(float));
}

MELA_INLINE vf splat(float x) { return x - (vf){0}; }

MELA_INLINE vf minimum(vf a, vf b) {
    vi less = a < b;
    return (vf)(((vi)a & less) | ((vi)b & ~less));
}

MELA_INLINE vf maximum(vf a, vf b) {
    vi greater = a > b;
    return (vf)(((vi)a & greater) | ((vi)b & ~greater));
}

/// exp(x) for x clamped to -87...88; relative error below 2e-7 there.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite's split of ln 2 in two parts), exp(r) by its Taylor polynomial of degree 7
/// (remainder 5.5e-9 at the ends of the interval), 2^n by writing the exponent.
MELA_INLINE vf exponential(vf x) {
    x = minimum(maximum(x, splat(-87.0f)), splat(88.0f));
    const vf shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
    vf n = (x * 1.44269504088896341f + shift) - shift;
    vf r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    vf p = splat(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    vi exponent = (__builtin_convertvector(n, vi) + 127) << 23;
    return p * (vf)exponent;
}

MELA_INLINE vf sigmoid(vf x) { return 1.0f / (1.0f + exponential(-x)); }

MELA_INLINE vf activate(vf x, mela_activation activation) {
    switch (activation) {
    case MELA_RELU6: return minimum(maximum(x, splat(0.0f)), splat(6.0f));
    case MELA_SILU: return maximum(x, splat(-88.0f)) * sigmoid(x);  // far below, 0 and not a huge number times 1e-38
    case MELA_IDENTITY: return x;
    }
    return x;
}
