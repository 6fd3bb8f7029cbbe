/* SPDX-License-Identifier: Apache-2.0 */
/* Deformable convolution: an element of the result a work-item. */
#include "types.clh"

#define T COMPUTE(A0)

static T between(__global const TYPE(A0) *plane, long height, long width, T y, T x) {
    T sum = 0;
    if (!(y > -1 && y < height && x > -1 && x < width))
        return 0;
    for (int k = 0; k < 4; k++) {
        const T row = floor(y) + k / 2, column = floor(x) + k % 2;
        if (row >= 0 && row < height && column >= 0 && column < width)
            sum += (1 - fabs(y - row)) * (1 - fabs(x - column)) * LOAD(A0, plane, (long)row * width + (long)column);
    }
    return sum;
}

__kernel void deform_conv2d(__global const TYPE(A0) *src, long src_off, __global const TYPE(A0) *weights, long weights_off,
                            __global const TYPE(A0) *offsets, long offsets_off, __global const TYPE(A0) *bias, long bias_off,
                            __global const TYPE(A0) *mask, long mask_off, __global TYPE(Z0) *dst, long dst_off, long items, long C,
                            long H, long W, long K, long OH, long OW, long CG, long R, long S, long stride_h, long stride_w,
                            long dilation_h, long dilation_w, long pad_h, long pad_w, long groups, long offset_groups) {
    const long item = get_global_id(0), area = OH * OW, k = item / area % K, n = item / area / K, at = item % area, taps = R * S;
    T sum = 0;
    if (item >= items)
        return;
#ifdef BIAS
    sum = LOAD(A0, bias, bias_off + k);
#endif
    for (long c = 0; c < CG; c++) {
        const long channel = k / (K / groups) * CG + c, group = channel / (C / offset_groups);
        for (long t = 0; t < taps; t++) {
            const long place = (n * offset_groups + group) * taps + t;
            const T y = at / OW * stride_h - pad_h + t / S * dilation_h + LOAD(A0, offsets, offsets_off + place * 2 * area + at);
            const T x = at % OW * stride_w - pad_w + t % S * dilation_w + LOAD(A0, offsets, offsets_off + (place * 2 + 1) * area + at);
            T v = between(src + src_off + (n * C + channel) * H * W, H, W, y, x);
#ifdef MASK
            v *= LOAD(A0, mask, mask_off + place * area + at);
#endif
            sum = MULADD(v, LOAD(A0, weights, weights_off + (k * CG + c) * taps + t), sum);
        }
    }
    STORE(Z0, dst, dst_off + item, sum);
}
