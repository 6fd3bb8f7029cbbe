/* SPDX-License-Identifier: Apache-2.0 */
/* Winograd convolution F(T x T, 3 x 3) in three passes over a run of tiles (Lavin and Gray 2016): every tile of (T + 2)^2 inputs is
 * transformed; for each of its P = (T + 2)^2 points there is a matrix product with the transformed weights; the products are
 * transformed back. Channels in blocks of 16; a work-group is one work-item.
 *
 *     V[P][tiles][c_stride]   transformed input       M[P][tiles][k_stride]   products       U[P][K / 32][C][32]   weights */
#include "types.clh"

#define S (T + 2)

#if T == 4
/* One-dimensional transforms of vectors: y = B^T x, and y = A^T x. */
#define INPUT_1D(y0, y1, y2, y3, y4, y5, x0, x1, x2, x3, x4, x5) \
    { \
        const float16 ta = x4 - 4.0f * x2, tb = x3 - 4.0f * x1, tc = x4 - x2, td = 2.0f * (x3 - x1); \
        y0 = 4.0f * x0 - 5.0f * x2 + x4; \
        y1 = ta + tb; \
        y2 = ta - tb; \
        y3 = tc + td; \
        y4 = tc - td; \
        y5 = 4.0f * x1 - 5.0f * x3 + x5; \
    }
#define OUTPUT_1D(y0, y1, y2, y3, x0, x1, x2, x3, x4, x5) \
    { \
        const float16 ta = x1 + x2, tb = x1 - x2, tc = x3 + x4, td = x3 - x4; \
        y0 = x0 + ta + tc; \
        y1 = tb + 2.0f * td; \
        y2 = ta + 4.0f * tc; \
        y3 = tb + 8.0f * td + x5; \
    }
#define INPUT_LINE(y, x, i, step) \
    INPUT_1D(y[i], y[(i) + step], y[(i) + 2 * step], y[(i) + 3 * step], y[(i) + 4 * step], y[(i) + 5 * step], x[i], x[(i) + step], \
             x[(i) + 2 * step], x[(i) + 3 * step], x[(i) + 4 * step], x[(i) + 5 * step])
#else
#define INPUT_1D(y0, y1, y2, y3, x0, x1, x2, x3) \
    { \
        const float16 ta = x1, tb = x2; \
        y0 = x0 - tb; \
        y3 = ta - x3; \
        y1 = ta + tb; \
        y2 = tb - ta; \
    }
#define OUTPUT_1D(y0, y1, x0, x1, x2, x3) \
    { \
        y0 = x0 + x1 + x2; \
        y1 = x1 - x2 - x3; \
    }
#define INPUT_LINE(y, x, i, step) \
    INPUT_1D(y[i], y[(i) + step], y[(i) + 2 * step], y[(i) + 3 * step], x[i], x[(i) + step], x[(i) + 2 * step], x[(i) + 3 * step])
#endif

/* Tiles first … first + count - 1, numbered over images, rows, columns; a work-item takes PER tiles of one block of channels. */
#define PER 4
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_input(__global const float *src, long src_off, __global float *v, long v_off, int first, int count, int blocks,
                             int H, int W, int rows, int columns, int pad_h, int pad_w, int c_stride) {
    const int block = get_global_id(1), begin = get_global_id(0) * PER;
    const size_t point = (size_t)count * c_stride;
    for (int t = begin; t < min(begin + PER, count); t++) {
        const int tile = first + t, x0 = tile % columns * T - pad_w, y0 = tile / columns % rows * T - pad_h;
        __global const float *from = src + src_off + ((size_t)(tile / columns / rows) * blocks + block) * H * W * 16;
        __global float *to = v + v_off + (size_t)t * c_stride + block * 16;
        float16 d[S * S], e[S * S];
        if (x0 >= 0 && y0 >= 0 && x0 + S <= W && y0 + S <= H) {
            __attribute__((opencl_unroll_hint(S))) for (int i = 0; i < S; i++)
                __attribute__((opencl_unroll_hint(S))) for (int j = 0; j < S; j++)
                    d[i * S + j] = vload16((size_t)(y0 + i) * W + x0 + j, from);
        } else {
            __attribute__((opencl_unroll_hint(S))) for (int i = 0; i < S; i++)
                __attribute__((opencl_unroll_hint(S))) for (int j = 0; j < S; j++) {
                    d[i * S + j] = 0;
                    if (x0 + j >= 0 && x0 + j < W && y0 + i >= 0 && y0 + i < H)
                        d[i * S + j] = vload16((size_t)(y0 + i) * W + x0 + j, from);
                }
        }
        __attribute__((opencl_unroll_hint(S))) for (int i = 0; i < S; i++)
            INPUT_LINE(e, d, i, S)
        __attribute__((opencl_unroll_hint(S))) for (int i = 0; i < S; i++)
            INPUT_LINE(d, e, i * S, 1)
        __attribute__((opencl_unroll_hint(S * S))) for (int p = 0; p < S * S; p++)
            vstore16(d[p], 0, to + p * point);
    }
}

