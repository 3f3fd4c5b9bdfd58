// The plain twins: each kernel as its definition reads, one element at a time, sums in double precision.
// Written apart from generic/ so that a test can hold one against the other.
#include "tables.h"

#include <math.h>
#include <string.h>

static double activated(double x, mela_activation activation) {
    switch (activation) {
    case MELA_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case MELA_SILU: return x / (1 + exp(-x));
    case MELA_SIGMOID: return 1 / (1 + exp(-x));
    case MELA_IDENTITY: return x;
    }
    return x;
}

static double widened(uint16_t x) {
    union {
        uint32_t bits;
        float value;
    } wide = {.bits = (uint32_t)x << 16};
    return wide.value;
}

/// To the nearest: one step of bfloat16 above and below, whichever is closer; the even one of two that are as close.
static uint16_t narrowed(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint16_t below = (uint16_t)(bits >> 16);
    if (isnan(x)) return below | 0x40;
    if ((bits & 0xFFFF) == 0) return below;
    uint16_t above = (uint16_t)(below + 1);
    double limit = ldexp(1, 128), up = (above & 0x7FFF) == 0x7F80 ? copysign(limit, x) : widened(above);
    double under = fabs(x - widened(below)), over = fabs(up - x);
    return under < over || (under == over && below % 2 == 0) ? below : above;
}

static double element(const void *x, size_t index, int is_bf16) {
    return is_bf16 ? widened(((const uint16_t *)x)[index]) : ((const float *)x)[index];
}

static size_t place_of(size_t c, size_t vector_stride) { return c / MELA_CHANNELS * vector_stride + c % MELA_CHANNELS; }

static double dot(const mela_product *s, size_t row, size_t c, int is_bf16) {
    const size_t width = s->width, depth = s->depth, first = row * s->input_stride;
    double sum = 0;
    for (size_t k = 0; k < depth; k++) {
        size_t weight = is_bf16 ? (k / 2 * width + c) * 2 + k % 2 : k * width + c;
        sum += element(s->input, first + k, is_bf16) * element(s->panel, weight, is_bf16);
    }
    return sum;
}

static void plain_product(const mela_product *s, int is_bf16) {
    for (size_t row = 0; row < s->rows; row++)
        for (size_t c = 0; c < s->width; c++) {
            size_t place = row * s->output_stride + place_of(c, s->vector_stride);
            double sum = s->bias[c] + (s->residual ? s->residual[place] : 0.0) + dot(s, row, c, is_bf16);
            s->output[place] = (float)activated(sum, s->activation);
            if (s->narrow) s->narrow[place] = narrowed(s->output[place]);
        }
}

static void f32_product(const mela_product *s) { plain_product(s, 0); }
static void bf16_product(const mela_product *s) { plain_product(s, 1); }

static void plain_depthwise(const mela_depthwise *s, int k, int stride, mela_activation activation, int is_bf16) {
    for (size_t i = 0; i < s->pixels * s->width; i++) {
        size_t c = i % s->width, x = i / s->width, lane = place_of(c, s->vector_stride);
        double sum = s->bias[c];
        for (int ky = 0; ky < k; ky++)
            for (int kx = 0; kx < k; kx++)
                sum += (double)s->rows[ky][(x * stride + kx) * s->pixel_stride + lane] * s->weights[(ky * k + kx) * s->width + c];
        float value = (float)activated(sum, activation);
        size_t place = x * s->output_stride + c;
        s->sum[c] += value;
        if (is_bf16)
            ((uint16_t *)s->output)[place] = narrowed(value);
        else
            ((float *)s->output)[place] = value;
    }
}

#define PLAIN_DEPTHWISE(TYPE, IS_BF16, K, S)                                                                                       \
    static void TYPE##_k##K##s##S##_relu6(const mela_depthwise *s) { plain_depthwise(s, K, S, MELA_RELU6, IS_BF16); }              \
    static void TYPE##_k##K##s##S##_silu(const mela_depthwise *s) { plain_depthwise(s, K, S, MELA_SILU, IS_BF16); }

