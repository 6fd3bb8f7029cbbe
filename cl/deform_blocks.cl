/* SPDX-License-Identifier: Apache-2.0 */
/* Deformable convolution for CPUs: a work-item takes 16 elements of a plane at once, samples each tap of each channel for them once, and
 * adds it to all results of the group. */
#include "types.clh"
#define VEC 16
#include "vec.clh"

#define T COMPUTE(A0)

/* Between four elements; those outside are 0. */
static T between(__global const TYPE(A0) *plane, int height, int width, T y, T x) {
    if (!(y > -1 && y < height && x > -1 && x < width))
        return 0;
    int top = (int)floor(y), left = (int)floor(x);
    T fy = y - top, fx = x - left, sum = 0;
    if (top >= 0 && left >= 0)
        sum += (1 - fy) * (1 - fx) * LOAD(A0, plane, (long)top * width + left);
    if (top >= 0 && left + 1 < width)
        sum += (1 - fy) * fx * LOAD(A0, plane, (long)top * width + left + 1);
    if (top + 1 < height && left >= 0)
        sum += fy * (1 - fx) * LOAD(A0, plane, (long)(top + 1) * width + left);
    if (top + 1 < height && left + 1 < width)
        sum += fy * fx * LOAD(A0, plane, (long)(top + 1) * width + left + 1);
    return sum;
}

__kernel void deform_blocks(__global const TYPE(A0) *src, long src_off, __global const TYPE(A0) *weights, long weights_off,
                            __global const TYPE(A0) *offsets, long offsets_off, __global const TYPE(A0) *bias, long bias_off,
                            __global const TYPE(A0) *mask, long mask_off, __global TYPE(Z0) *dst, long dst_off, long items, long C,
                            long H, long W, long K, long OH, long OW, long CG, long R, long S, long stride_h, long stride_w,
                            long dilation_h, long dilation_w, long pad_h, long pad_w, long groups, long offset_groups,
                            __global float *work, long work_off) {
    const long area = OH * OW, taps = R * S, own = K / groups, first = (long)get_global_id(0) * 16, n = get_global_id(2);
    const long group = get_global_id(1), count = min(16L, area - first);
    __global float *sums = work + work_off + ((n * groups + group) * get_global_size(0) + get_global_id(0)) * own * 16;
    for (long k = 0; k < own; k++) {
        T begin = 0;
#ifdef BIAS
        begin = LOAD(A0, bias, bias_off + group * own + k);
#endif
        STORE16((float16)begin, 0, sums + k * 16);
    }
    for (long c = 0; c < CG; c++) {
        const long channel = group * CG + c, moved = n * offset_groups + channel / (C / offset_groups);
        __global const TYPE(A0) *plane = src + src_off + (n * C + channel) * H * W;
        for (long t = 0; t < taps; t++) {
            const long place = (moved * taps + t) * area + first;
            float values[16] = {0};
            for (int i = 0; i < count; i++) {
                const long at = first + i, down = place + (moved * taps + t) * area + i;
                const T y = at / OW * stride_h - pad_h + t / S * dilation_h + LOAD(A0, offsets, offsets_off + down);
                const T x = at % OW * stride_w - pad_w + t % S * dilation_w + LOAD(A0, offsets, offsets_off + down + area);
                values[i] = between(plane, H, W, y, x);
#ifdef MASK
                values[i] *= LOAD(A0, mask, mask_off + place + i);
#endif
            }
            const float16 v = LOAD16_PRIVATE(0, values);
            __global const TYPE(A0) *w = weights + weights_off + (group * own * CG + c) * taps + t;
            for (long k = 0; k < own; k++)
                STORE16(MULADD(v, (float16)LOAD(A0, w, k * CG * taps), LOAD16(0, sums + k * 16)), 0, sums + k * 16);
        }
    }
    for (long k = 0; k < own; k++)
        for (int i = 0; i < count; i++)
            STORE(Z0, dst, dst_off + (n * K + group * own + k) * area + first + i, sums[k * 16 + i]);
}