/* One tile of MR x 32 sums of the product of a point. */
#define SUMS(ROW) \
    for (int c = 0; c < C; c++) { \
        const float16 u0 = vload16(0, b), u1 = vload16(1, b); \
        b += 32; \
        __attribute__((opencl_unroll_hint(MR))) for (int i = 0; i < MR; i++) { \
            const float x = a[(size_t)(ROW) * c_stride + c]; \
            s0[i] = MULADD((float16)x, u0, s0[i]); \
            s1[i] = MULADD((float16)x, u1, s1[i]); \
        } \
    }
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_product(__global const float *v, long v_off, __global const float *u, long u_off, __global float *m, long m_off,
                               int count, int C, int panels, int c_stride, int k_stride) {
    const int first = get_global_id(0) * MR, panel = get_global_id(1), point = get_global_id(2);
    const int rows = min(MR, count - first);
    __global const float *a = v + v_off + ((size_t)point * count + first) * c_stride;
    __global const float *b = u + u_off + ((size_t)point * panels + panel) * C * 32;
    float16 s0[MR], s1[MR];
    __attribute__((opencl_unroll_hint(MR))) for (int i = 0; i < MR; i++) s0[i] = s1[i] = 0;
    if (rows == MR) {
        SUMS(i)
    } else {
        SUMS(min(i, rows - 1))
    }
    m += m_off + ((size_t)point * count + first) * k_stride + panel * 32;
    __attribute__((opencl_unroll_hint(MR))) for (int i = 0; i < MR; i++) {
        if (i < rows) {
            vstore16(s0[i], 0, m + (size_t)i * k_stride);
            vstore16(s1[i], 1, m + (size_t)i * k_stride);
        }
    }
}

#ifdef HAS_BIAS
#define BIAS_PARAM , __global const float *bias, long bias_off
#else
#define BIAS_PARAM
#endif
/* Channels of the last block may be fewer than 16: those behind stay zero. */
float16 load_channels(__global const float *p, int count) {
    if (count >= 16)
        return vload16(0, p);
    float line[16];
    for (int i = 0; i < 16; i++)
        line[i] = i < count ? p[i] : 0;
    return vload16(0, line);
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void winograd_output(__global const float *m, long m_off, __global float *dst, long dst_off, int first, int count, int blocks,
                              int K, int OH, int OW, int rows, int columns, int k_stride BIAS_PARAM POST_PARAMS) {
    const int block = get_global_id(1), begin = get_global_id(0) * PER, k = block * 16, lanes = K - k;
    const size_t point = (size_t)count * k_stride;
#ifdef HAS_BIAS
    const float16 shift = load_channels(bias + bias_off + k, lanes);
#endif
    int16 inside = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) < (int16)lanes;
    for (int t = begin; t < min(begin + PER, count); t++) {
        const int tile = first + t, x0 = tile % columns * T, y0 = tile / columns % rows * T;
        __global const float *from = m + m_off + (size_t)t * k_stride + k;
        const size_t plane = ((size_t)(tile / columns / rows) * blocks + block) * OH * OW * 16;
        float16 d[S * S], e[T * S];
        __attribute__((opencl_unroll_hint(S * S))) for (int p = 0; p < S * S; p++)
            d[p] = vload16(0, from + p * point);
        __attribute__((opencl_unroll_hint(S))) for (int j = 0; j < S; j++)
#if T == 4
            OUTPUT_1D(e[j], e[S + j], e[2 * S + j], e[3 * S + j], d[j], d[S + j], d[2 * S + j], d[3 * S + j], d[4 * S + j], d[5 * S + j])
#else
            OUTPUT_1D(e[j], e[S + j], d[j], d[S + j], d[2 * S + j], d[3 * S + j])
#endif
        __attribute__((opencl_unroll_hint(T))) for (int i = 0; i < T; i++) {
            float16 y[T];
#if T == 4
            OUTPUT_1D(y[0], y[1], y[2], y[3], e[i * S], e[i * S + 1], e[i * S + 2], e[i * S + 3], e[i * S + 4], e[i * S + 5])
#else
            OUTPUT_1D(y[0], y[1], e[i * S], e[i * S + 1], e[i * S + 2], e[i * S + 3])
#endif
            __attribute__((opencl_unroll_hint(T))) for (int j = 0; j < T; j++) {
                if (y0 + i < OH && x0 + j < OW) {
                    const size_t at = plane + ((size_t)(y0 + i) * OW + x0 + j) * 16;
                    float16 value = y[j];
#ifdef HAS_BIAS
                    value += shift;
#endif
#define POST_BIAS(p, off) load_channels(p + off + k, lanes)
#define POST_RESIDUAL(p, off) vload16(0, p + off + at)
                    POSTS(float16, value, POST_BIAS, POST_RESIDUAL)
                    vstore16(select((float16)0, value, inside), 0, dst + dst_off + at);
                }
            }
        }
    }
}
