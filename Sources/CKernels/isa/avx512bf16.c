// AVX-512 with the dot products of AVX512-BF16: 16 lanes, 32 for bf16.
#include "../tables.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma"))), apply_to = function)
#define MELA_LANES 16
#define MELA_BF16
#define MELA_TABLE mela_kernels_avx512bf16
#define MELA_NAME "avx512bf16"
#include "../generic/table.h"
#pragma clang attribute pop
#endif
