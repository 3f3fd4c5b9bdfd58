// Depthwise convolution, vectorised over channels; pixels whose window lies inside the image go in blocks that share loads.

/// Output pixels computed together where no padding is touched.
#define MELA_BLOCK 4

/// `pixels` neighbouring output pixels at channels c..., taps [ky0, ky1) x [kx0, kx1).
/// `origin` is the input element under tap (0, 0) of the first pixel; taps outside the given range are not read.
MELA_INLINE void depthwise_pixels(
    const mela_depthwise *step, const float *origin, float *output, int k, int stride, mela_activation activation, int pixels,
    int ky0, int ky1, int kx0, int kx1) {
    const ptrdiff_t channels = step->channels, row = (ptrdiff_t)step->width * channels;
    ptrdiff_t c = 0;
    for (;;) {
        vf sum[MELA_BLOCK];
        const vf bias = load(step->bias + c);
        for (int p = 0; p < pixels; p++) sum[p] = bias;
        for (int ky = ky0; ky < ky1; ky++) {
            for (int kx = kx0; kx < kx1; kx++) {
                const vf weight = load(step->weights + (ky * k + kx) * channels + c);
                const float *source = origin + ky * row + kx * channels + c;
                for (int p = 0; p < pixels; p++) sum[p] += load(source + p * stride * channels) * weight;
            }
        }
        for (int p = 0; p < pixels; p++) store(output + p * channels + c, activate(sum[p], activation));
        if (c + MELA_LANES >= channels) break;
        // The last vector may overlap the one before it: the same values are written twice.
        c = c + 2 * MELA_LANES <= channels ? c + MELA_LANES : channels - MELA_LANES;
    }
}

/// Fewer channels than a vector has lanes: one element at a time.
MELA_INLINE void depthwise_narrow(
    const mela_depthwise *step, const float *origin, float *output, int k, mela_activation activation, int ky0, int ky1, int kx0,
    int kx1) {
    const ptrdiff_t channels = step->channels, row = (ptrdiff_t)step->width * channels;
    for (ptrdiff_t c = 0; c < channels; c++) {
        float sum = step->bias[c];
        for (int ky = ky0; ky < ky1; ky++)
            for (int kx = kx0; kx < kx1; kx++)
                sum += origin[ky * row + kx * channels + c] * step->weights[(ky * k + kx) * channels + c];
        output[c] = activate(splat(sum), activation)[0];
    }
}

MELA_INLINE int clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }

MELA_INLINE void depthwise(const mela_depthwise *step, int k, int stride, mela_activation activation) {
    const ptrdiff_t channels = step->channels, row = (ptrdiff_t)step->width * channels;
    // The output columns whose whole window lies inside the image: [first, last).
    const int first = clamp((step->pad_left + stride - 1) / stride, 0, step->out_width);
    const int inside = step->width - k + step->pad_left;
    const int last = inside < 0 ? first : clamp(inside / stride + 1, first, step->out_width);
    for (int y = 0; y < step->out_height; y++) {
        const int top = y * stride - step->pad_top;
        const int ky0 = clamp(-top, 0, k), ky1 = clamp(step->height - top, ky0, k);
        const int whole_rows = ky0 == 0 && ky1 == k;
        float *output = step->output + (ptrdiff_t)y * step->out_width * channels;
        int x = 0;
        while (x < step->out_width) {
            const int left = x * stride - step->pad_left;
            const float *origin = step->input + top * row + left * channels;
            float *target = output + x * channels;
            if (channels < MELA_LANES) {
                const int kx0 = clamp(-left, 0, k), kx1 = clamp(step->width - left, kx0, k);
                depthwise_narrow(step, origin, target, k, activation, ky0, ky1, kx0, kx1);
                x++;
            } else if (x >= first && x + MELA_BLOCK <= last) {
                if (whole_rows)
                    depthwise_pixels(step, origin, target, k, stride, activation, MELA_BLOCK, 0, k, 0, k);
                else
                    depthwise_pixels(step, origin, target, k, stride, activation, MELA_BLOCK, ky0, ky1, 0, k);
                x += MELA_BLOCK;
            } else {
                const int kx0 = clamp(-left, 0, k), kx1 = clamp(step->width - left, kx0, k);
                depthwise_pixels(step, origin, target, k, stride, activation, 1, ky0, ky1, kx0, kx1);
                x++;
            }
        }
    }
}

#define MELA_DEFINE_DEPTHWISE(K, S, NAME, ACTIVATION)                                                                              \
    static void f32_depthwise_k##K##s##S##_##NAME(const mela_depthwise *step) { depthwise(step, K, S, ACTIVATION); }

MELA_DEFINE_DEPTHWISE(3, 1, identity, MELA_IDENTITY)
MELA_DEFINE_DEPTHWISE(3, 1, relu6, MELA_RELU6)
MELA_DEFINE_DEPTHWISE(3, 1, silu, MELA_SILU)
MELA_DEFINE_DEPTHWISE(3, 2, identity, MELA_IDENTITY)
MELA_DEFINE_DEPTHWISE(3, 2, relu6, MELA_RELU6)
MELA_DEFINE_DEPTHWISE(3, 2, silu, MELA_SILU)
MELA_DEFINE_DEPTHWISE(5, 1, identity, MELA_IDENTITY)
MELA_DEFINE_DEPTHWISE(5, 1, relu6, MELA_RELU6)
MELA_DEFINE_DEPTHWISE(5, 1, silu, MELA_SILU)
MELA_DEFINE_DEPTHWISE(5, 2, identity, MELA_IDENTITY)
MELA_DEFINE_DEPTHWISE(5, 2, relu6, MELA_RELU6)
MELA_DEFINE_DEPTHWISE(5, 2, silu, MELA_SILU)

static mela_depthwise_function f32_depthwise(int32_t kernel, int32_t stride, mela_activation activation) {
    static const mela_depthwise_function functions[2][2][3] = {
        {
            {f32_depthwise_k3s1_identity, f32_depthwise_k3s1_relu6, f32_depthwise_k3s1_silu},
            {f32_depthwise_k3s2_identity, f32_depthwise_k3s2_relu6, f32_depthwise_k3s2_silu},
        },
        {
            {f32_depthwise_k5s1_identity, f32_depthwise_k5s1_relu6, f32_depthwise_k5s1_silu},
            {f32_depthwise_k5s2_identity, f32_depthwise_k5s2_relu6, f32_depthwise_k5s2_silu},
        },
    };
    if ((kernel != 3 && kernel != 5) || (stride != 1 && stride != 2)) return NULL;
    return functions[(kernel - 3) / 2][stride - 1][activation];
}
