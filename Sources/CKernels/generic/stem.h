// The stem: 27 inputs under each window are broadcast against vectors of output channels, four neighbouring pixels at a time.

MELA_INLINE void stem_pixels(const mela_stem *step, const float *origin, float *output, int pixels) {
    const ptrdiff_t channels = step->channels, row = (ptrdiff_t)step->padded_width * 3;
    ptrdiff_t c = 0;
    for (;;) {
        vf sum[MELA_BLOCK];
        const vf bias = load(step->bias + c);
        for (int p = 0; p < pixels; p++) sum[p] = bias;
        for (int ky = 0; ky < 3; ky++) {
            for (int t = 0; t < 9; t++) {  // three columns of three input channels lie side by side
                const vf weight = load(step->weights + (ky * 9 + t) * channels + c);
                for (int p = 0; p < pixels; p++) sum[p] += origin[ky * row + p * 6 + t] * weight;
            }
        }
        for (int p = 0; p < pixels; p++) store(output + p * channels + c, activate(sum[p], step->activation));
        if (c + MELA_LANES >= channels) break;
        c = c + 2 * MELA_LANES <= channels ? c + MELA_LANES : channels - MELA_LANES;
    }
}

static void f32_stem_k3s2(const mela_stem *step) {
    if (step->channels < MELA_LANES) {
        mela_kernels_reference.f32_stem_k3s2(step);  // no EfficientNet has so narrow a stem
        return;
    }
    for (int y = 0; y < step->out_height; y++) {
        const float *source = step->input + (ptrdiff_t)(2 * y) * step->padded_width * 3;
        float *output = step->output + (ptrdiff_t)y * step->out_width * step->channels;
        int x = 0;
        for (; x + MELA_BLOCK <= step->out_width; x += MELA_BLOCK)
            stem_pixels(step, source + x * 6, output + (ptrdiff_t)x * step->channels, MELA_BLOCK);
        for (; x < step->out_width; x++) stem_pixels(step, source + x * 6, output + (ptrdiff_t)x * step->channels, 1);
    }
}
