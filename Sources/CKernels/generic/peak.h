// The most that the processor can do: multiply-adds on registers alone, in as many chains as hide their latency and have room.

#define MELA_CHAINS (MELA_LANES == 16 ? 24 : 12)

static size_t peak(int32_t is_bf16, size_t rounds) {
    vf sum[MELA_CHAINS];
    MELA_UNROLLED for (int i = 0; i < MELA_CHAINS; i++) sum[i] = splat((float)i);
    const vf factor = splat(0.999f), other = splat(1e-9f);
    for (size_t round = 0; round < rounds; round++) {
#ifdef MELA_BF16
        if (is_bf16) {  // twice as many
            MELA_UNROLLED for (int i = 0; i < MELA_CHAINS; i++) sum[i] = (vf)dot((__m512)sum[i], (__m512i)factor, (__m512i)other);
            continue;
        }
#endif
        MELA_UNROLLED for (int i = 0; i < MELA_CHAINS; i++) sum[i] = sum[i] * factor + other;
    }
    vf total = sum[0];
    for (int i = 1; i < MELA_CHAINS; i++) total += sum[i];
    const volatile float used = total[0];  // or else nothing would be computed
    (void)used;
#ifdef MELA_BF16
    if (is_bf16) return 2 * MELA_CHAINS * MELA_LANES;
#endif
    (void)is_bf16;
    return MELA_CHAINS * MELA_LANES;
}
