// The kernel table of one instruction set; the including file defines MELA_TABLE and MELA_NAME.
#include "vector.h"

#include "depthwise.h"
#include "elementwise.h"
#include "stem.h"

const mela_kernels MELA_TABLE = {
    .name = MELA_NAME,
    .f32_depthwise = f32_depthwise,
    .f32_stem_k3s2 = f32_stem_k3s2,
    .f32_scale_bias_activation = f32_scale_bias_activation,
    .f32_channel_mean = f32_channel_mean,
    .f32_scale_channels = f32_scale_channels,
    .f32_sigmoid = f32_sigmoid,
    .bf16_widen = bf16_widen,
    .f16_widen = f16_widen,
};
