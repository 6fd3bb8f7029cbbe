/* SPDX-License-Identifier: Apache-2.0 */
/* Direct convolution from a plain source, for few source channels: a work-item keeps KV x 16 channels of T pixels of a row of the
 * result in registers. Weights are in blocks: result channels / (16 KV), source channels, r, s, 16 KV. REACH: at least
 * (S - 1) * dx. */
#include "types.clh"
#include "conv2d_tile.clh"

#define PIXEL(t) ((size_t)(t) * SW)
#define SEGMENT ((T - 1) * SW + 1 + REACH)

#define TAPS(P) \
    for (int s = 0; s < S; s++, P += dx, wt += 16 * KV) \
        ADD_TO_TILE(P, PIXEL, wt)

/* Elements x ... of a row of the source, zeros outside of it. */
static void copy_segment(__global const float *row, int IW, int x, float *to) {
    const int first = clamp(-x, 0, SEGMENT), last = clamp(IW - x, first, SEGMENT);
    for (int i = 0; i < SEGMENT; i += 16)
        STORE16_PRIVATE((float16)0, 0, to + i);
    if (last - first >= 16) {
        for (int i = first; i + 16 <= last; i += 16)
            STORE16_PRIVATE(LOAD16(0, row + x + i), 0, to + i);
        STORE16_PRIVATE(LOAD16(0, row + x + last - 16), 0, to + last - 16);
    } else {
        for (int i = first; i < last; i++)
            to[i] = row[x + i];
    }
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_plain(__global const float *src, long src_off, __global const float *wei, long wei_off, __global float *dst,
                           long dst_off, long src_n, long dst_n, long residual_n, int C, int IH, int IW, int K, int OH, int OW, int R,
                           int S, int step_y, int dy, int dx, int y0, int x0, int tiles_x BIAS_PARAM POST_PARAMS) {
    const int kb = get_global_id(1), oy = get_global_id(0) / tiles_x, ox = get_global_id(0) % tiles_x * T;
    const long batch = get_global_id(2);
    const int x = ox * SW + x0, reach = (S - 1) * dx;
    __global const float *wt = wei + wei_off + (size_t)kb * C * R * S * (16 * KV);
    src += src_off + batch * src_n;
    dst += dst_off + batch * dst_n;
    float16 sum[KV][T];
    FOR_TILE(sum[v][t] = 0)
    float copy[SEGMENT + 15], part[KV * T * 16];
    for (int c = 0; c < C; c++)
        for (int r = 0; r < R; r++) {
            const int y = oy * step_y + y0 + r * dy;
            if (y < 0 || y >= IH) {
                wt += S * 16 * KV;
                continue;
            }
            __global const float *row = src + ((size_t)c * IH + y) * IW;
            if (x >= 0 && x + (T - 1) * SW + reach < IW) {
                __global const float *from = row + x;
                TAPS(from)
            } else {
                copy_segment(row, IW, x, copy);
                const float *from = copy;
                TAPS(from)
            }
        }
    FOR_TILE(STORE16_PRIVATE(sum[v][t], v * T + t, part))
    STORE_TILE(part, oy, ox, 1, min(T, OW - ox))
}
