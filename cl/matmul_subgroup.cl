/* SPDX-License-Identifier: Apache-2.0 */
/* c = a x b for devices with sub-groups: one takes TM rows by TN times its size columns. Its items hold TM x size elements of a, which it
 * broadcasts one after the other, and read b side by side; nothing goes by local memory. Of any size of sub-group; tiles are dealt out to
 * all sub-groups there are. */
#ifdef SUB_GROUPS_KHR
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
#define SIZED
#define SIZE ((int)get_max_sub_group_size())
#else
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
#define SIZED __attribute__((intel_reqd_sub_group_size(16)))
#define SIZE 16
#endif
#include "types.clh"
#include "tile.clh"

#ifdef HAS_BIAS
#define BIAS_PARAM , __global const TYPE(A2) *bias, long bias_off
#define ADD_BIAS(s) s += LOAD(A2, bias, bias_off + n);
#else
#define BIAS_PARAM
#define ADD_BIAS(s)
#endif
#define POST_BIAS(p, off) p[(off) + n]
#define POST_RESIDUAL(p, off) p[(off) + at]

/* One row of b, a column of a: broadcast from item k. */
#define ADD_LINE(k) \
    { \
        float line[TN]; \
        UNROLL(TN) for (int q = 0; q < TN; q++) \
            line[q] = n0 + q * size < N ? LOAD(A1, right, (k0 + (k)) * b_k + (n0 + q * size) * b_n) : 0; \
        UNROLL(TM) for (int i = 0; i < TM; i++) { \
            const float x = sub_group_broadcast(own[i], k); \
            UNROLL(TN) for (int q = 0; q < TN; q++) sum[i][q] = MULADD(x, line[q], sum[i][q]); \
        } \
    }

SIZED
__kernel void matmul_subgroup(__global const TYPE(A0) *a, long a_off, __global const TYPE(A1) *b, long b_off, __global TYPE(DST) *c,
                              long c_off, int M, int N, int K, long a_batch, long b_batch, long a_m, long a_k, long b_k, long b_n,
                              int batch BIAS_PARAM POST_PARAMS) {
    const int size = SIZE, lane = get_sub_group_local_id(), width = size * TN;
    const int rows = (M + TM - 1) / TM, columns = (N + width - 1) / width;
    const long tiles = (long)rows * columns * batch, step = (long)get_num_groups(0) * get_num_sub_groups();
    for (long tile = (long)get_group_id(0) * get_num_sub_groups() + get_sub_group_id(); tile < tiles; tile += step) {
        const int m0 = tile % rows * TM, n0 = tile / rows % columns * width + lane, z = tile / rows / columns;
        __global const TYPE(A0) *left = a + a_off + z * a_batch;
        __global const TYPE(A1) *right = b + b_off + z * b_batch;
        float sum[TM][TN], own[TM];
        UNROLL(TM) for (int i = 0; i < TM; i++) {
            UNROLL(TN) for (int q = 0; q < TN; q++) sum[i][q] = 0;
        }
        for (int k0 = 0; k0 < K; k0 += size) {
            UNROLL(TM) for (int i = 0; i < TM; i++)
                own[i] = m0 + i < M && k0 + lane < K ? LOAD(A0, left, (m0 + i) * a_m + (k0 + lane) * a_k) : 0;
            if (K - k0 >= size) {
                UNROLL(16) for (int k = 0; k < size; k++)
                    ADD_LINE(k)
            } else {
                for (int k = 0; k < K - k0; k++)
                    ADD_LINE(k)
            }
        }
        for (int i = 0; i < min(TM, M - m0); i++) {
            for (int q = 0; q < TN; q++) {
                const int n = n0 + q * size;
                if (n < N) {
                    const size_t at = ((size_t)z * M + m0 + i) * N + n;
                    float s = sum[i][q];
                    ADD_BIAS(s)
                    POSTS(float, s, POST_BIAS, POST_RESIDUAL)
                    STORE(DST, c, c_off + at, s);
                }
            }
        }
    }
}
