// SiLU where 32 numbers can be looked up at once and a division takes long: no exponential, no division.
//
// SiLU(x) = max(x, 0) - g(|x|) with g(a) = a / (1 + exp(a)) by cubics in a, eight for each exponent of 0.85 a + 1.
// `training/silu_table.py fp32` makes the table. The error is at most 1e-6; past 17.6 g stays as it is there, 4e-7.

/// (coefficient, segment), from the segment with an exponent of 128 on: the index is the exponent's last two bits and three of the
/// fraction.
static const float silu_table[4][32] __attribute__((aligned(64))) = {
    {  // a^0
        3.255964257e-04f, 2.666788176e-02f, 8.089774847e-02f, 1.624468118e-01f,
        2.630710602e-01f, 3.705224693e-01f, 4.725820124e-01f, 5.597506166e-01f,
        6.484919190e-01f, 6.933677197e-01f, 6.648341417e-01f, 5.909084678e-01f,
        4.967255294e-01f, 4.001166224e-01f, 3.115774989e-01f, 2.360199094e-01f,
        1.510216743e-01f, 7.701841742e-02f, 3.711025044e-02f, 1.709372178e-02f,
        7.590027060e-03f, 3.268871456e-03f, 1.371996012e-03f, 5.632694229e-04f,
        0.000000000e+00f, -4.173088382e-05f, -3.176849859e-04f, -1.084136311e-03f,
        -2.455060836e-03f, -4.201844335e-03f, -5.636211019e-03f, -5.620632321e-03f,
    },
    {  // a^1
        5.133697391e-01f, 4.601336420e-01f, 3.682081699e-01f, 2.494029999e-01f,
        1.209573075e-01f, -1.058718422e-03f, -1.054166406e-01f, -1.864800155e-01f,
        -2.612180710e-01f, -2.947445512e-01f, -2.768957913e-01f, -2.350845188e-01f,
        -1.870152205e-01f, -1.421505064e-01f, -1.044465825e-01f, -7.474185526e-02f,
        -4.408378527e-02f, -2.029735036e-02f, -8.900173940e-03f, -3.757877508e-03f,
        -1.539345714e-03f, -6.150788977e-04f, -2.407063876e-04f, -9.254727047e-05f,
        5.000021458e-01f, 5.008067489e-01f, 5.035793185e-01f, 5.087741613e-01f,
        5.157771707e-01f, 5.229420662e-01f, 5.278781056e-01f, 5.279051661e-01f,
    },
    {  // a^2
        -2.925985157e-01f, -2.566810250e-01f, -2.046808451e-01f, -1.469380558e-01f,
        -9.224943072e-02f, -4.604082555e-02f, -1.045676507e-02f, 1.468035579e-02f,
        3.567362577e-02f, 4.402579740e-02f, 4.030341282e-02f, 3.241689131e-02f,
        2.423560247e-02f, 1.728823408e-02f, 1.193469204e-02f, 8.041034453e-03f,
        4.353458527e-03f, 1.803376479e-03f, 7.178990054e-04f, 2.773722226e-04f,
        1.046868128e-04f, 3.877110430e-05f, 1.413648988e-05f, 5.087130830e-06f,
        -2.502565384e-01f, -2.557451129e-01f, -2.651261985e-01f, -2.769171298e-01f,
        -2.888726294e-01f, -2.986850441e-01f, -3.043529689e-01f, -3.044497967e-01f,
    },
    {  // a^3
        4.788347334e-02f, 3.979313746e-02f, 2.997683920e-02f, 2.061404288e-02f,
        1.284738537e-02f, 7.011203095e-03f, 2.965047024e-03f, 3.658964124e-04f,
        -1.600835589e-03f, -2.294632373e-03f, -2.035811543e-03f, -1.539707649e-03f,
        -1.075370470e-03f, -7.166448049e-04f, -4.631909542e-04f, -2.930243500e-04f,
        -1.451129065e-04f, -5.392875391e-05f, -1.945186523e-05f, -6.867502634e-06f,
        -2.385624839e-06f, -8.182506690e-07f, -2.777918269e-07f, -9.351581554e-08f,
        4.611175042e-03f, 1.791988127e-02f, 2.861098200e-02f, 3.757316619e-02f,
        4.439422861e-02f, 4.888089374e-02f, 5.105249956e-02f, 5.110676214e-02f,
    },
};

MELA_INLINE vf silu_coefficient(int power, vi segment) {
    const float *row = silu_table[power];
    return (vf)_mm512_permutex2var_ps(_mm512_load_ps(row), (__m512i)segment, _mm512_load_ps(row + 16));
}

MELA_INLINE vf silu(vf x) {
    const vf a = (vf)_mm512_range_ps((__m512)x, (__m512)splat(17.647057f), 10);  // the smaller magnitude; of what is no number, that
    const vi segment = (vi)(a * 0.85f + 1.0f) >> 20;
    vf g = silu_coefficient(3, segment);
    g = g * a + silu_coefficient(2, segment);
    g = g * a + silu_coefficient(1, segment);
    g = g * a + silu_coefficient(0, segment);
    return (vf)_mm512_max_ps((__m512)splat(0.0f), (__m512)x) - g;  // x where it is no number
}
