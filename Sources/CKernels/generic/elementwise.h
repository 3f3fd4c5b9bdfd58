// Kernels that read each element once: batch norm and activation, channel means, channel scales, sigmoid, wider formats.

MELA_INLINE void scale_bias_activation(
    float *x, const float *scale, const float *bias, const float *residual, size_t rows, size_t channels,
    mela_activation activation) {
    const size_t whole = channels - channels % MELA_LANES, rest = channels - whole;
    for (size_t row = 0; row < rows; row++, x += channels) {
        for (size_t c = 0; c < whole; c += MELA_LANES) {
            vf value = load(x + c);
            if (scale) value *= load(scale + c);
            value = activate(value + load(bias + c), activation);
            if (residual) value += load(residual + c);
            store(x + c, value);
        }
        if (rest) {
            vf value = load_first(x + whole, rest);
            if (scale) value *= load_first(scale + whole, rest);
            value = activate(value + load_first(bias + whole, rest), activation);
            if (residual) value += load_first(residual + whole, rest);
            store_first(x + whole, value, rest);
        }
        if (residual) residual += channels;
    }
}

static void f32_scale_bias_activation(
    float *x, const float *scale, const float *bias, const float *residual, size_t rows, size_t channels,
    mela_activation activation) {
    switch (activation) {  // one specialised loop per activation
    case MELA_IDENTITY: scale_bias_activation(x, scale, bias, residual, rows, channels, MELA_IDENTITY); break;
    case MELA_RELU6: scale_bias_activation(x, scale, bias, residual, rows, channels, MELA_RELU6); break;
    case MELA_SILU: scale_bias_activation(x, scale, bias, residual, rows, channels, MELA_SILU); break;
    }
}

/// Rows that are summed plainly before their sum joins the total.
#define MELA_MEAN_BLOCK 16

/// The sum of one vector of channels over all rows. Sums of blocks are added with Kahan's compensation: a large activation has tens of
/// thousands of rows, and a plain sum would lose two digits.
MELA_INLINE vf sum_rows(const float *x, size_t rows, size_t channels) {
    vf total = splat(0.0f), lost = splat(0.0f);
    for (size_t row = 0; row < rows; row += MELA_MEAN_BLOCK) {
        const size_t end = row + MELA_MEAN_BLOCK < rows ? row + MELA_MEAN_BLOCK : rows;
        vf block = splat(0.0f);
        for (size_t r = row; r < end; r++) block += load(x + r * channels);
        const vf term = block - lost, sum = total + term;
        lost = (sum - total) - term;
        total = sum;
    }
    return total;
}

static void f32_channel_mean(const float *x, float *mean, size_t rows, size_t channels) {
    const float factor = 1.0f / (float)rows;
    size_t c = 0;
    for (; c + MELA_LANES <= channels; c += MELA_LANES) store(mean + c, sum_rows(x + c, rows, channels) * factor);
    if (c == channels) return;
    if (channels >= MELA_LANES) {  // the last vector overlaps the one before it: the same values are written twice
        c = channels - MELA_LANES;
        store(mean + c, sum_rows(x + c, rows, channels) * factor);
        return;
    }
    for (; c < channels; c++) {
        double sum = 0;
        for (size_t row = 0; row < rows; row++) sum += x[row * channels + c];
        mean[c] = (float)(sum / (double)rows);
    }
}

static void f32_scale_channels(float *x, const float *scale, size_t rows, size_t channels) {
    for (size_t row = 0; row < rows; row++, x += channels) {
        size_t c = 0;
        for (; c + MELA_LANES <= channels; c += MELA_LANES) store(x + c, load(x + c) * load(scale + c));
        for (; c < channels; c++) x[c] *= scale[c];
    }
}

static void f32_sigmoid(float *x, size_t count) {
    size_t i = 0;
    for (; i + MELA_LANES <= count; i += MELA_LANES) store(x + i, sigmoid(load(x + i)));
    if (i < count) store_first(x + i, sigmoid(load_first(x + i, count - i)), count - i);
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
