// AMX with BF16 beside AVX-512 (Intel since Sapphire Rapids): 16 lanes, and tiles for the products of bf16.
#include "../tables.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(                                                                                                       \
    __attribute__((target("amx-tile,amx-bf16,avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma"))), apply_to = function)
#define MELA_LANES 16
#define MELA_BF16
#define MELA_AMX
#define MELA_SILU_TABLE
#define MELA_ASKS_AHEAD
#define MELA_TABLE mela_kernels_amx
#define MELA_NAME "amx"
#include "../generic/table.h"
#pragma clang attribute pop
#endif
