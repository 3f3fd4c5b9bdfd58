// AVX-512 (F, VL, DQ, BW), for Intel's processors: 16 lanes. AMD's have BF16 too.
#include "../tables.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#define MELA_LANES 16
#define MELA_SILU_TABLE
#define MELA_ASKS_AHEAD
#define MELA_TABLE mela_kernels_avx512
#define MELA_NAME "avx512"
#include "../generic/table.h"
#pragma clang attribute pop
#endif
