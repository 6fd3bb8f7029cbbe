/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution, ReLU and 1x1 convolution by their definition: a work-item an element of the result, plain layouts. */
#include "types.clh"
#define BIAS_TYPE A4
#define BETWEEN_TYPE A3
#include "separable_ref.clh"

__kernel void conv2d_separable_ref(__global const TYPE(A0) *src, long src_off, __global const TYPE(A1) *taps, long taps_off,
                                   __global const TYPE(A2) *wei, long wei_off, __global TYPE(Z0) *dst, long dst_off, long count, long C,
                                   long H, long W, long K, long OH, long OW, long R, long S, long stride_h, long stride_w,
                                   long dilation_h, long dilation_w, long pad_h, long pad_w, float limit BETWEEN_PARAM BIAS_PARAM
                                   POST_PARAMS) {
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
                if (iy >= 0 && iy < H && ix >= 0 && ix < W)
                    sum += LOAD(A0, src, src_off + ((n * C + c) * H + iy) * W + ix) * LOAD(A1, taps, taps_off + (c * R + r) * S + s);
            }
        sum = sum < 0 ? 0 : sum > limit ? limit : sum;
        v += sum * LOAD(A2, wei, wei_off + k * C + c);
    }
    STORE_POST(Z0, dst, v)
}
