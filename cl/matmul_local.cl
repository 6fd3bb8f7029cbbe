/* SPDX-License-Identifier: Apache-2.0 */
/* c = a x b for GPUs (gemm_local.clh). Groups of the third dimension are the products of a batch, each in `parts` ranges of K; with
 * more than one (SPLIT) the sums go to c as they are, part behind part, for gemm_join.cl to add. Bias and epilogue go along columns, or
 * along rows (BY_ROW). */
#include "types.clh"
#include "vec.clh"
#include "gemm_local.clh"

#ifdef BY_ROW
#define ALONG(load, x, p, off, i) LOAD(x, p, (off) + m)
#else
#define ALONG(load, x, p, off, i) load(x, p, (off) + n + i)
#endif
#ifdef HAS_BIAS
#define BIAS_PARAM , __global const TYPE(A2) *bias, long bias_off
#define ADD_BIAS(s, load, i) s += ALONG(load, A2, bias, bias_off, i);
#else
#define BIAS_PARAM
#define ADD_BIAS(s, load, i)
#endif
#define POST_BIAS(p, off) ALONG(VLOAD, f32, p, off, 0)
#define POST_RESIDUAL(p, off) VLOAD(f32, p, off + at)
#define POST_BIAS_1(p, off) ALONG(LOAD, f32, p, off, i)
#define POST_RESIDUAL_1(p, off) p[off + at + i]

#ifdef TRANS_A
#define A_INDEX(m, k) ((size_t)(k) * M + (m))
#define A_K(at) ((at) / BM)
#define A_M(at) ((at) % BM)
#else
#define A_INDEX(m, k) ((size_t)(m) * K + (k))
#define A_K(at) ((at) % KB)
#define A_M(at) ((at) / KB)
#endif
#ifdef TRANS_B
#define B_INDEX(k, n) ((size_t)(n) * K + (k))
#define B_K(at) ((at) % KB)
#define B_N(at) ((at) / KB)
#else
#define B_INDEX(k, n) ((size_t)(k) * N + (n))
#define B_K(at) ((at) / BN)
#define B_N(at) ((at) % BN)
#endif

#if VEC > 1
#define STORE_TAIL(sum) \
    else if (left > 0) { \
        float line[VEC]; \
        CAT(vstore, VEC)(sum, 0, line); \
        for (int i = 0; i < left; i++) { \
            float s = line[i]; \
            ADD_BIAS(s, LOAD, i) \
            POSTS(float, s, POST_BIAS_1, POST_RESIDUAL_1) \
            STORE(DST, c, at + i, s); \
        } \
    }
#else
#define STORE_TAIL(sum)
#endif
#define STORE_SUM(row, column, sum) \
    { \
        const int m = first_m + (row), n = first_n + (column), left = m < M ? N - n : 0; \
        const size_t at = z * c_batch + m * c_row + n; \
        if (left >= VEC) { \
            FLOATV s = sum; \
            ADD_BIAS(s, VLOAD, 0) \
            POSTS(FLOATV, s, POST_BIAS, POST_RESIDUAL) \
            VSTORE(DST, c, at, s); \
        } \
        STORE_TAIL(sum) \
    }

__attribute__((reqd_work_group_size(WX, WY, 1)))
__kernel void matmul_local(__global const TYPE(A0) *a, long a_off, __global const TYPE(A1) *b, long b_off, __global TYPE(DST) *c,
                           long c_off, int M, int N, int K, long a_batch, long b_batch, long c_batch, long c_row,
                           int parts, int k_part BIAS_PARAM POST_PARAMS) {
    GEMM_TILES
    const int z = get_group_id(2), first_m = get_group_id(1) * BM, first_n = get_group_id(0) * BN;
    const int first_k = z % parts * k_part, last_k = min(first_k + k_part, K);
    a += a_off + z / parts * a_batch;
    b += b_off + z / parts * b_batch;
    c += c_off;
    for (int k0 = first_k; k0 < last_k; k0 += KB) {
        GEMM_EACH(BM) {
            const int m = first_m + A_M(at), k = k0 + A_K(at);
            PUT_A(A_K(at), A_M(at), m < M && k < last_k ? LOAD(A0, a, A_INDEX(m, k)) : 0);
        }
        GEMM_EACH(BN) {
            const int n = first_n + B_N(at), k = k0 + B_K(at);
            PUT_B(B_K(at), B_N(at), n < N && k < last_k ? LOAD(A1, b, B_INDEX(k, n)) : 0);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        GEMM_MULTIPLY
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    GEMM_STORE
}
