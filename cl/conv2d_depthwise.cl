/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution, channels in blocks of 16: a work-item computes some rows of the result for one block of one image. */
#include "types.clh"
#include "tile.clh"
#include "depthwise.clh"

#define BIAS_PARAM , __global const float *bias, long bias_off, int has_bias
#define BIAS_ARGS , bias, bias_off, has_bias
#define FINISH(v, x) \
    { \
        const size_t at = row + (size_t)(x) * 16; \
        float16 value = v + shift; \
        POSTS(float16, value, POST_BIAS, POST_RESIDUAL) \
        STORE16(select((float16)0, value, inside), 0, dst + dst_off + at); \
    }
#define POST_BIAS(p, off) load_lanes(p + off + k, lanes)
#define POST_RESIDUAL(p, off) LOAD16(0, p + off + at)

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_depthwise(__global const float *src, long src_off, __global const float *wei, long wei_off, __global float *dst,
                               long dst_off, int blocks, int C, int H, int W, int OH, int OW, int stride_h, int dilation_h, int pad_h,
                               int pad_w, int rows BIAS_PARAM POST_PARAMS) {
    const int first = get_global_id(0) * rows, block = get_global_id(1), image = get_global_id(2), k = block * 16, lanes = C - k;
    const size_t plane = (size_t)image * blocks + block;
    const int16 inside = LANES < lanes;
    const float16 shift = has_bias ? load_lanes(bias + bias_off + k, lanes) : 0;
    src += src_off + plane * H * W * 16;
    wei += wei_off + (size_t)block * R * S * 16;
    for (int oy = first; oy < min(first + rows, OH); oy++) {
        const size_t row = (plane * OH + oy) * OW * 16;
        DEPTHWISE_ROW(src, wei, (oy * stride_h - pad_h), FINISH)
    }
}
