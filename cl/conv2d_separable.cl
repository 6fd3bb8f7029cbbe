/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution, ReLU and 1x1 convolution in one, channels in blocks of 16: a work-item computes `rows` rows of the depthwise
 * results of all channels into local memory, mid[C / 16][pixels][16], and `share` panels of KV x 16 channels of the result from them. */
#include "types.clh"
#include "conv2d_tile.clh"
#include "separable.clh"
#include "depthwise.clh"

#define KEEP(v, x) STORE16_LOCAL(bounded(v + shift, limit), x, row);

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_separable(__global const float *src, long src_off, __global const float *taps, long taps_off,
                               __global const float *wei, long wei_off, __global float *dst, long dst_off,
                               __global const float *between, long between_off, int has_between, __local float *mid, long src_n,
                               long dst_n, long residual_n, int C, int H, int W, int K, int OH, int OW, int stride_h, int dilation_h,
                               int pad_h, int pad_w, float limit, int rows, int panels, int share BIAS_PARAM POST_PARAMS) {
    const int first = get_global_id(0) * rows, last = min(first + rows, OH), pixels = (last - first) * OW, tiles = (pixels + T - 1) / T;
    const int c_blocks = (C + 15) / 16, panel0 = get_global_id(1) * share, apart = tiles * T * 16;
    const long batch = get_global_id(2);
    src += src_off + batch * src_n;
    dst += dst_off + batch * dst_n;
    for (int cb = 0; cb < c_blocks; cb++) {
        __global const float *plane = src + (size_t)cb * H * W * 16, *w = taps + taps_off + (size_t)cb * R * S * 16;
        const float16 shift = has_between ? load_lanes(between + between_off + cb * 16, C - cb * 16) : 0;
        __local float *row = mid + cb * apart;
        for (int oy = first; oy < last; oy++, row += OW * 16)
            DEPTHWISE_ROW(plane, w, (oy * stride_h - pad_h), KEEP)
        for (int p = pixels; p < tiles * T; p++)
            STORE16_LOCAL((float16)0, p, mid + cb * apart);
    }
    STORE_PRODUCT(mid, apart, panel0, min(panel0 + share, panels), first * OW, pixels)
}
