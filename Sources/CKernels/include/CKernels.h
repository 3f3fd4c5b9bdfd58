// SIMD kernels over tensors in (H, W, C) order, one table per instruction set.
//
// Conventions of all kernels: sizes and strides are in elements, not bytes; no pointer may be null unless it says so; outputs do not
// overlap inputs unless it says so; nothing is allocated and no kernel fails.
//
// Channels are worked on in blocks: `width` is 16, 32 or 48 of them, and every buffer that a block is written to has room for whole
// blocks. What a network lacks of a whole block has zero weights and zero biases, so its values stay zero until an activation that gives another for zero; nobody reads them.
#ifndef MELA_KERNELS_H
#define MELA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Channels are padded to multiples of so many: 64 bytes of fp32, the widest vector there is.
#define MELA_CHANNELS 16
/// Bytes of a cache line.
#define MELA_LINE_BYTES 64
/// The widest block of channels.
#define MELA_WIDEST 48

/// The function applied to each element after a convolution.
typedef enum {
    MELA_IDENTITY = 0,
    /// min(max(x, 0), 6)
    MELA_RELU6 = 1,
    /// x / (1 + exp(-x)). Of what is far below zero more may be left than 0: exp(-x) is at most e^87 or, where the function is looked up,
    /// its value stays at -4e-7, in bf16 at -7.4e-5.
    MELA_SILU = 2,
    /// 1 / (1 + exp(-x))
    MELA_SIGMOID = 3,
} mela_activation;

/// Memory that the caller will read soon: a kernel may ask for it bit by bit while it works on something else, and most do not.
typedef struct {
    /// The start of a cache line; null where nothing comes.
    const void *_Nullable start;
    /// Cache lines.
    size_t lines;
} mela_coming;

/// A pointwise convolution of some positions into one block of channels: output = activation(input x panel + bias (+ residual)).
typedef struct {
    /// (rows, depth), rows `input_stride` apart, which may overlap; fp32, or bf16 for a bf16 kernel, whose depth is even.
    const void *input;
    size_t input_stride;
    /// The block's weights. fp32: (depth, width). bf16: (depth / 2, width, 2), so that the two factors of a dot product lie side by side.
    const void *panel;
    /// Of a bf16 panel whose depth is more than a tile's and no multiple of it, the last steps again as one tile takes them,
    /// (tile_depth / 2, width, 2): what the tiles before it have summed has zero weights. Null: to be made on the way.
    const void *_Nullable last_steps;
    /// (width)
    const float *bias;
    /// As the output; must not overlap it.
    const float *_Nullable residual;
    /// (rows, width): rows `output_stride` apart, and each MELA_CHANNELS of a row `vector_stride`.
    float *output;
    /// The output a second time, rounded to bf16; null for kernels that have no bf16. Only without an activation.
    uint16_t *_Nullable narrow;
    size_t output_stride, vector_stride;
    size_t rows, depth, width;
    mela_activation activation;
    /// The input is in no cache yet: a kernel may ask for rows before it comes to them, and for as many past the last.
    int32_t is_far;
    /// What the thread will read after this product: the weights of its next block.
    mela_coming coming;
} mela_product;

/// One row of a depthwise convolution for one block of channels, its folded batch norm and activation. Kernel size, stride and
/// activation are in the function.
typedef struct {
    /// k rows, each ((pixels - 1) * stride + k, width), the padding's zeros in them: pixels `pixel_stride` apart, and each MELA_CHANNELS
    /// of a pixel `vector_stride`. `pixel_stride` must be MELA_CHANNELS, unless the table prefers a library.
    const float *_Nonnull const *_Nonnull rows;
    /// (k, k, width)
    const float *weights;
    /// (width)
    const float *bias;
    /// (pixels, width), pixels `output_stride` apart, aligned to a vector; fp32, or bf16 for a bf16 kernel.
    void *output;
    size_t output_stride;
    /// (width): the sum of the outputs is added, before they are narrowed.
    float *sum;
    size_t pixels, width, pixel_stride, vector_stride;
    /// The whole output is too large to be found in a cache later: it may be written past the caches.
    int32_t is_large;
} mela_depthwise;

