/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution as a product that is never written down (gemm_local.clh), plain layouts. Forward and BWD_DATA: rows are the channels of
 * a group of the map that is written, columns its pixels, image after image; K counts channels, r, s of the map that is read.
 * BWD_WEIGHTS: rows are a group's result channels, columns its c, r, s; K counts pixels. wei of the latter is
 * the gradient of the result. Groups of the third dimension are the
 * convolution's groups, each in `parts` ranges of K; with more than one (SPLIT) sums go to dst as they are, for
 * gemm_join.cl to add. */
#include "types.clh"
#include "vec.clh"
#include "gemm_local.clh"

#define OUTSIDE (-(1 << 30)) /* also when another, or what is inside, is added */
#define BIAS_AT channel
#include "post.clh"

/* STORE_ONE for each element of a vector of sums that there is. */
#define STORE_SUM(row, column, sum) \
    if (first_m + (row) < M) { \
        const int m = first_m + (row), left = min(N - first_n - (column), VEC); \
        float line[VEC]; \
        CAT(vstore, VEC)(sum, 0, line); \
        for (int i = 0; i < left; i++) \
            STORE_ONE(m, (column) + i, line[i]) \
    }
#ifdef SPLIT
#define STORE_ONE(m, n, sum) dst[((size_t)z * M + (m)) * N + first_n + (n)] = sum;
#elif defined(BWD_WEIGHTS)
#define STORE_ONE(m, n, sum) STORE(DST, dst, ((size_t)g * M + (m)) * N + first_n + (n), sum);
#else
#define STORE_ONE(m, n, sum) \
    { \
        const int channel = g * M + (m); \
        const size_t at = at_dst[n] + (size_t)(m) * (WH * WW); \
        STORE_POST(DST, dst, sum) \
    }
#endif

/* Where pixel n of the map that is written, or c, r, s of the weights, begins in the one that is read: kept for the whole product. */
#ifdef BWD_WEIGHTS
#define SET_COLUMN(i, n) \
    at_y[i] = (n) < N ? (n) / S % R * dy - pad_y : OUTSIDE; \
    at_x[i] = (n) % S * dx - pad_x; \
    at_src[i] = (long)(g * (N / (R * S)) + (n) / (R * S)) * (RH * RW);
#else
#ifdef BWD_DATA
#define FIRST_Y (y + pad_y)
#define FIRST_X (x + pad_x)
#else
#define FIRST_Y (y * step_y - pad_y)
#define FIRST_X (x * step_x - pad_x)
#endif
#define SET_COLUMN(i, n) \
    const int image = (n) / (WH * WW), pixel = (n) % (WH * WW), y = pixel / WW, x = pixel % WW; \
    at_y[i] = (n) < N ? FIRST_Y : OUTSIDE; \
    at_x[i] = FIRST_X; \
    at_src[i] = ((long)image * RC + g * (K / (R * S))) * (RH * RW); \
    at_dst[i] = ((long)image * WC + g * M) * (WH * WW) + pixel;
#endif

/* What is to be added for k, and where its weights, or gradients, are: for the next KB of them. */
#ifdef BWD_WEIGHTS
#define SET_ROW(i, k) \
    const int image = (k) / (WH * WW), pixel = (k) % (WH * WW); \
    of_y[i] = (k) < last_k ? pixel / WW * step_y : OUTSIDE; \
    of_x[i] = pixel % WW * step_x; \
    of_src[i] = (long)image * RC * (RH * RW); \
    of_wei[i] = ((long)image * WC + g * M) * (WH * WW) + pixel;
#define ROW_WEIGHTS (WH * WW)
#elif defined(BWD_DATA)
#define SET_ROW(i, k) \
    of_y[i] = (k) < last_k ? -((k) / S % R * dy) : OUTSIDE; \
    of_x[i] = -((k) % S * dx); \
    of_src[i] = (long)((k) / (R * S)) * (RH * RW); \
    of_wei[i] = ((long)g * (K / (R * S)) + (k) / (R * S)) * M * (R * S) + (k) % (R * S);
#define ROW_WEIGHTS (R * S)
#else
#define SET_ROW(i, k) \
    of_y[i] = (k) < last_k ? (k) / S % R * dy : OUTSIDE; \
    of_x[i] = (k) % S * dx; \
    of_src[i] = (long)((k) / (R * S)) * (RH * RW); \
    of_wei[i] = (long)g * M * K + (k);
#define ROW_WEIGHTS K
#endif
#define SET_ROWS(first) \
    for (int i = item; i < KB; i += ITEMS) { \
        SET_ROW(i, (first) + i) \
    }

__attribute__((reqd_work_group_size(WX, WY, 1)))
__kernel void conv2d_implicit(__global const TYPE(A0) *src, long src_off, __global const TYPE(A1) *wei, long wei_off,
                              __global TYPE(DST) *dst, long dst_off, int M, int N, int K, int RC, int RH, int RW, int WC, int WH, int WW,
                              int R, int S, int step_y, int step_x, int pad_y, int pad_x, int dy, int dx, int parts, int k_part
                              BIAS_PARAM POST_PARAMS) {
    __local int at_y[BN], at_x[BN], of_y[KB], of_x[KB];
    __local long at_src[BN], at_dst[BN], of_src[KB], of_wei[KB];
    GEMM_TILES
    const int z = get_group_id(2), g = z / parts, first_m = get_group_id(1) * BM, first_n = get_group_id(0) * BN;
    const int first_k = z % parts * k_part, last_k = min(first_k + k_part, K);
    src += src_off;
    wei += wei_off;
    dst += dst_off;
    for (int i = item; i < BN; i += ITEMS) {
        SET_COLUMN(i, first_n + i)
    }
    SET_ROWS(first_k)
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k0 = first_k; k0 < last_k; k0 += KB) {
        GEMM_EACH(BM) {
            const int m = first_m + at / KB, k = at % KB;
            PUT_A(k, at / KB, m < M && k0 + k < last_k ? LOAD(A1, wei, of_wei[k] + (long)m * ROW_WEIGHTS) : 0);
        }
        GEMM_EACH(BN) {
            const int n = at % BN, k = at / BN;
#if defined(BWD_DATA) && !defined(UNIT_STRIDE)
            const int up = at_y[n] + of_y[k], left = at_x[n] + of_x[k];
            const int y = up % step_y ? -1 : up / step_y, x = left % step_x ? -1 : left / step_x;
#else
            const int y = at_y[n] + of_y[k], x = at_x[n] + of_x[k];
#endif
            const bool inside = (uint)y < (uint)RH && (uint)x < (uint)RW;
            PUT_B(k, n, inside ? LOAD(A0, src, at_src[n] + of_src[k] + (long)y * RW + x) : 0);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        SET_ROWS(k0 + KB)
        GEMM_MULTIPLY
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    GEMM_STORE
}
