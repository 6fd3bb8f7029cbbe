/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution, ReLU, depthwise convolution, ReLU and 1x1 convolution in one, channels in blocks of 16: a work-item makes `rows` rows
 * of the result. Of KV0 blocks of channels at a time, it makes those rows of the first result that are needed, wide[KV0][pixels][16],
 * and from these the depthwise one, mid[C / 16][pixels][16], both in local memory; the last product follows when all are there. */
#include "types.clh"

#define KV KV0
#define T T0
#include "tile.clh"
#include "separable.clh"

/* KV0 x 16 channels of `count` pixels from `src` on, whose blocks of channels are `plane` apart. The last tile ends with the last pixel;
 * fewer pixels than a tile are copied to where zeros follow. */
static void widen(__global const float *src, long plane, int channels, __global const float *wei, __global const float *shift, int has_shift,
                  int left, float most, int count, __local float *wide) {
    const bool few = count < T;
    for (int p = 0; p < count; p += T) {
        const int x = few ? 0 : min(p, count - T);
        __global const float *from = src + x * 16, *wt = wei;
        float copy[T * 16];
        float16 sum[KV][T];
        FOR_TILE(sum[v][t] = 0)
        for (int c = 0; c < channels; c += 16, from += plane) {
            const int lanes = min(16, channels - c);
            if (few) {
                for (int t = 0; t < T; t++)
                    STORE16_PRIVATE(t < count ? LOAD16(t, from) : (float16)0, t, copy);
                for (int i = 0; i < lanes; i++, wt += 16 * KV)
                    ADD_TO_TILE((copy + i), NEXT_PIXEL, wt)
            } else {
                for (int i = 0; i < lanes; i++, wt += 16 * KV)
                    ADD_TO_TILE((from + i), NEXT_PIXEL, wt)
            }
        }
        UNROLL(KV) for (int v = 0; v < KV; v++) {
            const float16 b = has_shift && left > v * 16 ? load_lanes(shift + v * 16, left - v * 16) : 0;
            __local float *to = wide + ((long)v * count + x) * 16;
            UNROLL(T) for (int t = 0; t < T; t++)
                if (t < count)
                    STORE16_LOCAL(bounded(sum[v][t] + b, most), t, to);
        }
    }
}

#undef KV
#undef T
#define KV KV1
#define T T1
#include "conv2d_tile.clh"
#define DEPTHWISE_FROM __local
#include "depthwise.clh"

#define KEEP(v, x) STORE16_LOCAL(bounded(v + shift, limit), x, row);

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_inverted(__global const float *src, long src_off, __global const float *in, long in_off, __global const float *taps,
                              long taps_off, __global const float *wei, long wei_off, __global float *dst, long dst_off,
                              __global const float *start, long start_off, int has_start, __global const float *between,
                              long between_off, int has_between, __local float *mid, long src_n, long dst_n, long residual_n, int B,
                              int C, int IH, int W, int K, int OH, int OW, int stride_h, int dilation_h, int pad_h, int pad_w,
                              float first_limit, float limit, int rows, int panels BIAS_PARAM POST_PARAMS) {
    const int first = get_global_id(0) * rows, last = min(first + rows, OH), pixels = (last - first) * OW, tiles = (pixels + T - 1) / T;
    const int c_blocks = (C + 15) / 16, apart = tiles * T * 16, b_blocks = (B + 15) / 16;
    const int top = clamp(first * stride_h - pad_h, 0, IH), H = clamp((last - 1) * stride_h - pad_h + (R - 1) * dilation_h + 1, top, IH) - top;
    const long batch = get_global_id(1), plane = (long)IH * W * 16;
    __local float *wide = mid + c_blocks * apart;
    src += src_off + batch * src_n + (long)top * W * 16;
    dst += dst_off + batch * dst_n;
    for (int c0 = 0; c0 < c_blocks; c0 += KV0) {
        widen(src, plane, B, in + in_off + (size_t)c0 * b_blocks * 256, start + start_off + c0 * 16, has_start, C - c0 * 16, first_limit, H * W,
              wide);
        for (int cb = c0; cb < min(c0 + KV0, c_blocks); cb++) {
            __global const float *w = taps + taps_off + (size_t)cb * R * S * 16;
            __local const float *made = wide + (long)(cb - c0) * H * W * 16;
            const float16 shift = has_between ? load_lanes(between + between_off + cb * 16, C - cb * 16) : 0;
            __local float *row = mid + cb * apart;
            for (int oy = first; oy < last; oy++, row += OW * 16)
                DEPTHWISE_ROW(made, w, (oy * stride_h - pad_h - top), KEEP)
            for (int p = pixels; p < tiles * T; p++)
                STORE16_LOCAL((float16)0, p, mid + cb * apart);
        }
    }
    STORE_PRODUCT(mid, apart, 0, panels, first * OW, pixels)
}
