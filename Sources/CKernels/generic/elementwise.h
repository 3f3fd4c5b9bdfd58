// Kernels that read each element once: bias and activation, sums of rows, scaled weights, narrower and wider formats.

/// x = activation(x), in place, for some rows of a vector of channels each.
MELA_INLINE void activate_rows(float *x, size_t stride, size_t rows, mela_activation activation, nearness near) {
    for (size_t row = 0; row < rows; row++, x += stride) store(x, activate(load(x), activation, near));
}

MELA_INLINE void activate_vector(float *x, size_t stride, size_t rows, mela_activation activation, nearness near) {
    switch (activation) {  // one specialised loop per activation
    case MELA_IDENTITY: break;
    case MELA_RELU6: activate_rows(x, stride, rows, MELA_RELU6, near); break;
    case MELA_SILU: activate_rows(x, stride, rows, MELA_SILU, near); break;
    case MELA_SIGMOID: activate_rows(x, stride, rows, MELA_SIGMOID, near); break;
    }
}

/// x = activation(x + bias (+ residual)), in place: each element is read and written once.
MELA_INLINE void finish(
    float *x, size_t stride, const float *bias, const float *residual, size_t rows, size_t width, mela_activation activation) {
    for (size_t c = 0; c < width; c += MELA_LANES) {
        const vf summand = load(bias + c);
        for (size_t place = c; place < rows * stride; place += stride) {
            vf sum = load(x + place) + summand;
            if (residual) sum += load(residual + place);
            store(x + place, activate(sum, activation, FOR_FP32));
        }
    }
}

static void f32_finish(
    float *x, size_t stride, const float *bias, const float *residual, size_t rows, size_t width, mela_activation activation) {
    switch (activation) {
    case MELA_IDENTITY: finish(x, stride, bias, residual, rows, width, MELA_IDENTITY); break;
    case MELA_RELU6: finish(x, stride, bias, residual, rows, width, MELA_RELU6); break;
    case MELA_SILU: finish(x, stride, bias, residual, rows, width, MELA_SILU); break;
    case MELA_SIGMOID: finish(x, stride, bias, residual, rows, width, MELA_SIGMOID); break;
    }
}

static void f32_add_rows(const float *x, size_t stride, float *sum, size_t rows, size_t width) {
    for (size_t c = 0; c < width; c += MELA_LANES) {
        vf total = splat(0.0f);
        for (size_t row = 0; row < rows; row++) total += load(x + row * stride + c);
        store(sum + c, load(sum + c) + total);
    }
}

static void f32_scale_rows(void *x, size_t stride, const float *gate, size_t rows, size_t width) {
    float *place = x;
    for (size_t row = 0; row < rows; row++, place += stride)
        for (size_t c = 0; c < width; c += MELA_LANES) store(place + c, load(place + c) * load(gate + c));
}

static void f32_scale_panel(const void *panel, const float *gate, void *scaled, size_t depth, size_t width) {
    const float *from = panel;
    float *to = scaled;
    for (size_t k = 0; k < depth; k++)
        for (size_t c = 0; c < width; c += MELA_LANES, from += MELA_LANES, to += MELA_LANES) store(to, load(from) * gate[k]);
}

MELA_INLINE uint16_t narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t is_nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
    return (uint16_t)(is_nan ? bits >> 16 | 0x40u : (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

static void bf16_narrow(const float *x, size_t x_stride, uint16_t *y, size_t y_stride, size_t rows, size_t width) {
    for (size_t row = 0; row < rows; row++, x += x_stride, y += y_stride)
        for (size_t c = 0; c < width; c++) y[c] = narrow(x[c]);
}

static void bf16_widen(const uint16_t *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(y + i, &bits, sizeof bits);
    }
}

/// Without branches, so that the compiler vectorises it: the exponent is rebased by a multiplication, which is exact and also
/// normalises what was subnormal; infinities and NaNs keep their full exponent.
static void f16_widen(const uint16_t *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t magnitude = x[i] & 0x7FFFu, sign = (uint32_t)(x[i] & 0x8000u) << 16;
        const uint32_t shifted = magnitude << 13, full = magnitude >= 0x7C00u ? 0x7F800000u : 0u;
        float value;
        memcpy(&value, &shifted, sizeof value);
        value *= 0x1p112f;
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        bits |= full | sign;
        memcpy(y + i, &bits, sizeof bits);
    }
}
