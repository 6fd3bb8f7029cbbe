/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution by its definition: one work-item per element of the result, plain layouts. */
#include "types.clh"

#define SIZES \
    long count, long N, long C, long H, long W, long K, long OH, long OW, long R, long S, long CG, long KG, long stride_h, \
        long stride_w, long dilation_h, long dilation_w, long pad_h, long pad_w
#define BIAS_AT k
#include "post.clh"

__kernel void conv2d_ref(__global const TYPE(A0) *src, long src_off, __global const TYPE(A1) *wei, long wei_off,
                         __global TYPE(Z0) *dst, long dst_off, SIZES BIAS_PARAM POST_PARAMS) {
    const long at = get_global_id(0);
    if (at >= count)
        return;
    const long ox = at % OW, oy = at / OW % OH, k = at / OW / OH % K, n = at / OW / OH / K;
    src += src_off + (n * C + k / KG * CG) * H * W;
    wei += wei_off + k * CG * R * S;
    dst += dst_off;
    float v = 0;
    for (long c = 0; c < CG; c++)
        for (long r = 0; r < R; r++) {
            const long iy = oy * stride_h - pad_h + r * dilation_h;
            if (iy < 0 || iy >= H)
                continue;
            for (long s = 0; s < S; s++) {
                const long ix = ox * stride_w - pad_w + s * dilation_w;
                if (ix >= 0 && ix < W)
                    v += LOAD(A0, src, (c * H + iy) * W + ix) * LOAD(A1, wei, (c * R + r) * S + s);
            }
        }
    STORE_POST(Z0, dst, v)
}

__kernel void conv2d_bwd_data_ref(__global const TYPE(A0) *diff, long diff_off, __global const TYPE(A1) *wei, long wei_off,
                                  __global TYPE(Z0) *dst, long dst_off, SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long ix = i % W, iy = i / W % H, c = i / W / H % C, n = i / W / H / C, g = c / CG;
    diff += diff_off + (n * K + g * KG) * OH * OW;
    wei += wei_off + (g * KG * CG + c % CG) * R * S;
    float v = 0;
    for (long r = 0; r < R; r++) {
        const long y = iy + pad_h - r * dilation_h, oy = y / stride_h;
        if (y < 0 || y % stride_h || oy >= OH)
            continue;
        for (long s = 0; s < S; s++) {
            const long x = ix + pad_w - s * dilation_w, ox = x / stride_w;
            if (x < 0 || x % stride_w || ox >= OW)
                continue;
            for (long k = 0; k < KG; k++)
                v += LOAD(A0, diff, (k * OH + oy) * OW + ox) * LOAD(A1, wei, (k * CG * R + r) * S + s);
        }
    }
    STORE(Z0, dst, dst_off + i, v);
}

__kernel void conv2d_bwd_weights_ref(__global const TYPE(A0) *src, long src_off, __global const TYPE(A1) *diff, long diff_off,
                                     __global TYPE(Z0) *dst, long dst_off, SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long s = i % S, r = i / S % R, c = i / S / R % CG, k = i / S / R / CG;
    src += src_off + (k / KG * CG + c) * H * W;
    diff += diff_off + k * OH * OW;
    float v = 0;
    for (long n = 0; n < N; n++)
        for (long oy = 0; oy < OH; oy++) {
            const long iy = oy * stride_h - pad_h + r * dilation_h;
            if (iy < 0 || iy >= H)
                continue;
            float row = 0; /* sums of rows are added up, so that errors grow with the square root */
            for (long ox = 0; ox < OW; ox++) {
                const long ix = ox * stride_w - pad_w + s * dilation_w;
                if (ix >= 0 && ix < W)
                    row += LOAD(A0, src, (n * C * H + iy) * W + ix) * LOAD(A1, diff, (n * K * OH + oy) * OW + ox);
            }
            v += row;
        }
    STORE(Z0, dst, dst_off + i, v);
}
