// What every processor of the platform has (SSE2 on x86-64, NEON on arm64): 4 lanes. Products are OpenBLAS's.
#include "../tables.h"

#define MELA_LANES 4
#define MELA_PREFERS_LIBRARY
#define MELA_TABLE mela_kernels_baseline
#define MELA_NAME "baseline"
#include "../generic/table.h"
