// The kernel table of one instruction set; the including file defines MELA_LANES, MELA_TABLE and MELA_NAME, and MELA_BF16 where
// there are dot products of bf16, MELA_AMX where they come in tiles, MELA_SILU_TABLE where fp32's SiLU is faster by look-up,
// MELA_ASKS_AHEAD where it pays to ask for far rows and for the next weights, MELA_PREFERS_LIBRARY where a library multiplies faster.
#include "vector.h"

#include "depthwise.h"
#include "elementwise.h"
#include "peak.h"
#include "product.h"

#ifdef MELA_BF16
#include "bf16.h"
#endif

static const mela_format f32_format = {
    .product = f32_product,
    .depthwise = f32_depthwise,
    .scale_rows = f32_scale_rows,
    .scale_panel = f32_scale_panel,
    .peak = f32_peak,
};

const mela_kernels MELA_TABLE = {
    .name = MELA_NAME,
    .f32 = &f32_format,
#ifdef MELA_PREFERS_LIBRARY
    .prefers_library = 1,
#endif
#ifdef MELA_BF16
    .bf16 = &bf16_format,
#ifdef MELA_AMX
    .tile_depth = MELA_TILE_DEPTH,
#endif
#endif
    .f32_finish = f32_finish,
    .f32_add_rows = f32_add_rows,
    .bf16_narrow = bf16_narrow,
    .bf16_widen = bf16_widen,
    .f16_widen = f16_widen,
};
