/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution on plain layouts, for GPUs: a work-item computes PIXELS neighbours of a row of one channel. */
#include "types.clh"
#include "repeat.clh"

#define BIAS_AT channel
#include "post.clh"
#define EACH_PIXEL CAT(TIMES_, PIXELS)
#define ZERO(i) float sum_##i = 0;
#define ADD(i) \
    { \
        const int x = left + i * step_x; \
        sum_##i = MULADD(w, (uint)x < (uint)W ? LOAD(A0, row, x) : 0.0f, sum_##i); \
    }
#define STORE_PIXEL(i) \
    if (ox + i < OW) { \
        const size_t at = ((size_t)plane * OH + oy) * OW + ox + i; \
        STORE_POST(Z0, dst, sum_##i) \
    }

__kernel void conv2d_depthwise_plain(__global const TYPE(A0) *src, long src_off, __global const TYPE(A1) *wei, long wei_off,
                                     __global TYPE(Z0) *dst, long dst_off, int K, int per_channel, int H, int W, int OH, int OW, int R,
                                     int S, int step_y, int step_x, int pad_y, int pad_x, int dy, int dx BIAS_PARAM POST_PARAMS) {
    const int ox = get_global_id(0) * PIXELS, oy = get_global_id(1), plane = get_global_id(2), channel = plane % K;
    if (ox >= OW || oy >= OH)
        return;
    src += src_off + (long)(plane / per_channel) * H * W;
    wei += wei_off + channel * R * S;
    dst += dst_off;
    EACH_PIXEL(ZERO)
    for (int r = 0; r < R; r++) {
        const int y = oy * step_y - pad_y + r * dy;
        if (y < 0 || y >= H)
            continue;
        __global const TYPE(A0) *row = src + (long)y * W;
        for (int s = 0; s < S; s++) {
            const int left = ox * step_x - pad_x + s * dx;
            const float w = LOAD(A1, wei, r * S + s);
            EACH_PIXEL(ADD)
        }
    }
    EACH_PIXEL(STORE_PIXEL)
}
