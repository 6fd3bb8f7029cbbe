/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient by the weights by Winograd's transforms, F(4 x 4, 3 x 3) backwards: transformed input times transformed gradient, summed
 * over tiles at each point, then back to R x S taps. Channels of src and diff in blocks of 16. A work-item takes `group` blocks of source
 * channels, 32 result channels, and one part of the chunks of `per_chunk` tiles; its taps go to its own place of `work`, as
 * conv2d_weights.cl's do: [part][k block][c block][tap][16][32].
 *
 *     V[P][group][per_chunk][16]     D[P][per_chunk][32]     M[P][group * 16][32], each point 16 floats further (cache sets) */
#include "types.clh"
#define KV 2
#define CT 8
#include "tile.clh"
#include "winograd.clh"

/* Named by results and points: the gradient of results at all points. */
#define GRADIENT_1(x, i, step) {}
#define GRADIENT_4(x, i, step) \
    { \
        const float16 even = x[i] + x[(i) + 2 * step], odd = x[(i) + step] + x[(i) + 3 * step]; \
        const float16 wide = x[i] + 4.0f * x[(i) + 2 * step], tilt = 2.0f * x[(i) + step] + 8.0f * x[(i) + 3 * step]; \
        x[(i) + 5 * step] = x[(i) + 3 * step]; \
        x[(i) + step] = even + odd; \
        x[(i) + 2 * step] = even - odd; \
        x[(i) + 3 * step] = wide + tilt; \
        x[(i) + 4 * step] = wide - tilt; \
    }
/* Points back to three taps. */
#define TAPS_1(x, i, step) {}
#define TAPS_3(x, i, step) \
    { \
        const float16 ta = (x[(i) + step] + x[(i) + 2 * step]) * (1 / 6.0f), tb = (x[(i) + 2 * step] - x[(i) + step]) * (1 / 6.0f); \
        const float16 tc = x[(i) + 3 * step] + x[(i) + 4 * step], td = x[(i) + 3 * step] - x[(i) + 4 * step]; \
        x[i] = 0.25f * x[i] - ta + tc * (1 / 24.0f); \
        x[(i) + step] = tb + td * (1 / 12.0f); \
        x[(i) + 2 * step] = tc * (1 / 6.0f) - ta + x[(i) + 5 * step]; \
    }
#define GRADIENT_H CAT(GRADIENT_, TH)
#define GRADIENT_W CAT(GRADIENT_, TW)
#define TAPS_H CAT(TAPS_, R)
#define TAPS_W CAT(TAPS_, S)

static void transform_gradient(__global const float *from, int y0, int x0, int OH, int OW, SCRATCH float *to, size_t apart) {
    float16 d[NH * NW];
    from += ((long)y0 * OW + x0) * 16;
    UNROLL(TH) for (int i = 0; i < TH; i++) {
        UNROLL(TW) for (int j = 0; j < TW; j++) {
            d[i * NW + j] = 0;
            if (y0 + i < OH && x0 + j < OW)
                d[i * NW + j] = LOAD16((long)i * OW + j, from);
        }
    }
    UNROLL(TH) for (int i = 0; i < TH; i++)
        GRADIENT_W(d, i * NW, 1)
    UNROLL(NW) for (int j = 0; j < NW; j++)
        GRADIENT_H(d, j, NW)
    UNROLL(P) for (int p = 0; p < P; p++)
        STORE16_SCRATCH(d[p], 0, to + p * apart);
}