#define PLAIN_DEPTHWISES(TYPE, IS_BF16)                                                                                            \
    PLAIN_DEPTHWISE(TYPE, IS_BF16, 3, 1)                                                                                           \
    PLAIN_DEPTHWISE(TYPE, IS_BF16, 3, 2)                                                                                           \
    PLAIN_DEPTHWISE(TYPE, IS_BF16, 5, 1)                                                                                           \
    PLAIN_DEPTHWISE(TYPE, IS_BF16, 5, 2)                                                                                           \
    static mela_depthwise_function TYPE##_depthwise(int32_t kernel, int32_t stride, mela_activation activation) {                  \
        if (kernel == 3 && stride == 1) return PLAIN_CHOICE(TYPE##_k3s1);                                                          \
        if (kernel == 3 && stride == 2) return PLAIN_CHOICE(TYPE##_k3s2);                                                          \
        if (kernel == 5 && stride == 1) return PLAIN_CHOICE(TYPE##_k5s1);                                                          \
        if (kernel == 5 && stride == 2) return PLAIN_CHOICE(TYPE##_k5s2);                                                          \
        return NULL;                                                                                                               \
    }

#define PLAIN_CHOICE(NAME) activation == MELA_RELU6 ? NAME##_relu6 : activation == MELA_SILU ? NAME##_silu : NULL

PLAIN_DEPTHWISES(f32, 0)
PLAIN_DEPTHWISES(bf16, 1)

static void f32_scale_rows(void *x, size_t stride, const float *gate, size_t rows, size_t width) {
    for (size_t i = 0; i < rows * width; i++) ((float *)x)[i / width * stride + i % width] *= gate[i % width];
}

static void bf16_scale_rows(void *x, size_t stride, const float *gate, size_t rows, size_t width) {
    for (size_t i = 0; i < rows * width; i++) {
        uint16_t *place = (uint16_t *)x + i / width * stride + i % width;
        *place = narrowed((float)widened(*place) * gate[i % width]);
    }
}

static void f32_scale_panel(const void *panel, const float *gate, void *scaled, size_t depth, size_t width) {
    for (size_t i = 0; i < depth * width; i++) ((float *)scaled)[i] = ((const float *)panel)[i] * gate[i / width];
}

static void bf16_scale_panel(const void *panel, const float *gate, void *scaled, size_t depth, size_t width) {
    for (size_t i = 0; i < depth * width; i++) {
        size_t k = i / (2 * width) * 2 + i % 2;
        ((uint16_t *)scaled)[i] = narrowed((float)widened(((const uint16_t *)panel)[i]) * gate[k]);
    }
}

static void plain_finish(
    float *x, size_t stride, const float *bias, const float *residual, size_t rows, size_t width, mela_activation activation) {
    for (size_t row = 0; row < rows; row++)
        for (size_t c = 0; c < width; c++) {
            size_t place = row * stride + c;
            x[place] = (float)activated((double)x[place] + bias[c] + (residual ? residual[place] : 0), activation);
        }
}

static void plain_add_rows(const float *x, size_t stride, float *sum, size_t rows, size_t width) {
    for (size_t c = 0; c < width; c++) {
        double total = sum[c];
        for (size_t row = 0; row < rows; row++) total += x[row * stride + c];
        sum[c] = (float)total;
    }
}

static void plain_bf16_narrow(const float *x, size_t x_stride, uint16_t *y, size_t y_stride, size_t rows, size_t width) {
    for (size_t row = 0; row < rows; row++)
        for (size_t c = 0; c < width; c++) y[row * y_stride + c] = narrowed(x[row * x_stride + c]);
}

static void plain_bf16_widen(const uint16_t *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = (float)widened(x[i]);
}

static void plain_f16_widen(const uint16_t *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int exponent = x[i] >> 10 & 31, fraction = x[i] & 1023;
        double value = exponent == 31 ? (fraction ? NAN : INFINITY)
            : exponent == 0           ? ldexp(fraction, -24)
                                      : ldexp(1024 + fraction, exponent - 25);
        y[i] = (float)(x[i] & 0x8000 ? -value : value);
    }
}

static size_t plain_peak(size_t rounds) {
    volatile float sum = 0;
    for (size_t round = 0; round < rounds; round++) sum = sum * 0.999f + 1e-9f;
    return 1;
}

#define PLAIN_FORMAT(TYPE)                                                                                                         \
    static const mela_format TYPE##_format = {                                                                                     \
        .product = TYPE##_product,                                                                                                 \
        .depthwise = TYPE##_depthwise,                                                                                             \
        .scale_rows = TYPE##_scale_rows,                                                                                           \
        .scale_panel = TYPE##_scale_panel,                                                                                         \
        .peak = plain_peak,                                                                                                        \
    };

PLAIN_FORMAT(f32)
PLAIN_FORMAT(bf16)

const mela_kernels mela_kernels_reference = {
    .name = "reference",
    .f32 = &f32_format,
    .bf16 = &bf16_format,
    .f32_finish = plain_finish,
    .f32_add_rows = plain_add_rows,
    .bf16_narrow = plain_bf16_narrow,
    .bf16_widen = plain_bf16_widen,
    .f16_widen = plain_f16_widen,
};
