/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution by Fourier's transform (Cooley and Tukey 1965; Mathieu, Henaff and LeCun 2013), in overlapping tiles of N x N pixels: each
 * gives (N - R + 1) x (N - S + 1) results. Spectra lie by frequency, U = N / 2 + 1 of them a row, since images are real:
 *
 *     [N][U][tile][channels / 16][re, im][16]      weights: [N][U][c][k / 16][re, im][16]
 *
 * The four kernels are the steps, in this order; a work-group is one work-item, its lanes are channels. */
#include "types.clh"
#define KV 1
#define T M
#include "conv2d_tile.clh"

#define U (N / 2 + 1)
__constant float COS[N / 2] = COS_TABLE, SIN[N / 2] = SIN_TABLE;
__constant uchar REVERSED[N] = REVERSED_TABLE;

/* In place, from elements in reversed order; sign -1: inverse, not divided by N. */
static void transform(float16 *a, float16 *b, float sign) {
    for (int apart = 1, step = N / 2; apart < N; apart *= 2, step /= 2) {
        for (int k = 0; k < apart; k++) {
            const float c = COS[k * step], s = sign * SIN[k * step];
            for (int j = k; j < N; j += 2 * apart) {
                const float16 x = a[j + apart] * c + b[j + apart] * s, y = b[j + apart] * c - a[j + apart] * s;
                a[j + apart] = a[j] - x;
                b[j + apart] = b[j] - y;
                a[j] += x;
                b[j] += y;
            }
        }
    }
}

/* The spectra of two rows that were transformed as real and imaginary part of one. */
static void store_rows(const float16 *a, const float16 *b, __global float *to, long apart) {
    for (int u = 0; u < U; u++, to += apart) {
        const int m = (N - u) % N;
        STORE16(0.5f * (a[u] + a[m]), 0, to);
        STORE16(0.5f * (b[u] - b[m]), 1, to);
        STORE16(0.5f * (b[u] + b[m]), 0, to + U * apart);
        STORE16(0.5f * (a[m] - a[u]), 1, to + U * apart);
    }
}

/* All columns of a spectrum, where they lie; rows from `rows` on are zeros that were not stored. */
static void transform_columns(__global float *x, long apart, int rows, float sign, float conjugate) {
    float16 a[N], b[N];
    for (int u = 0; u < U; u++, x += apart) {
        for (int j = 0; j < N; j++) {
            const int y = REVERSED[j];
            a[j] = y < rows ? LOAD16(0, x + y * U * apart) : 0;
            b[j] = y < rows ? LOAD16(1, x + y * U * apart) : 0;
        }
        transform(a, b, sign);
        for (int j = 0; j < N; j++) {
            STORE16(a[j], 0, x + j * U * apart);
            STORE16(conjugate * b[j], 1, x + j * U * apart);
        }
    }
}

/* A tap of 16 channels of the result. */
static float16 load_taps(__global const float *wei, int y, int x, long k_step, int left) {
    float16 taps = 0;
    if (y >= R || x >= S)
        return taps;
#ifdef TURNED
    wei += (R - 1 - y) * S + S - 1 - x;
#else
    wei += y * S + x;
#endif
    float lanes[16];
    for (int i = 0; i < 16; i++)
        lanes[i] = i < left ? wei[i * k_step] : 0;
    return LOAD16_PRIVATE(0, lanes);
}

/* Work-items: c, blocks of k. The spectrum is conjugated: a convolution in the sense of networks is a correlation. */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void fft_weights(__global const float *wei, long wei_off, __global float *to, long to_off, long apart, int K, long k_step,
                          long c_step) {
    const int c = get_global_id(0), kb = get_global_id(1), left = K - kb * 16;
    float16 a[N], b[N];
    wei += wei_off + kb * 16 * k_step + c * c_step;
    to += to_off + ((long)c * get_global_size(1) + kb) * 32;
    for (int y = 0; y < R; y += 2) {
        for (int j = 0; j < N; j++) {
            a[j] = load_taps(wei, y, REVERSED[j], k_step, left);
            b[j] = load_taps(wei, y + 1, REVERSED[j], k_step, left);
        }
        transform(a, b, 1);
        store_rows(a, b, to + y * U * apart, apart);
    }
    transform_columns(to, apart, (R + 1) / 2 * 2, 1, -1);
}

static float16 load_pixel(__global const float *src, int y, int x, int H, int W) {
    return y >= 0 && y < H && x >= 0 && x < W ? LOAD16((long)y * W + x, src) : 0;
}

