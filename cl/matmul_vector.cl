/* SPDX-License-Identifier: Apache-2.0 */
/* c = a x b for M (at most 8) rows of a, where reading b is all there is to do; work-items are whole threads. Each takes `per_item`
 * columns and a range of K, and with SPLIT leaves its sums for gemm_join.cl. */
#include "types.clh"
#define VEC 16
#include "vec.clh"
#define UNROLL(n) __attribute__((opencl_unroll_hint(n)))
#define EACH_ROW UNROLL(M) for (int m = 0; m < M; m++)

#define BIAS_AT n
#include "post.clh"
#define STORE_SUM(sum) \
    { \
        const size_t at = ((size_t)z * M + m) * N + n; \
        STORE_POST(DST, c, sum) \
    }
#define PARAMS \
    __global const TYPE(A0) *a, long a_off, __global const TYPE(A1) *b, long b_off, __global TYPE(DST) *c, long c_off, int N, int K, \
        long a_batch, long b_batch, int parts, int k_part, int per_item BIAS_PARAM POST_PARAMS
#define ARGS a, a_off, b, b_off, c, c_off, N, K, a_batch, b_batch, parts, k_part, per_item BIAS_ARGS POST_ARGS
#define BEGIN \
    const int z = get_global_id(1), first_n = get_global_id(0) * per_item, last_n = min(first_n + per_item, N); \
    const int first_k = z % parts * k_part, last_k = min(first_k + k_part, K); \
    a += a_off + z / parts * a_batch; \
    b += b_off + z / parts * b_batch; \
    c += c_off;

#ifdef TRANS_B
/* Up to 16 elements, zeros behind them. */
#define LANES_OF(x, p, i, count) ((count) >= 16 ? VLOAD(x, p, i) : CAT(some_, x)((p) + (i), count))
#define SOME(x) \
    static float16 CAT(some_, x)(__global const TYPE(x) *p, int count) { \
        float line[16]; \
        for (int i = 0; i < 16; i++) \
            line[i] = i < count ? LOAD(x, p, i) : 0; \
        return vload16(0, line); \
    }
SOME(A0)
#ifdef MIXED
SOME(A1)
#endif

/* A row of b is a column of the product: R of them at a time. */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void matmul_vector(PARAMS) {
    BEGIN
    for (int n0 = first_n; n0 < last_n; n0 += R) {
        float16 sum[R][M];
        size_t row[R];
        UNROLL(R) for (int r = 0; r < R; r++) {
            row[r] = (size_t)min(n0 + r, N - 1) * K;
            EACH_ROW sum[r][m] = 0;
        }
        for (int k = first_k; k + 16 <= last_k; k += 16) {
            float16 y[R];
            UNROLL(R) for (int r = 0; r < R; r++) y[r] = VLOAD(A1, b, row[r] + k);
            EACH_ROW {
                const float16 x = VLOAD(A0, a, (size_t)m * K + k);
                UNROLL(R) for (int r = 0; r < R; r++) sum[r][m] = MULADD(x, y[r], sum[r][m]);
            }
        }
        if ((last_k - first_k) % 16) {
            const int k = last_k - (last_k - first_k) % 16;
            EACH_ROW {
                const float16 x = LANES_OF(A0, a, (size_t)m * K + k, last_k - k);
                UNROLL(R) for (int r = 0; r < R; r++) sum[r][m] += x * LANES_OF(A1, b, row[r] + k, last_k - k);
            }
        }
        float total[R][M];
        UNROLL(R) for (int r = 0; r < R; r++)
            EACH_ROW total[r][m] = sum_16(sum[r][m]);
        for (int r = 0; r < R && n0 + r < last_n; r++)
            for (int m = 0; m < M; m++) {
                const int n = n0 + r;
                STORE_SUM(total[r][m])
            }
    }
}
#else
/* Rows of b one behind another, KU at a time, added to up to WIDTH sums of each row of a. Vectors of 16 columns; the last of them
 * overlaps the one before it and has sums of its own. */
#define KU 8
#define ADD_ROWS(loop, count) \
    for (int i = 0; i < slots; i += 16 * R) { \
        float16 s[R][M]; \
        __global const TYPE(A1) *y[R]; \
        UNROLL(R) for (int r = 0; r < R; r++) { \
            y[r] = rows + min(i + 16 * r, width - 16); \
            EACH_ROW s[r][m] = LOAD16_PRIVATE(0, sums + m * (WIDTH + 16 * R) + i + 16 * r); \
        } \
        loop for (int k = 0; k < count; k++) { \
            UNROLL(R) for (int r = 0; r < R; r++) { \
                const float16 v = VLOAD(A1, y[r], (size_t)k * N); \
                EACH_ROW s[r][m] = MULADD((float16)x[k][m], v, s[r][m]); \
            } \
        } \
        UNROLL(R) for (int r = 0; r < R; r++) \
            EACH_ROW STORE16_PRIVATE(s[r][m], 0, sums + m * (WIDTH + 16 * R) + i + 16 * r); \
    }

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void matmul_vector(PARAMS) {
    BEGIN
    float sums[M * (WIDTH + 16 * R)];
    const int width = last_n - first_n, slots = (width + 15) / 16 * 16, overlap = width < 16 ? 0 : slots - width;
    for (int i = 0; i < M * (WIDTH + 16 * R); i++)
        sums[i] = 0;
    for (int k0 = first_k; k0 < last_k; k0 += KU) {
        const int count = min(KU, last_k - k0);
        float x[KU][M];
        for (int k = 0; k < count; k++)
            for (int m = 0; m < M; m++)
                x[k][m] = LOAD(A0, a, (size_t)m * K + k0 + k);
        __global const TYPE(A1) *rows = b + (size_t)k0 * N + first_n;
        if (width < 16) {
            for (int k = 0; k < count; k++)
                for (int i = 0; i < width; i++)
                    for (int m = 0; m < M; m++)
                        sums[m * (WIDTH + 16 * R) + i] += x[k][m] * LOAD(A1, rows, (size_t)k * N + i);
        } else if (count == KU) {
            ADD_ROWS(UNROLL(KU), KU)
        } else {
            ADD_ROWS(, count)
        }
    }
    for (int m = 0; m < M; m++)
        for (int i = 0; i < width; i++) {
            const int n = first_n + i;
            STORE_SUM(sums[m * (WIDTH + 16 * R) + i + (i / 16 * 16 + 16 > width ? overlap : 0)])
        }
}
#endif