typedef void (*mela_depthwise_function)(const mela_depthwise *step);

/// What differs between fp32 and bf16: the format of a product's input and weights, and how near SiLU is (to 9.1e-5 in bf16). Sums and
/// biases are always fp32.
typedef struct {
    void (*_Nonnull product)(const mela_product *step);
    /// The depthwise convolution for a kernel size (3, 5), a stride (1, 2) and an activation (ReLU6, SiLU); null for any other.
    mela_depthwise_function _Nullable (*_Nonnull depthwise)(int32_t kernel, int32_t stride, mela_activation activation);
    /// The scale of a squeeze-and-excitation, in place: x (rows, width) times gate (width), rows `stride` apart.
    void (*_Nonnull scale_rows)(void *x, size_t stride, const float *gate, size_t rows, size_t width);
    /// The same moved to the weights of the product that reads x: scaled = panel with each input channel's weights times its gate (depth).
    void (*_Nonnull scale_panel)(const void *panel, const float *gate, void *scaled, size_t depth, size_t width);
    /// Multiply-adds of the product on registers alone, so many rounds; returns how many a round makes. For measurements: what the
    /// processor can do at most.
    size_t (*_Nonnull peak)(size_t rounds);
} mela_format;

/// The kernels of one instruction set.
typedef struct {
    /// "amx", "avx512bf16", "avx512", "avx2", "baseline" or "reference".
    const char *name;
    const mela_format *f32;
    /// A library's product of fp32 is faster than this one, where it can be used: rows of the input may not overlap, nor the vectors of a row lie apart.
    int32_t prefers_library;
    /// Null where the processor has no dot product of bf16.
    const mela_format *_Nullable bf16;
    /// So many steps of the depth are one tile of a bf16 product; 0 where there are no tiles.
    size_t tile_depth;
    /// x = activation(x + bias (+ residual, if not null)), for x and residual (rows, width), rows `stride` apart, in place.
    void (*_Nonnull f32_finish)(
        float *x, size_t stride, const float *bias, const float *_Nullable residual, size_t rows, size_t width,
        mela_activation activation);
    /// sum[c] += x[., c] over the rows of x (rows, width), rows `stride` apart.
    void (*_Nonnull f32_add_rows)(const float *x, size_t stride, float *sum, size_t rows, size_t width);
    /// y = x rounded to the nearest bfloat16, ties to even; NaN stays NaN. x and y: (rows, width), rows `x_stride` and `y_stride` apart.
    void (*_Nonnull bf16_narrow)(const float *x, size_t x_stride, uint16_t *y, size_t y_stride, size_t rows, size_t width);
    /// y = x, exactly, from bfloat16: the upper half of a float. x needs an alignment of 2 bytes.
    void (*_Nonnull bf16_widen)(const uint16_t *x, float *y, size_t count);
    /// y = x, exactly, from IEEE 754 half precision; not where subnormal numbers are zero. x needs an alignment of 2 bytes.
    void (*_Nonnull f16_widen)(const uint16_t *x, float *y, size_t count);
} mela_kernels;

/// For loops that wait for another thread: a hint to the processor, and a turn for other threads.
void mela_pause(void);
void mela_yield(void);

/// From now on subnormal numbers are zero on this thread, as they are to the instructions of bf16: on Intel's processors an operation
/// that meets one takes over a hundred cycles. Returns how the thread has treated them until now.
uint64_t mela_flush_subnormals(void);
/// As `mela_flush_subnormals` returned it on the same thread, all of whose floating-point mode is set back.
void mela_treat_subnormals(uint64_t as_before);

/// The tables this processor can run, fastest first, the plain reference last; null from the end of the list on.
const mela_kernels *_Nullable mela_kernels_at(size_t index);

#pragma clang assume_nonnull end

#endif
