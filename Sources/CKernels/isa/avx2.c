// AVX2 with FMA: 8 lanes.
#include "../tables.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define MELA_LANES 8
#define MELA_TABLE mela_kernels_avx2
#define MELA_NAME "avx2"
#include "../generic/table.h"
#pragma clang attribute pop
#endif
