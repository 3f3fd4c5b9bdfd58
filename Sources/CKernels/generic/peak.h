// The most that the processor can do in fp32: multiply-adds on registers alone, in as many chains as hide their latency.

#define MELA_CHAINS (MELA_LANES == 16 ? 24 : 12)

/// Or else nothing would be computed.
MELA_INLINE void use(vf x) {
    const volatile float used = x[0];
    (void)used;
}

static size_t f32_peak(size_t rounds) {
    vf sum[MELA_CHAINS];
    MELA_UNROLLED for (int i = 0; i < MELA_CHAINS; i++) sum[i] = splat((float)i);
    const vf factor = splat(0.999f), other = splat(1e-9f);
    for (size_t round = 0; round < rounds; round++)
        MELA_UNROLLED for (int i = 0; i < MELA_CHAINS; i++) sum[i] = sum[i] * factor + other;
    for (int i = 1; i < MELA_CHAINS; i++) sum[0] += sum[i];
    use(sum[0]);
    return MELA_CHAINS * MELA_LANES;
}
