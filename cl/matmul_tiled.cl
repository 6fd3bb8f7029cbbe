/* SPDX-License-Identifier: Apache-2.0 */
/* c = a x b for CPUs: a work-item computes MT tiles of T rows by NP panels of 16 KV columns. b lies in panels, [k][16 KV] each, a
 * as it is: rows of K, or columns of M (TRANS_A). KC of the K products are done at a time, so that what is read again stays near; for
 * these, the rows of a tile are put one beside the other first (PACK), unless they are needed once or twice only. */
#include "types.clh"
#include "tile.clh"
#include "transpose.clh"

#ifdef HAS_BIAS
#define BIAS_PARAM , __global const float *bias, long bias_off
#define ADD_BIAS(z) z += load_lanes(bias + bias_off + n, left);
#else
#define BIAS_PARAM
#define ADD_BIAS(z)
#endif
#define POST_BIAS(p, off) load_lanes(p + off + n, left)
#define POST_RESIDUAL(p, off) load_lanes(p + off + at, left)

#ifdef TRANS_A
#define ROWS(t) ((size_t)(t))
#define STEP M
#else
#define ROWS(t) ((size_t)(t) * K)
#define STEP 1
#endif

#ifdef PACK
#define AT(t) (t)
/* count x T floats of a, so that those of T rows are neighbours. What is stored behind a group of T is overwritten by the next. */
static void pack(__global const float *a, int M, int K, int count, float *to) {
    int k = 0;
#ifdef TRANS_A
    for (; k < count; k++, a += M, to += T) {
        __attribute__((opencl_unroll_hint(T))) for (int t = 0; t < T; t++) to[t] = a[t];
    }
#else
    for (; k + 16 <= count; k += 16, a += 16, to += 16 * T) {
        float16 x[16], y[16];
        UNROLL16 for (int t = 0; t < 16; t++) x[t] = LOAD16(0, a + ROWS(min(t, T - 1)));
        TRANSPOSE16(x, y)
        UNROLL16 for (int i = 0; i < 16; i++) STORE16_PRIVATE(x[i], 0, to + i * T);
    }
    for (; k < count; k++, a++, to += T)
        for (int t = 0; t < T; t++)
            to[t] = a[ROWS(t)];
#endif
}
#else
#define AT ROWS
#endif

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void matmul_tiled(__global const float *a, long a_off, __global const float *b, long b_off, __global float *c, long c_off,
                           int M, int N, int K, long a_batch, long b_batch, int per_item, int panels, int panels_item
                           BIAS_PARAM POST_PARAMS) {
    const long z = get_global_id(2);
    const int first = get_global_id(0) * per_item, last = min(first + per_item, (M + T - 1) / T);
    const int first_panel = get_global_id(1) * panels_item, last_panel = min(first_panel + panels_item, panels);
    a += a_off + z * a_batch;
    b += b_off + z * b_batch;
    c += c_off;
    float part[MT * NP * KV * T * 16];
#ifdef PACK
    float packed[MT * KC * T + 16];
#endif
    for (int k0 = 0; k0 < K; k0 += KC) {
        const int count = min(KC, K - k0);
#ifdef PACK
        for (int tile = first; tile < last; tile++)
            pack(a + ROWS(min(tile * T, M - T)) + (size_t)k0 * STEP, M, K, count, packed + (tile - first) * (KC * T));
#endif
        for (int panel = first_panel; panel < last_panel; panel++)
            for (int tile = first; tile < last; tile++) { /* the last tile overlaps the one before it */
                float *sums = part + ((panel - first_panel) * MT + tile - first) * (KV * T * 16);
                __global const float *y = b + ((size_t)panel * K + k0) * (16 * KV);
#ifdef PACK
                const float *x = packed + (tile - first) * (KC * T);
                const int step = T;
#else
                __global const float *x = a + ROWS(min(tile * T, M - T)) + (size_t)k0 * STEP;
                const int step = STEP;
#endif
                float16 sum[KV][T];
                if (k0 == 0) {
                    FOR_TILE(sum[v][t] = 0)
                } else {
                    FOR_TILE(sum[v][t] = LOAD16_PRIVATE(v * T + t, sums))
                }
                for (int k = 0; k < count; k++, x += step, y += 16 * KV)
                    ADD_TO_TILE(x, AT, y)
                FOR_TILE(STORE16_PRIVATE(sum[v][t], v * T + t, sums))
            }
    }
    for (int panel = first_panel; panel < last_panel; panel++)
        for (int tile = first; tile < last; tile++) {
            const int m = min(tile * T, M - T);
            const float *sums = part + ((panel - first_panel) * MT + tile - first) * (KV * T * 16);
            for (int t = tile * T - m; t < T; t++)
                for (int v = 0; v < KV; v++) {
                    const int n = (panel * KV + v) * 16, left = N - n;
                    if (left <= 0)
                        break;
                    const size_t at = ((size_t)z * M + m + t) * N + n;
                    float16 s = LOAD16_PRIVATE(v * T + t, sums);
                    ADD_BIAS(s)
                    POSTS(float16, s, POST_BIAS, POST_RESIDUAL)
                    if (left >= 16) {
                        STORE16(s, 0, c + at);
                    } else {
                        float line[16];
                        STORE16_PRIVATE(s, 0, line);
                        for (int i = 0; i < left; i++)
                            c[at + i] = line[i];
                    }
                }
        }
}
