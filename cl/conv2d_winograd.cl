/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd convolution F(TH x TW, R x S) (Lavin and Gray 2016), fused: a work-item takes G groups of T tiles through all of it, so that
 * what is transformed never leaves its processor's caches: V, the transformed input; for each panel of 32 channels of the result,
 * its products M; the transform of these back. Channels in blocks of 16; a work-group is one work-item.
 *
 *     V[P][G][C / 16][T][16]      M[G][P][2][T][16]      U[K / 32][P][C][32]: weights      P = (TH + R - 1) (TW + S - 1) */
#include "types.clh"
#define KV 2
#include "conv2d_tile.clh"
#include "winograd.clh"

#define PIXEL(t) ((t) * 16)
#define AHEAD 2048 /* floats: what weights are called for before they are needed */

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_winograd(__global const float *src, long src_off, __global const float *wei, long wei_off, __global float *dst,
                              long dst_off, SCRATCH_PARAMS, long src_n, long dst_n, long residual_n, int C, int H, int W, int K, int OH,
                              int OW, int pad_h, int pad_w, int rows, int columns, int tiles, int groups, int panels,
                              int share BIAS_PARAM POST_PARAMS) {
    const int c_blocks = (C + 15) / 16, first = get_global_id(0) * groups * T, panel0 = get_global_id(1) * share;
    const int last = min(first + groups * T, tiles), used = (last - first + T - 1) / T;
    const size_t apart = (size_t)groups * c_blocks * (T * 16);
#ifndef LOCAL_SCRATCH
    v += v_off + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * (apart * P + (size_t)groups * (P * KV * T * 16));
#endif
    SCRATCH float *m = v + apart * P;
    for (int g = 0; g < used; g++) {
        for (int cb = 0; cb < c_blocks; cb++) {
            SCRATCH float *to = v + (g * c_blocks + cb) * (T * 16);
            for (int t = 0; t < T; t++, to += 16) {
                const int tile = first + g * T + t, y = tile / columns % rows * TH - pad_h, x = tile % columns * TW - pad_w;
                if (tile < last)
                    transform_input(src + src_off + tile / columns / rows * src_n + (size_t)cb * H * W * 16, y, x, H, W, to, apart);
                else
                    for (int p = 0; p < P; p++)
                        STORE16_SCRATCH((float16)0, 0, to + p * apart);
            }
        }
    }
    for (int kb = panel0; kb < min(panel0 + share, panels); kb++) {
        for (int p = 0; p < P; p++) {
            for (int g = 0; g < used; g++) {
                SCRATCH const float *a = v + p * apart + (size_t)g * c_blocks * (T * 16);
                __global const float *u = wei + wei_off + ((size_t)kb * P + p) * C * 32;
                float16 sum[KV][T];
                FOR_TILE(sum[v][t] = 0)
                for (int c = 0; c < C; c += 16, a += T * 16) {
                    for (int i = 0; i < min(16, C - c); i++, u += 32) {
                        PREFETCH(u + AHEAD)
                        PREFETCH(u + AHEAD + 16)
                        ADD_TO_TILE((a + i), PIXEL, u)
                    }
                }
                SCRATCH float *to = m + (g * P + p) * (KV * T * 16);
                FOR_TILE(STORE16_SCRATCH(sum[v][t], v * T + t, to))
            }
        }
        for (int q = 0; q < KV; q++) {
            const int k = (kb * KV + q) * 16, left = K - k;
            if (left <= 0)
                continue;
            LOAD_BIAS
            for (int tile = first; tile < last; tile++) {
                const int t = (tile - first) % T, y0 = tile / columns % rows * TH, x0 = tile % columns * TW;
                SCRATCH const float *from = m + ((tile - first) / T * (P * KV) + q) * (T * 16) + t * 16;
                const long batch = tile / columns / rows;
                float16 d[NH * NW], y[TH * TW];
                UNROLL(P) for (int p = 0; p < P; p++)
                    d[p] = LOAD16_SCRATCH(0, from + p * (KV * T * 16));
                UNROLL(NW) for (int j = 0; j < NW; j++)
                    OUTPUT_H(d, j, NW)
                UNROLL(TH) for (int i = 0; i < TH; i++)
                    OUTPUT_W(d, i * NW, 1)
                UNROLL(TH) for (int i = 0; i < TH; i++) {
                    UNROLL(TW) for (int j = 0; j < TW; j++) y[i * TW + j] = d[i * NW + j];
                }
                for (int i = 0; i < min(TH, OH - y0); i++) {
                    size_t at = (((size_t)kb * KV + q) * OH * OW + (size_t)(y0 + i) * OW + x0) * 16;
                    for (int j = 0; j < min(TW, OW - x0); j++, at += 16) {
                        float16 z = LOAD16_PRIVATE(i * TW + j, (const float *)y);
                        ADD_BIAS(z)
                        POSTS(float16, z, POST_BIAS, POST_RESIDUAL)
                        if (left < 16)
                            z = select((float16)0, z, LANES < left);
                        STORE16(z, 0, dst + dst_off + batch * dst_n + at);
                    }
                }
            }
        }
    }
}