/* Adds `count` tiles' products to 8 rows of M, or begins it. */
static void multiply(SCRATCH const float *a, SCRATCH const float *d, SCRATCH float *m, int count, bool begin) {
    float16 sum[CT][KV];
    UNROLL(CT) for (int c = 0; c < CT; c++) {
        UNROLL(KV) for (int v = 0; v < KV; v++) sum[c][v] = begin ? (float16)0 : LOAD16_SCRATCH(c * KV + v, m);
    }
    for (int t = 0; t < count; t++, a += 16, d += 16 * KV) {
        float16 row[KV];
        UNROLL(KV) for (int v = 0; v < KV; v++) row[v] = LOAD16_SCRATCH(v, d);
        UNROLL(CT) for (int c = 0; c < CT; c++) {
            UNROLL(KV) for (int v = 0; v < KV; v++) sum[c][v] = MULADD((float16)a[c], row[v], sum[c][v]);
        }
    }
    UNROLL(CT) for (int c = 0; c < CT; c++) {
        UNROLL(KV) for (int v = 0; v < KV; v++) STORE16_SCRATCH(sum[c][v], c * KV + v, m);
    }
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_weights_winograd(__global const float *src, long src_off, __global const float *diff, long diff_off,
                                      __global float *work, long work_off, SCRATCH_PARAMS, long src_n, long diff_n, int c_blocks, int H,
                                      int W, int k_blocks, int OH, int OW, int pad_h, int pad_w, int rows, int columns, int tiles,
                                      int per_chunk, int chunks, int group) {
    const int kb = get_global_id(1), part = get_global_id(2), cb0 = get_global_id(0) * group, blocks = min(group, c_blocks - cb0);
    const int first = (int)((long)chunks * part / get_global_size(2)), last = (int)((long)chunks * (part + 1) / get_global_size(2));
    const size_t v_apart = (size_t)group * per_chunk * 16 + 16, d_apart = (size_t)per_chunk * (16 * KV) + 16;
    const size_t m_apart = (size_t)group * (256 * KV) + 16;
#ifndef LOCAL_SCRATCH
    v += v_off + ((part * get_global_size(1) + kb) * get_global_size(0) + get_global_id(0)) * (v_apart + d_apart + m_apart) * P;
#endif
    SCRATCH float *d = v + v_apart * P, *m = d + d_apart * P;
    src += src_off + (size_t)cb0 * H * W * 16;
    diff += diff_off + (size_t)kb * KV * OH * OW * 16;
    for (int chunk = first; chunk < last; chunk++) {
        const int tile0 = chunk * per_chunk, count = min(per_chunk, tiles - tile0);
        for (int t = 0; t < count; t++) {
            const int tile = tile0 + t, y = tile / columns % rows * TH, x = tile % columns * TW;
            const long image = tile / columns / rows;
            for (int cb = 0; cb < blocks; cb++)
                transform_input(src + image * src_n + (size_t)cb * H * W * 16, y - pad_h, x - pad_w, H, W, v + (cb * per_chunk + t) * 16,
                                v_apart);
            for (int k = 0; k < KV; k++) {
                if (kb * KV + k < k_blocks)
                    transform_gradient(diff + image * diff_n + (size_t)k * OH * OW * 16, y, x, OH, OW, d + (t * KV + k) * 16, d_apart);
                else
                    for (int p = 0; p < P; p++)
                        STORE16_SCRATCH((float16)0, t * KV + k, d + p * d_apart);
            }
        }
        for (int p = 0; p < P; p++)
            for (int c = 0; c < blocks * 16; c += CT)
                multiply(v + p * v_apart + c / 16 * per_chunk * 16 + c % 16, d + p * d_apart, m + p * m_apart + c * (16 * KV), count,
                         chunk == first);
    }
    work += work_off + ((part * get_global_size(1) + kb) * c_blocks + cb0) * (R * S * 256 * KV);
    for (int c = 0; c < blocks * 16; c++)
        for (int k = 0; k < KV; k++) {
            float16 x[NH * NW];
            UNROLL(P) for (int p = 0; p < P; p++)
                x[p] = LOAD16_SCRATCH(c * KV + k, m + p * m_apart);
            UNROLL(NW) for (int j = 0; j < NW; j++)
                TAPS_H(x, j, NW)
            UNROLL(R) for (int i = 0; i < R; i++)
                TAPS_W(x, i * NW, 1)
            UNROLL(R) for (int i = 0; i < R; i++) {
                UNROLL(S) for (int j = 0; j < S; j++)
                    STORE16(x[i * NW + j], 0, work + ((c / 16 * (R * S) + i * S + j) * 16 + c % 16) * (16 * KV) + k * 16);
            }
        }
}
