/* SPDX-License-Identifier: Apache-2.0 */
/* Direct convolution, channels in blocks of 16: a work-item computes MT tiles of KV x 16 channels by T pixels of a row.
 *
 * Result pixel (u, v) takes source pixel (u * step_y + y0 + r * dy, v * SW + x0 + s * dx) times weight (r, s). Forward, that is
 * the definition. Backward by data (PHASES) the result is dx, and pixels with equal remainder by the stride take the same taps,
 * each rstep-th one, from neighbouring pixels of dy. Weights are in blocks: result channels / (16 KV), source channels / 16, r, s,
 * 16, 16 KV. They are taken `chunk` blocks at a time, which stay in a near cache while all tiles go over them.
 * A row of taps for which the whole tile lies in the source reads it in place; another one goes through a copy with zeros around.
 * REACH: at least (S - 1) * |dx|. */
#include "types.clh"
#include "conv2d_tile.clh"

#define PIXEL(t) ((size_t)(t) * (SW * 16))
#define SEGMENT ((T - 1) * SW + 1 + REACH)

/* All channels of one block for a row of taps, which is one run of channels where the taps are neighbours. Channels of the next row
 * of taps are called for meanwhile, and this tile's part of the weights of the next chunk: a 1x1 convolution has no time to wait for
 * them. */
#define TAPS(P) \
    for (int j = 0; j < runs; j++, P += run_x, wt += run_w) { \
        for (int i = 0; i < run; i++, next += 16) { \
            PREFETCH(ahead + i * 16) \
            PREFETCH(next) \
            ADD_TO_TILE((P + i), PIXEL, (wt + (size_t)i * (16 * KV))) \
        } \
    }

static void copy_segment(__global const float *row, int IW, int x, int count, float *to) {
    const int first = clamp(-x, 0, count), last = clamp(IW - x, first, count);
    for (int i = 0; i < first; i++)
        STORE16_PRIVATE((float16)0, i, to);
    for (int i = first; i < last; i++)
        STORE16_PRIVATE(LOAD16(x + i, row), i, to);
    for (int i = last; i < count; i++)
        STORE16_PRIVATE((float16)0, i, to);
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_direct(__global const float *src, long src_off, __global const float *wei, long wei_off, __global float *dst,
                            long dst_off, long src_n, long dst_n, long residual_n, int C, int IH, int IW, int K, int OH, int OW, int R,
                            int S, int step_y, int dy, int dx, int y0, int x0, int tiles_x, int tiles, int per_item, int chunk,
                            int group_k, int group_c, int out_y, int out_x, int rstep, int sstep, int panels,
                            int items BIAS_PARAM POST_PARAMS) {
    /* Either all panels of a part of the image come one after the other (items: 0), or all parts for a panel. */
    const int flat = get_global_id(0), kb = items ? flat / items : flat % panels, c_blocks = (C + 15) / 16;
    const long batch = get_global_id(1);
    int item = items ? flat % items : flat / panels, r0 = 0, s0 = 0, oy0 = 0, ox0 = 0;
#ifdef PHASES
    /* dy, dx, y0, x0 are those of the whole: -dilation and padding; from here on those of this phase */
    const int phase = item % (out_y * out_x);
    item /= out_y * out_x;
    oy0 = phase / out_x;
    ox0 = phase % out_x;
    while (r0 < R && (oy0 + y0 + r0 * dy) % out_y)
        r0++;
    while (s0 < S && (ox0 + x0 + s0 * dx) % out_x)
        s0++;
    y0 = (oy0 + y0 + r0 * dy) / out_y;
    x0 = (ox0 + x0 + s0 * dx) / out_x;
    dy = dy * rstep / out_y;
    dx = dx * sstep / out_x;
#endif
    const int taps = (S - s0 + sstep - 1) / sstep, low = min(0, (taps - 1) * dx), reach = abs((taps - 1) * dx);
    const int first = item * per_item, count = min(per_item, tiles - first);
    src += src_off + batch * src_n + (size_t)(kb / group_k * group_c) * IH * IW * 16;
    wei += wei_off + (size_t)kb * c_blocks * R * S * (256 * KV);
    dst += dst_off + batch * dst_n;
    float copy[SEGMENT * 16], part[MT * KV * T * 16];
    for (int c0 = 0; c0 < c_blocks || c0 == 0; c0 += chunk) {
        for (int m = 0; m < count; m++) {
            const int y1 = (first + m) / tiles_x * step_y + y0, x = (first + m) % tiles_x * (T * SW) + x0;
            const bool inside = x + low >= 0 && x + low + reach + (T - 1) * SW < IW;
            float *sums = part + m * (KV * T * 16);
            __global const float *next = wei + (size_t)(c0 + chunk) * R * S * (256 * KV) + (size_t)(m * chunk * R * S / count) * (256 * KV);
            if (c0 + chunk >= c_blocks) { /* stores wait for lines that are far */
                const int row = oy0 + (first + m) / tiles_x * out_y, column = ox0 + (first + m) % tiles_x * T * out_x;
                __global const float *to = dst + ((size_t)kb * KV * OH * OW + (size_t)row * OW + column) * 16;
                for (int v = 0; v < KV; v++, to += (size_t)OH * OW * 16)
                    for (int t = 0; t < T; t++)
                        PREFETCH_TO(to + t * out_x * 16)
            }
            float16 sum[KV][T];
            if (c0 == 0) {
                FOR_TILE(sum[v][t] = 0)
            } else {
                FOR_TILE(sum[v][t] = LOAD16_PRIVATE(v * T + t, sums))
            }
            for (int cb = c0; cb < min(c0 + chunk, c_blocks); cb++) {
                const int lanes = min(16, C - cb * 16);
                const bool joined = dx == 1 && sstep == 1 && lanes == 16;
                const int runs = joined ? 1 : taps, run = joined ? taps * 16 : lanes;
                const int run_x = dx * 16, run_w = sstep * (256 * KV);
                for (int r = r0, y = y1; r < R; r += rstep, y += dy) {
                    if (y < 0 || y >= IH)
                        continue;
                    __global const float *row = src + ((size_t)cb * IH + y) * IW * 16;
                    __global const float *wt = wei + (((size_t)cb * R + r) * S + s0) * (256 * KV);
                    __global const float *ahead = row + ((r + rstep < R ? (long)dy : (long)IH - (R - 1) * dy) * IW + x) * 16;
                    if (inside) {
                        __global const float *from = row + (long)x * 16;
                        TAPS(from)
                    } else {
                        copy_segment(row, IW, x + low, reach + (T - 1) * SW + 1, copy);
                        const float *from = copy - low * 16;
                        TAPS(from)
                    }
                }
            }
            FOR_TILE(STORE16_PRIVATE(sum[v][t], v * T + t, sums))
        }
    }
    const int columns = (OW - ox0 + out_x - 1) / out_x;
    for (int m = 0; m < count; m++) {
        const int row = oy0 + (first + m) / tiles_x * out_y, column = ox0 + (first + m) % tiles_x * T * out_x;
        const float *sums = part + m * (KV * T * 16);
        const int pixels = min(T, columns - (first + m) % tiles_x * T);
        if (row < OH) {
            STORE_TILE(sums, row, column, out_x, pixels)
        }
    }
}
