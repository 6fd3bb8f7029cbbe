/* SPDX-License-Identifier: Apache-2.0 */
/* A tile of MR x 32 sums in registers; b in panels of 32 columns (zero-padded), a in panels of MR rows (PACKED, zero-padded) or
 * as it is: rows of K (or columns of M, TRANS_A). Work-group = one work-item. */
#include "types.clh"

#ifdef HAS_BIAS
#define BIAS_PARAM , __global const float *bias, long bias_off
#else
#define BIAS_PARAM
#endif
#define POST_BIAS16(p, off) vload16(0, p + off + n)
#define POST_BIAS1(p, off) p[off + n + j]
#define POST_RESIDUAL16(p, off) vload16(0, p + off + at)
#define POST_RESIDUAL1(p, off) p[off + at + j]

/* The sums over k of one tile; ROW(i, k) is the element of row i. */
#define SUMS(ROW) \
    for (int k = 0; k < K; k++) { \
        const float16 b0 = vload16(0, b), b1 = vload16(1, b); \
        b += 32; \
        __attribute__((opencl_unroll_hint(MR))) for (int i = 0; i < MR; i++) { \
            const float x = ROW(i, k); \
            c0[i] = MULADD((float16)x, b0, c0[i]); \
            c1[i] = MULADD((float16)x, b1, c1[i]); \
        } \
    }
#define ROW_PACKED(i, k) a[(size_t)(k) * MR + (i)]
#ifdef TRANS_A
#define ROW_FULL(i, k) a[(size_t)(k) * M + (i)]
#define ROW_CUT(i, k) a[(size_t)(k) * M + min((i), rows - 1)]
#else
#define ROW_FULL(i, k) a[(size_t)(i) * K + (k)]
#define ROW_CUT(i, k) a[(size_t)min((i), rows - 1) * K + (k)]
#endif

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void matmul_tiled(__global const float *a, long a_off, __global const float *b, long b_off, __global float *c, long c_off,
                           int M, int N, int K, long a_batch, long b_batch BIAS_PARAM POST_PARAMS) {
    const int m = get_global_id(0) * MR, n = get_global_id(1) * 32;
    const long z = get_global_id(2);
    const int rows = min(MR, M - m);
    a += a_off + z * a_batch;
    b += b_off + z * b_batch + (size_t)n * K;
    const size_t first = (size_t)z * M * N; /* of c; the epilogue's residual lies alike */
    float16 c0[MR], c1[MR];
    __attribute__((opencl_unroll_hint(MR))) for (int i = 0; i < MR; i++) c0[i] = c1[i] = 0;
#ifdef PACKED
    a += (size_t)m * K;
    SUMS(ROW_PACKED)
#else
#ifdef TRANS_A
    a += m;
#else
    a += (size_t)m * K;
#endif
    if (rows == MR) {
        SUMS(ROW_FULL)
    } else {
        SUMS(ROW_CUT)
    }
#endif
    c += c_off;
    if (n + 32 <= N) {
#ifdef HAS_BIAS
        const float16 t0 = vload16(0, bias + bias_off + n), t1 = vload16(1, bias + bias_off + n);
#endif
        __attribute__((opencl_unroll_hint(MR))) for (int i = 0; i < MR; i++) {
            if (i < rows) {
                size_t at = first + (size_t)(m + i) * N + n;
#ifdef HAS_BIAS
                c0[i] += t0;
                c1[i] += t1;
#endif
                POSTS(float16, c0[i], POST_BIAS16, POST_RESIDUAL16)
                vstore16(c0[i], 0, c + at);
                at += 16;
                {
                    const int start = n;
                    const int n = start + 16;
                    (void)n;
                    POSTS(float16, c1[i], POST_BIAS16, POST_RESIDUAL16)
                }
                vstore16(c1[i], 0, c + at);
            }
        }
        return;
    }
    const int columns = N - n;
    float line[32];
    __attribute__((opencl_unroll_hint(MR))) for (int i = 0; i < MR; i++) {
        if (i < rows) {
            vstore16(c0[i], 0, line);
            vstore16(c1[i], 1, line);
            const size_t at = first + (size_t)(m + i) * N + n;
            for (int j = 0; j < columns; j++) {
                float v = line[j];
#ifdef HAS_BIAS
                v += bias[bias_off + n + j];
#endif
                POSTS(float, v, POST_BIAS1, POST_RESIDUAL1)
                c[at + j] = v;
            }
        }
    }
}
