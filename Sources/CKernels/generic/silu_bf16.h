// SiLU as near as bf16 can tell it: nine instructions where 32 numbers can be looked up at once.
//
// As in silu_table.h, with a quadratic around each whole number of 2.6 a, which adding 1.5 x 2^23 leaves in the lowest bits.
// `training/silu_table.py bf16` makes the table. The error is at most 9e-5, less than half of what rounding 0.1 to bf16 may take; past 12 g stays as
// it is there, 7e-5.

/// (coefficient, segment)
static const float silu_bf16_table[3][32] __attribute__((aligned(64))) = {
    {  // a^0
        0.000000000e+00f, 1.093361992e-03f, 1.722042263e-02f, 7.109370828e-02f,
        1.686502546e-01f, 2.917239368e-01f, 4.113704562e-01f, 5.038910508e-01f,
        5.580197573e-01f, 5.738329887e-01f, 5.579281449e-01f, 5.197278857e-01f,
        4.681212306e-01f, 4.104474187e-01f, 3.520819545e-01f, 2.965846658e-01f,
        2.460473180e-01f, 2.014749497e-01f, 1.631244421e-01f, 1.307747364e-01f,
        1.039280295e-01f, 8.195123821e-02f, 6.417042762e-02f, 4.992989451e-02f,
        3.862605989e-02f, 2.972405031e-02f, 2.276300453e-02f, 1.735435985e-02f,
        1.317617763e-02f, 9.965530597e-03f, 7.510281634e-03f, 5.641049240e-03f,
    },
    {  // a^1
        4.999699593e-01f, 4.911621213e-01f, 4.369887412e-01f, 3.254903257e-01f,
        1.802148223e-01f, 3.726543486e-02f, -7.659962028e-02f, -1.511953175e-01f,
        -1.891064942e-01f, -1.989997327e-01f, -1.904009283e-01f, -1.715247482e-01f,
        -1.481945664e-01f, -1.241893172e-01f, -1.016879827e-01f, -8.176464587e-02f,
        -6.479108334e-02f, -5.072776973e-02f, -3.931894153e-02f, -3.021557443e-02f,
        -2.304833755e-02f, -1.746755093e-02f, -1.316241827e-02f, -9.867800400e-03f,
        -7.363956887e-03f, -5.472662859e-03f, -4.051775672e-03f, -2.989453264e-03f,
        -2.198670059e-03f, -1.612343127e-03f, -1.179176150e-03f, -8.602166781e-04f,
    },
    {  // a^2
        -2.492173910e-01f, -2.314135581e-01f, -1.855525672e-01f, -1.276746243e-01f,
        -7.349991053e-02f, -3.194960952e-02f, -4.841205198e-03f, 1.020134985e-02f,
        1.684138551e-02f, 1.838848926e-02f, 1.722620614e-02f, 1.489392668e-02f,
        1.225675642e-02f, 9.758533910e-03f, 7.589582354e-03f, 5.801304709e-03f,
        4.375990015e-03f, 3.266604850e-03f, 2.418049378e-03f, 1.777577796e-03f,
        1.299194759e-03f, 9.448812925e-04f, 6.842775620e-04f, 4.937133053e-04f,
        3.550554102e-04f, 2.545973402e-04f, 1.820872712e-04f, 1.299225551e-04f,
        9.250466246e-05f, 6.573530845e-05f, 4.662950232e-05f, 3.302266850e-05f,
    },
};

MELA_INLINE vf silu_bf16_coefficient(int power, vi segment) {
    const float *row = silu_bf16_table[power];
    return (vf)_mm512_permutex2var_ps(_mm512_load_ps(row), (__m512i)segment, _mm512_load_ps(row + 16));
}

MELA_INLINE vf silu_bf16(vf x) {
    const vf a = (vf)_mm512_range_ps((__m512)x, (__m512)splat(12.0f), 10);  // the smaller magnitude; of what is no number, that
    const vi segment = (vi)(a * 2.6f + 0x1.8p23f);
    vf g = silu_bf16_coefficient(2, segment);
    g = g * a + silu_bf16_coefficient(1, segment);
    g = g * a + silu_bf16_coefficient(0, segment);
    return (vf)_mm512_max_ps((__m512)splat(0.0f), (__m512)x) - g;  // x where it is no number
}