/* Work-items: blocks of channels, tiles. */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void fft_input(__global const float *src, long src_off, __global float *to, long to_off, long apart, long src_n, int H, int W,
                        int pad_h, int pad_w, int rows, int columns) {
    const int cb = get_global_id(0), tile = get_global_id(1);
    const int y0 = tile / columns % rows * (N - R + 1) - pad_h, x0 = tile % columns * (N - S + 1) - pad_w;
    float16 a[N], b[N];
    src += src_off + tile / columns / rows * src_n + (long)cb * H * W * 16;
    to += to_off + ((long)tile * get_global_size(0) + cb) * 32;
    for (int y = 0; y < N; y += 2) {
        for (int j = 0; j < N; j++) {
            a[j] = load_pixel(src, y0 + y, x0 + REVERSED[j], H, W);
            b[j] = load_pixel(src, y0 + y + 1, x0 + REVERSED[j], H, W);
        }
        transform(a, b, 1);
        store_rows(a, b, to + y * U * apart, apart);
    }
    transform_columns(to, apart, N, 1, 1);
}

/* Work-items: M tiles each, blocks of k, frequencies. */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void fft_product(__global const float *x, long x_off, __global const float *wei, long wei_off, __global float *to, long to_off,
                          long x_apart, long wei_apart, long to_apart, int C, int tiles) {
    const int first = get_global_id(0) * M, kb = get_global_id(1), f = get_global_id(2), k_blocks = get_global_size(1);
    const int c_blocks = (C + 15) / 16;
    __global const float *a[M];
    float16 re[M], im[M];
    UNROLL(M) for (int t = 0; t < M; t++) {
        a[t] = x + x_off + f * x_apart + (long)min(first + t, tiles - 1) * c_blocks * 32;
        re[t] = im[t] = 0;
    }
    wei += wei_off + f * wei_apart + kb * 32;
    for (int c0 = 0; c0 < C; c0 += 16) {
        for (int c = 0; c < min(16, C - c0); c++, wei += k_blocks * 32) {
            const float16 wr = LOAD16(0, wei), wi = LOAD16(1, wei);
            UNROLL(M) for (int t = 0; t < M; t++) {
                const float16 xr = a[t][c0 * 2 + c], xi = a[t][c0 * 2 + c + 16];
                re[t] = MULADD(xr, wr, MULADD(-xi, wi, re[t]));
                im[t] = MULADD(xr, wi, MULADD(xi, wr, im[t]));
            }
        }
    }
    to += to_off + f * to_apart + ((long)first * k_blocks + kb) * 32;
    UNROLL(M) for (int t = 0; t < M; t++) {
        if (first + t < tiles) {
            STORE16(re[t], 0, to + (long)t * k_blocks * 32);
            STORE16(im[t], 1, to + (long)t * k_blocks * 32);
        }
    }
}

/* Two rows of a tile, as real and imaginary part, in reversed order. */
static void load_rows(float16 *a, float16 *b, __global const float *x, long apart) {
    for (int j = 0; j < N; j++) {
        const int u = REVERSED[j], m = u < U ? u : N - u;
        const float sign = u < U ? 1.0f : -1.0f;
        __global const float *one = x + m * apart, *two = one + U * apart;
        a[j] = LOAD16(0, one) - sign * LOAD16(1, two);
        b[j] = sign * LOAD16(1, one) + LOAD16(0, two);
    }
}

/* Work-items: blocks of k, tiles. */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void fft_output(__global float *x, long x_off, __global float *dst, long dst_off, long apart, long dst_n, long residual_n, int K,
                         int OH, int OW, int rows, int columns BIAS_PARAM POST_PARAMS) {
    const int kb = get_global_id(0), tile = get_global_id(1), k = kb * 16, left = K - k;
    const int y0 = tile / columns % rows * (N - R + 1), x0 = tile % columns * (N - S + 1);
    const long batch = tile / columns / rows;
    float16 re[N], im[N];
    LOAD_BIAS
    x += x_off + ((long)tile * get_global_size(0) + kb) * 32;
    transform_columns(x, apart, N, -1, 1);
    for (int y = 0; y < min(N - R + 1, OH - y0); y++) {
        if (y % 2 == 0) {
            load_rows(re, im, x + y * U * apart, apart);
            transform(re, im, -1);
        }
        long at = (((long)kb * OH + y0 + y) * OW + x0) * 16;
        for (int j = 0; j < min(N - S + 1, OW - x0); j++, at += 16) {
            float16 z = (y % 2 ? im[j] : re[j]) * (1.0f / (N * N));
            ADD_BIAS(z)
            POSTS(float16, z, POST_BIAS, POST_RESIDUAL)
            if (left < 16)
                z = select((float16)0, z, LANES < left);
            STORE16(z, 0, dst + dst_off + batch * dst_n + at);
        }
    }
}
