/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution, channels in blocks of 16: a work-item computes one row of the result for one block of one image. */
#include "types.clh"
#include "tile.clh"

#ifdef HAS_BIAS
#define BIAS_PARAM , __global const float *bias, long bias_off
#else
#define BIAS_PARAM
#endif

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
                               long dst_off, int blocks, int C, int H, int W, int OH, int OW, int stride_h, int stride_w,
                               int dilation_h, int dilation_w, int pad_h, int pad_w BIAS_PARAM POST_PARAMS) {
    const int oy = get_global_id(0), block = get_global_id(1), image = get_global_id(2), k = block * 16, lanes = C - k;
    const size_t plane = (size_t)image * blocks + block, row = (plane * OH + oy) * OW * 16;
    const int y = oy * stride_h - pad_h;
    const int16 inside = LANES < lanes;
    src += src_off + plane * H * W * 16;
    wei += wei_off + (size_t)block * R * S * 16;
#ifdef HAS_BIAS
    const float16 shift = load_lanes(bias + bias_off + k, lanes);
#else
    const float16 shift = 0;
#endif
    float16 w[R * S];
    UNROLL(R * S) for (int i = 0; i < R * S; i++) w[i] = LOAD16(i, wei);
    /* Columns from `left` to `right` have all their taps inside. */
    const int reach = (S - 1) * dilation_w;
    const int left = min(OW, (pad_w + stride_w - 1) / stride_w), right = max(left, min(OW, (W + pad_w - reach - 1) / stride_w + 1));
    const int whole = y >= 0 && y + (R - 1) * dilation_h < H;
    for (int ox = 0; ox < OW; ox++) {
        const int x = ox * stride_w - pad_w;
        float16 sum = 0;
        if (whole && ox >= left && ox < right && x + reach < W) {
            UNROLL(R) for (int r = 0; r < R; r++)
                UNROLL(S) for (int s = 0; s < S; s++)
                    sum = MULADD(LOAD16((size_t)(y + r * dilation_h) * W + x + s * dilation_w, src), w[r * S + s], sum);
        } else {
            UNROLL(R) for (int r = 0; r < R; r++)
                UNROLL(S) for (int s = 0; s < S; s++) {
                    const int iy = y + r * dilation_h, ix = x + s * dilation_w;
                    if (iy >= 0 && iy < H && ix >= 0 && ix < W)
                        sum = MULADD(LOAD16((size_t)iy * W + ix, src), w[r * S + s], sum);
                }
        }
        FINISH(sum, ox)
    }
}
