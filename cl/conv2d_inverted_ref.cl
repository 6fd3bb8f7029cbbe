/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution, ReLU, depthwise convolution, ReLU and 1x1 convolution by their definition: a work-item an element of the result,
 * plain layouts. */
#include "types.clh"
#define BIAS_TYPE A6
#define BETWEEN_TYPE A5
#include "separable_ref.clh"

#ifdef HAS_FIRST
#define FIRST_PARAM , __global const TYPE(A4) *start, long start_off
#define FIRST LOAD(A4, start, start_off + c)
#else
#define FIRST_PARAM
#define FIRST 0
#endif
#define BOUNDED(x, most) ((x) < 0 ? 0 : (x) > (most) ? (most) : (x))

__kernel void conv2d_inverted_ref(__global const TYPE(A0) *src, long src_off, __global const TYPE(A1) *wide, long wide_off,
                                  __global const TYPE(A2) *taps, long taps_off, __global const TYPE(A3) *wei, long wei_off,
                                  __global TYPE(Z0) *dst, long dst_off, long count, long B, long C, long H, long W, long K, long OH,
                                  long OW, long R, long S, long stride_h, long stride_w, long dilation_h, long dilation_w, long pad_h,
                                  long pad_w, float first_limit, float limit FIRST_PARAM BETWEEN_PARAM BIAS_PARAM POST_PARAMS) {
    const long at = get_global_id(0);
    if (at >= count)
        return;
    const long ox = at % OW, oy = at / OW % OH, k = at / OW / OH % K, n = at / OW / OH / K;
    float v = 0;
    dst += dst_off;
    for (long c = 0; c < C; c++) {
        float sum = BETWEEN;
        for (long r = 0; r < R; r++)
            for (long s = 0; s < S; s++) {
                const long iy = oy * stride_h - pad_h + r * dilation_h, ix = ox * stride_w - pad_w + s * dilation_w;
                if (iy < 0 || iy >= H || ix < 0 || ix >= W)
                    continue;
                float one = FIRST;
                for (long b = 0; b < B; b++)
                    one += LOAD(A0, src, src_off + ((n * B + b) * H + iy) * W + ix) * LOAD(A1, wide, wide_off + c * B + b);
                sum += BOUNDED(one, first_limit) * LOAD(A2, taps, taps_off + (c * R + r) * S + s);
            }
        v += BOUNDED(sum, limit) * LOAD(A3, wei, wei_off + k * C + c);
    }
    STORE_POST(Z0, dst, v)
}
