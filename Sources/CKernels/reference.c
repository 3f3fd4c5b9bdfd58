// The plain twins: each kernel as its definition reads, one element at a time, sums in double precision.
// Written apart from generic/ so that a test can hold one against the other.
#include "tables.h"

#include <math.h>

static double activated(double x, mela_activation activation) {
    switch (activation) {
    case MELA_RELU6: return fmin(fmax(x, 0), 6);
    case MELA_SILU: return x / (1 + exp(-x));
    case MELA_IDENTITY: return x;
    }
    return x;
}

static void plain_depthwise(const mela_depthwise *s, int k, int stride, mela_activation activation) {
    for (int y = 0; y < s->out_height; y++)
        for (int x = 0; x < s->out_width; x++)
            for (int c = 0; c < s->channels; c++) {
                double sum = s->bias[c];
                for (int ky = 0; ky < k; ky++)
                    for (int kx = 0; kx < k; kx++) {
                        int row = y * stride - s->pad_top + ky, column = x * stride - s->pad_left + kx;
                        if (row < 0 || row >= s->height || column < 0 || column >= s->width) continue;
                        sum += (double)s->input[((size_t)row * s->width + column) * s->channels + c] *
                            s->weights[(ky * k + kx) * s->channels + c];
                    }
                s->output[((size_t)y * s->out_width + x) * s->channels + c] = (float)activated(sum, activation);
            }
}

#define PLAIN_DEPTHWISE(K, S, NAME, ACTIVATION)                                                                                    \
    static void k##K##s##S##_##NAME(const mela_depthwise *step) { plain_depthwise(step, K, S, ACTIVATION); }

#define PLAIN_DEPTHWISE_ALL(K, S)                                                                                                  \
    PLAIN_DEPTHWISE(K, S, identity, MELA_IDENTITY)                                                                                 \
    PLAIN_DEPTHWISE(K, S, relu6, MELA_RELU6)                                                                                       \
    PLAIN_DEPTHWISE(K, S, silu, MELA_SILU)

PLAIN_DEPTHWISE_ALL(3, 1)
PLAIN_DEPTHWISE_ALL(3, 2)
PLAIN_DEPTHWISE_ALL(5, 1)
PLAIN_DEPTHWISE_ALL(5, 2)

static mela_depthwise_function plain_depthwise_of(int32_t kernel, int32_t stride, mela_activation activation) {
    static const mela_depthwise_function functions[2][2][3] = {
        {
            {k3s1_identity, k3s1_relu6, k3s1_silu},
            {k3s2_identity, k3s2_relu6, k3s2_silu},
        },
        {
            {k5s1_identity, k5s1_relu6, k5s1_silu},
            {k5s2_identity, k5s2_relu6, k5s2_silu},
        },
    };
    if ((kernel != 3 && kernel != 5) || (stride != 1 && stride != 2)) return NULL;
    return functions[(kernel - 3) / 2][stride - 1][activation];
}

static void plain_stem(const mela_stem *s) {
    for (int y = 0; y < s->out_height; y++)
        for (int x = 0; x < s->out_width; x++)
            for (int o = 0; o < s->channels; o++) {
                double sum = s->bias[o];
                for (int ky = 0; ky < 3; ky++)
                    for (int kx = 0; kx < 3; kx++)
                        for (int i = 0; i < 3; i++)
                            sum += (double)s->input[((size_t)(2 * y + ky) * s->padded_width + 2 * x + kx) * 3 + i] *
                                s->weights[((ky * 3 + kx) * 3 + i) * s->channels + o];
                s->output[((size_t)y * s->out_width + x) * s->channels + o] = (float)activated(sum, s->activation);
            }
}

static void plain_scale_bias_activation(
    float *x, const float *scale, const float *bias, const float *residual, size_t rows, size_t channels,
    mela_activation activation) {
    for (size_t i = 0; i < rows * channels; i++) {
        size_t c = i % channels;
        double y = (double)x[i] * (scale ? scale[c] : 1) + bias[c];
        x[i] = (float)(activated(y, activation) + (residual ? residual[i] : 0));
    }
}

static void plain_channel_mean(const float *x, float *mean, size_t rows, size_t channels) {
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t row = 0; row < rows; row++) sum += x[row * channels + c];
        mean[c] = (float)(sum / (double)rows);
    }
}

static void plain_scale_channels(float *x, const float *scale, size_t rows, size_t channels) {
    for (size_t i = 0; i < rows * channels; i++) x[i] *= scale[i % channels];
}

static void plain_sigmoid(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = (float)(1 / (1 + exp(-(double)x[i])));
}

static void plain_bf16_widen(const uint16_t *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        union { uint32_t bits; float value; } wide = {.bits = (uint32_t)x[i] << 16};
        y[i] = wide.value;
    }
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

const mela_kernels mela_kernels_reference = {
    .name = "reference",
    .f32_depthwise = plain_depthwise_of,
    .f32_stem_k3s2 = plain_stem,
    .f32_scale_bias_activation = plain_scale_bias_activation,
    .f32_channel_mean = plain_channel_mean,
    .f32_scale_channels = plain_scale_channels,
    .f32_sigmoid = plain_sigmoid,
    .bf16_widen = plain_bf16_widen,
    .f16_widen = plain_f16_widen,
};
