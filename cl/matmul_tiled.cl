/* SPDX-License-Identifier: Apache-2.0 */
/* c = a x b for CPUs: a work-item computes up to MT tiles of T rows by a panel of 16 KV columns. b lies in panels, [k][16 KV] each, a
 * as it is: rows, and elements of a row, are row_step and k_step apart. KC of the K products are done at a time, so that what is read again stays near. */
#include "types.clh"
#include "matmul_post.clh"

#define ROWS(t) ((size_t)(t) * row_step)
#define AT ROWS

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void matmul_tiled(__global const float *a, long a_off, __global const WEIGHT *b, long b_off, __global float *c, long c_off,
                           int M, int N, int K, int row_step, int k_step, long a_batch, long b_batch, int per_item, int panels
                           BIAS_PARAM POST_PARAMS) {
    const long z = get_global_id(2), panel = get_global_id(1);
    const int first = get_global_id(0) * per_item, last = min(first + per_item, (M + T - 1) / T);
    a += a_off + z * a_batch;
    b += b_off + z * b_batch;
    c += c_off;
    float part[MT * KV * T * 16];
    for (int k0 = 0; k0 < K; k0 += KC) {
        const int count = min(KC, K - k0);
        for (int tile = first; tile < last; tile++) { /* the last tile overlaps the one before it */
            float *sums = part + (tile - first) * (KV * T * 16);
            __global const WEIGHT *y = b + ((size_t)panel * K + k0) * (16 * KV);
            __global const float *x = a + ROWS(min(tile * T, M - T)) + (size_t)k0 * k_step;
            float16 sum[KV][T];
            if (k0 == 0) {
                FOR_TILE(sum[v][t] = 0)
            } else {
                FOR_TILE(sum[v][t] = LOAD16_PRIVATE(v * T + t, sums))
            }
            for (int k = 0; k < count; k++, x += k_step, y += 16 * KV)
                ADD_TO_TILE(x, AT, y)
            FOR_TILE(STORE16_PRIVATE(sum[v][t], v * T + t, sums))
        }
    }
    for (int tile = first; tile < last; tile++) {
        const int m = min(tile * T, M - T);
        const float *sums = part + (tile - first) * (KV * T * 16);
        for (int t = tile * T - m; t < T; t++)
            for (int v = 0; v < KV; v++) {
                const int n = (panel * KV + v) * 16, left = N - n;
                if (left <= 0)
                    break;
                const size_t at = ((size_t)z * M + m + t) * N + n;
                float16 s = LOAD16_PRIVATE(v * T + t, sums);
                ADD_BIAS(s)
                POSTS(float16, s, POST_BIAS, POST_RESIDUAL)
                store_lanes(s, left, c + at);
            }
    }
}
