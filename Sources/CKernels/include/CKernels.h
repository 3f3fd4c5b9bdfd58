// SIMD kernels over fp32 tensors in (H, W, C) order, one table per instruction set.
//
// Conventions of all kernels: sizes are in elements, not bytes; tensors are contiguous; no pointer may be null unless it says
// so; outputs do not overlap inputs unless it says so; nothing is allocated and no kernel fails.
#ifndef MELA_KERNELS_H
#define MELA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The function applied to each element after a convolution.
typedef enum {
    MELA_IDENTITY = 0,
    /// min(max(x, 0), 6)
    MELA_RELU6 = 1,
    /// x / (1 + exp(-x))
    MELA_SILU = 2,
} mela_activation;

/// One depthwise convolution with its folded batch norm and activation. Kernel size and stride are in the function's name.
typedef struct {
    /// (height, width, channels)
    const float *input;
    /// (k, k, channels)
    const float *weights;
    /// (channels)
    const float *bias;
    /// (out_height, out_width, channels)
    float *output;
    int32_t height, width, channels;
    int32_t out_height, out_width;
    /// Rows above and columns left of the input that count as zero; what lies below and right follows from the output's size.
    int32_t pad_top, pad_left;
} mela_depthwise;

typedef void (*mela_depthwise_function)(const mela_depthwise *step);

/// The stem: a dense 3x3 convolution at stride 2 from 3 channels, with its folded batch norm and activation.
typedef struct {
    /// (padded_height, padded_width, 3), the padding's zeros included: padded_height >= 2 * out_height + 1, likewise the width
    const float *input;
    /// (3, 3, 3, channels): row, column, input channel, output channel
    const float *weights;
    /// (channels)
    const float *bias;
    /// (out_height, out_width, channels)
    float *output;
    int32_t padded_width, channels;
    int32_t out_height, out_width;
    mela_activation activation;
} mela_stem;

/// The kernels of one instruction set.
typedef struct {
    /// "avx512", "avx2", "baseline" or "reference".
    const char *name;
    /// The depthwise convolution for a kernel size (3, 5), a stride (1, 2) and an activation; null for any other.
    mela_depthwise_function _Nullable (*_Nonnull f32_depthwise)(
        int32_t kernel, int32_t stride, mela_activation activation);
    void (*_Nonnull f32_stem_k3s2)(const mela_stem *step);
    /// x = activation(x * scale + bias) (+ residual, if not null), for x and residual of shape (rows, channels), in place. Scale and
    /// bias are a batch norm's, one a channel; a null scale is 1.
    void (*_Nonnull f32_scale_bias_activation)(
        float *x, const float *_Nullable scale, const float *bias, const float *_Nullable residual, size_t rows, size_t channels,
        mela_activation activation);
    /// mean[c] = average of x[., c] over the rows of x (rows, channels).
    void (*_Nonnull f32_channel_mean)(const float *x, float *mean, size_t rows, size_t channels);
    /// x[., c] *= scale[c] for x (rows, channels), in place.
    void (*_Nonnull f32_scale_channels)(float *x, const float *scale, size_t rows, size_t channels);
    /// x = 1 / (1 + exp(-x)), in place.
    void (*_Nonnull f32_sigmoid)(float *x, size_t count);
    /// y = x, exactly, from bfloat16: the upper half of a float. x needs an alignment of 2 bytes.
    void (*_Nonnull bf16_widen)(const uint16_t *x, float *y, size_t count);
    /// y = x, exactly, from IEEE 754 half precision. x needs an alignment of 2 bytes.
    void (*_Nonnull f16_widen)(const uint16_t *x, float *y, size_t count);
} mela_kernels;

/// The tables this processor can run, fastest first, the plain reference last; null from the end of the list on.
const mela_kernels *_Nullable mela_kernels_at(size_t index);

#pragma clang assume_nonnull end

#endif
