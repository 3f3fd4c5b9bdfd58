// The kernel tables, in priority order. Each is filled in by one file under isa/, the last by reference.c.
#ifndef MELA_TABLES_H
#define MELA_TABLES_H

#include "CKernels.h"

#if defined(__x86_64__)
extern const mela_kernels mela_kernels_amx;
extern const mela_kernels mela_kernels_avx512bf16;
extern const mela_kernels mela_kernels_avx512;
extern const mela_kernels mela_kernels_avx2;
#endif
extern const mela_kernels mela_kernels_baseline;
extern const mela_kernels mela_kernels_reference;

#endif
