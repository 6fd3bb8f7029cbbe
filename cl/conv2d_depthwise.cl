/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution, channels in blocks of 16: a work-item computes some rows of the result for one block of one image, TX pixels
 * with all their columns inside at a time. */
#include "types.clh"
#include "tile.clh"

#define TX 4

#define BIAS_PARAM , __global const float *bias, long bias_off, int has_bias
#define FINISH(v, x) \
    { \
        const size_t at = row + (size_t)(x) * 16; \
        float16 value = v + shift; \
        POSTS(float16, value, POST_BIAS, POST_RESIDUAL) \
        STORE16(select((float16)0, value, inside), 0, dst + dst_off + at); \
    }
#define POST_BIAS(p, off) load_lanes(p + off + k, lanes)
#define POST_RESIDUAL(p, off) LOAD16(0, p + off + at)

/* The first tap at or behind 0, and the end of those before `size`. */
static int first_inside(int at, int step) {
    return at >= 0 ? 0 : (-at + step - 1) / step;
}
static int last_inside(int at, int step, int size, int count) {
    return at >= size ? 0 : min(count, (size - at + step - 1) / step);
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_depthwise(__global const float *src, long src_off, __global const float *wei, long wei_off, __global float *dst,
                               long dst_off, int blocks, int C, int H, int W, int OH, int OW, int stride_h, int dilation_h, int pad_h,
                               int pad_w, int rows BIAS_PARAM POST_PARAMS) {
    const int first = get_global_id(0) * rows, block = get_global_id(1), image = get_global_id(2), k = block * 16, lanes = C - k;
    const size_t plane = (size_t)image * blocks + block;
    const int16 inside = LANES < lanes;
    src += src_off + plane * H * W * 16;
    wei += wei_off + (size_t)block * R * S * 16;
    const float16 shift = has_bias ? load_lanes(bias + bias_off + k, lanes) : 0;
    /* Columns from `left` to `right` have all their taps inside. */
    const int room = W + pad_w - (S - 1) * DX - 1, left = (pad_w + SW - 1) / SW, right = room < 0 ? 0 : min(OW, room / SW + 1);
    for (int oy = first; oy < min(first + rows, OH); oy++) {
        const int y = oy * stride_h - pad_h, r0 = first_inside(y, dilation_h), r1 = last_inside(y, dilation_h, H, R);
        const size_t row = (plane * OH + oy) * OW * 16;
        for (int ox = 0, count; ox < OW; ox += count) {
            const int done = ox;
            float part[TX * 16];
            count = ox >= left && ox < right && right - left >= TX ? TX : 1;
            if (count == TX) {
                float16 sum[TX];
                ox = min(ox, right - TX); /* the last ones overlap those before */
                UNROLL(TX) for (int t = 0; t < TX; t++) sum[t] = 0;
                for (int r = r0; r < r1; r++) {
                    __global const float *from = src + ((long)(y + r * dilation_h) * W + ox * SW - pad_w) * 16;
                    UNROLL(S) for (int s = 0; s < S; s++) {
                        const float16 w = LOAD16(r * S + s, wei);
                        UNROLL(TX) for (int t = 0; t < TX; t++) sum[t] = MULADD(LOAD16(t * SW + s * DX, from), w, sum[t]);
                    }
                }
                UNROLL(TX) for (int t = 0; t < TX; t++) STORE16_PRIVATE(sum[t], t, part);
            } else {
                const int x = ox * SW - pad_w, s0 = first_inside(x, DX), s1 = last_inside(x, DX, W, S);
                float16 sum = 0;
                for (int r = r0; r < r1; r++)
                    for (int s = s0; s < s1; s++)
                        sum = MULADD(LOAD16((long)(y + r * dilation_h) * W + x + s * DX, src), LOAD16(r * S + s, wei), sum);
                STORE16_PRIVATE(sum, 0, part);
            }
            for (int t = done - ox; t < count; t++)
                FINISH(LOAD16_PRIVATE(t, part), ox + t)
        }
    }
}
