/* SPDX-License-Identifier: Apache-2.0 */
/* c = a x b for M (at most 8) rows of a, for GPUs: groups of ITEMS. With TRANS_B a group takes R columns of the product, its items parts
 * of K, and their sums are added in a tree; without, an item takes a column. With SPLIT gemm_join.cl adds what parts of K gave. */
#include "types.clh"
#define VEC 4
#include "vec.clh"
#include "repeat.clh"
#define EACH_ROW CAT(TIMES_, M)

#define BIAS_AT n
#include "post.clh"
#define STORE_ONE(m, sum) \
    { \
        const size_t at = ((size_t)z * M + (m)) * N + n; \
        STORE_POST(DST, c, sum) \
    }
#define PARAMS \
    __global const TYPE(A0) *a, long a_off, __global const TYPE(A1) *b, long b_off, __global TYPE(DST) *c, long c_off, int N, int K, \
        long a_batch, long b_batch, int parts, int k_part BIAS_PARAM POST_PARAMS
#define BEGIN \
    const int item = get_local_id(0), z = get_group_id(1), first_k = z % parts * k_part, last_k = min(first_k + k_part, K); \
    a += a_off + z / parts * a_batch; \
    b += b_off + z / parts * b_batch; \
    c += c_off;

#ifdef TRANS_B
#define ALONG_R CAT(ALONG_, R)
#define EACH_R CAT(TIMES_, R)
#define ZERO(m, r) float sum_##m##_##r = 0;
#define ZERO_ROW(m) ALONG_R(ZERO, m)
#define POINT(r) __global const TYPE(A1) *b_##r = b + (size_t)min(first_n + r, N - 1) * K;
#define LOAD_FOUR(r) const float4 y_##r = VLOAD(A1, b_##r, k);
#define DOT(x, y) MULADD((x).s0, (y).s0, (x).s1 * (y).s1) + MULADD((x).s2, (y).s2, (x).s3 * (y).s3)
#define ADD_FOUR(m, r) sum_##m##_##r += DOT(x, y_##r);
#define ADD_FOURS(m) { const float4 x = VLOAD(A0, a, (size_t)m * K + k); ALONG_R(ADD_FOUR, m) }
#define LOAD_LAST(r) const float y_##r = LOAD(A1, b_##r, k);
#define ADD_LAST(m, r) sum_##m##_##r += x * y_##r;
#define ADD_LASTS(m) { const float x = LOAD(A0, a, (size_t)m * K + k); ALONG_R(ADD_LAST, m) }
#define PUT(m, r) part[((m) * R + r) * ITEMS + item] = sum_##m##_##r;
#define PUT_ROW(m) ALONG_R(PUT, m)

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
__kernel void matmul_vector_local(PARAMS) {
    __local float part[M * R * ITEMS];
    BEGIN
    const int first_n = get_group_id(0) * R, whole = first_k + (last_k - first_k) / 4 * 4;
    EACH_R(POINT)
    EACH_ROW(ZERO_ROW)
    for (int k = first_k + item * 4; k < whole; k += ITEMS * 4) {
        EACH_R(LOAD_FOUR)
        EACH_ROW(ADD_FOURS)
    }
    for (int k = whole + item; k < last_k; k += ITEMS) {
        EACH_R(LOAD_LAST)
        EACH_ROW(ADD_LASTS)
    }
    EACH_ROW(PUT_ROW)
    for (int half_ = ITEMS / 2; half_ > 0; half_ /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = item; i < M * R * half_; i += ITEMS)
            part[i / half_ * ITEMS + i % half_] += part[i / half_ * ITEMS + half_ + i % half_];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = item; i < M * R; i += ITEMS) {
        const int n = first_n + i % R;
        if (n < N)
            STORE_ONE(i / R, part[i * ITEMS])
    }
}
#else
#define ZERO(m) float sum_##m = 0;
#define ADD(m) sum_##m = MULADD(LOAD(A0, a, (size_t)m * K + k), y, sum_##m);
#define STORE_SUM(m) STORE_ONE(m, sum_##m)

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
__kernel void matmul_vector_local(PARAMS) {
    BEGIN
    const int n = get_global_id(0);
    if (n >= N)
        return;
    EACH_ROW(ZERO)
    for (int k = first_k; k < last_k; k++) {
        const float y = LOAD(A1, b, (size_t)k * N + n);
        EACH_ROW(ADD)
    }
    EACH_ROW(STORE_SUM)
}
#endif
