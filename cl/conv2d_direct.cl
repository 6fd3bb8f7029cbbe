/* SPDX-License-Identifier: Apache-2.0 */
/* Direct convolution, channels in blocks of 16: a work-item keeps KV x 16 channels of TH x TW pixels of the result in registers.
 *
 * Result pixel (u, v) takes source pixel (u * step_y + y0 + r * dy, v * SW + x0 + s * dx) times weight (r, s). Forward, that is
 * the definition. Backward by data (PHASES) the result is dx, and pixels with equal remainder by the stride take the same taps,
 * each rstep-th one, from neighbouring pixels of dy. Weights are in blocks: result channels / (16 KV), source channels / 16, r, s,
 * 16, 16 KV. A tap for which the whole tile lies in the source reads it in place; another one goes through a small copy. */
#include "types.clh"
#define T (TH * TW)
#include "conv2d_tile.clh"

#define PIXEL(t) ((t) / TW * row_step + (size_t)((t) % TW * (SW * 16)))
#define COPIED(t) ((size_t)(t) * 16)

/* All source channels of one block for one tap. */
#define TAP(P, AT) \
    for (int c = 0; c < lanes; c++, wt += 16 * KV, P++) \
        ADD_TO_TILE(P, AT, wt)

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_direct(__global const float *src, long src_off, __global const float *wei, long wei_off, __global float *dst,
                            long dst_off, long src_n, long dst_n, long residual_n, int C, int IH, int IW, int K, int OH, int OW, int R,
                            int S, int step_y, int dy, int dx, int y0, int x0, int tiles_x, int group_k, int group_c,
                            int out_y, int out_x, int rstep, int sstep BIAS_PARAM POST_PARAMS) {
    const int kb = get_global_id(1);
    const long batch = get_global_id(2);
    int tile = get_global_id(0), r0 = 0, s0 = 0, oy0 = 0, ox0 = 0;
#ifdef PHASES
    /* dy, dx, y0, x0 are those of the whole: -dilation and padding; from here on those of this phase */
    const int phase = tile % (out_y * out_x);
    tile /= out_y * out_x;
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
    const int u0 = tile / tiles_x * TH, v0 = tile % tiles_x * TW;
    const size_t row_step = (size_t)step_y * IW * 16;
    const int c_blocks = (C + 15) / 16;
    src += src_off + batch * src_n + (size_t)(kb / group_k * group_c) * IH * IW * 16;
    wei += wei_off + (size_t)kb * c_blocks * R * S * (256 * KV);
    CLEAR_TILE
    float copy[T * 16];
    for (int cb = 0; cb < c_blocks; cb++, src += (size_t)IH * IW * 16, wei += R * S * (256 * KV)) {
        const int lanes = min(16, C - cb * 16);
        for (int r = r0, y = u0 * step_y + y0; r < R; r += rstep, y += dy) {
            if (y >= IH || y + (TH - 1) * step_y < 0)
                continue;
            for (int s = s0, x = v0 * SW + x0; s < S; s += sstep, x += dx) {
                __global const float *wt = wei + (r * S + s) * (256 * KV);
                if (y >= 0 && y + (TH - 1) * step_y < IH && x >= 0 && x + (TW - 1) * SW < IW) {
                    __global const float *from = src + (y * IW + x) * 16;
                    TAP(from, PIXEL)
                } else {
                    for (int t = 0; t < T; t++) {
                        const int yt = y + t / TW * step_y, xt = x + t % TW * SW;
                        const bool inside = yt >= 0 && yt < IH && xt >= 0 && xt < IW;
                        vstore16(inside ? vload16(yt * IW + xt, src) : (float16)0, t, copy);
                    }
                    const float *from = copy;
                    TAP(from, COPIED)
                }
            }
        }
    }
    dst += dst_off + batch * dst_n;
#define ROW(t) (oy0 + (u0 + (t) / TW) * out_y)
#define COLUMN(t) (ox0 + (v0 + (t) % TW) * out_x)
    STORE_TILE(ROW, COLUMN)
}
