/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient by the weights from a plain source of few channels: a work-item computes KV x 16 result channels by all source
 * channels and taps, LT lines (channel, r) of S taps at a time in registers, over one part of the pixels, in its own place of
 * `work`: [part][k block][line][s][16 KV]. The source has its padding around it, by conv2d_pad where it needs one. */
#include "types.clh"

#define UNROLL(n) __attribute__((opencl_unroll_hint(n)))

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_weights_plain(__global const float *src, long src_off, __global const float *diff, long diff_off,
                                   __global float *work, long work_off, long src_n, long diff_n, int N, int PH, int PW, int k_blocks,
                                   int OH, int OW, int lines, int R, int step_y, int dy, int images, int rows, int bands_y,
                                   int bands) {
    const int kb = get_global_id(0), part = get_global_id(1), parts = get_global_size(1);
    const int first = (int)((long)bands * part / parts), last = (int)((long)bands * (part + 1) / parts);
    const size_t plane = (size_t)OH * OW * 16;
    src += src_off;
    diff += diff_off + kb * KV * plane;
    work += work_off + ((size_t)part * get_global_size(0) + kb) * lines * (S * 16 * KV);
    size_t next[KV]; /* from the first block of diff to the others; a block that is not there is never stored */
    UNROLL(KV) for (int v = 0; v < KV; v++) next[v] = kb * KV + v < k_blocks ? v * plane : 0;
    PLAIN_LOOP for (int band = first; band < last; band++) {
        const int n0 = band / bands_y * images, n1 = min(n0 + images, N);
        const int oy0 = band % bands_y * rows, oy1 = min(oy0 + rows, OH);
        PLAIN_LOOP for (int line = 0; line < lines; line += LT) {
            __global float *to = work + line * (S * 16 * KV);
            size_t at[LT]; /* lines behind the last one are the last one again, and not stored */
            UNROLL(LT) for (int i = 0; i < LT; i++) {
                const int l = min(line + i, lines - 1);
                at[i] = ((size_t)(l / R) * PH + l % R * dy) * PW;
            }
            float16 sum[LT][S][KV];
            UNROLL(LT) for (int i = 0; i < LT; i++) {
                UNROLL(S) for (int s = 0; s < S; s++) {
                    UNROLL(KV) for (int v = 0; v < KV; v++)
                        sum[i][s][v] = band == first || line + i >= lines ? (float16)0 : LOAD16((i * S + s) * KV + v, to);
                }
            }
            PLAIN_LOOP for (int n = n0; n < n1; n++)
                PLAIN_LOOP for (int oy = oy0; oy < oy1; oy++) {
                    __global const float *p = src + n * src_n + (size_t)oy * step_y * PW;
                    __global const float *q = diff + n * diff_n + (size_t)oy * OW * 16;
                    for (int ox = 0; ox < OW; ox++, p += SW, q += 16) {
                        float16 d[KV];
                        UNROLL(KV) for (int v = 0; v < KV; v++) d[v] = LOAD16(0, q + next[v]);
                        UNROLL(LT) for (int i = 0; i < LT; i++) {
                            UNROLL(S) for (int s = 0; s < S; s++) {
                                const float16 x = p[at[i] + s * DX];
                                UNROLL(KV) for (int v = 0; v < KV; v++) sum[i][s][v] = MULADD(x, d[v], sum[i][s][v]);
                            }
                        }
                    }
                }
            UNROLL(LT) for (int i = 0; i < LT; i++) {
                if (line + i < lines) {
                    UNROLL(S) for (int s = 0; s < S; s++) {
                        UNROLL(KV) for (int v = 0; v < KV; v++) STORE16(sum[i][s][v], (i * S + s) * KV + v, to);
                    }
                }
            }
        }
    }
}

/* Adds the parts and puts them where they belong in (K, columns). */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_weights_plain_sum(__global const float *work, long work_off, __global float *dst, long dst_off, int K,
                                       int columns, int parts) {
    const int kb = get_global_id(0), k0 = kb * KV * 16, count = min(KV * 16, K - k0);
    const size_t step = (size_t)get_global_size(0) * columns * (16 * KV);
    work += work_off + (size_t)kb * columns * (16 * KV);
    dst += dst_off + (size_t)k0 * columns;
    PLAIN_LOOP for (int i = 0; i < columns; i++) {
        float line[KV * 16];
        PLAIN_LOOP for (int v = 0; v < KV; v++) {
            float16 z = LOAD16(i * KV + v, work);
            for (int part = 1; part < parts; part++)
                z += LOAD16(i * KV + v, work + part * step);
            STORE16_PRIVATE(z, v, line);
        }
        PLAIN_LOOP for (int k = 0; k < count; k++)
            dst[(size_t)k * columns + i] = line[k];
    }
}

/* A plane of the source with zeros around it, as far as taps reach. */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_pad(__global const float *src, long src_off, __global float *dst, long dst_off, long src_n, int C, int IH, int IW,
                         int PH, int PW, int pad_y, int pad_x) {
    const int c = get_global_id(0), n = get_global_id(1);
    const int left = min(pad_x, PW), inside = clamp(PW - pad_x, 0, IW);
    src += src_off + n * src_n + (size_t)c * IH * IW;
    dst += dst_off + ((size_t)n * C + c) * PH * PW;
    PLAIN_LOOP for (int y = 0; y < PH; y++, dst += PW) {
        const bool real = y >= pad_y && y - pad_y < IH;
        const int end = real ? left + inside : left;
        PLAIN_LOOP for (int x = 0; x < left; x++)
            dst[x] = 0;
        PLAIN_LOOP for (int x = left; x < end; x++)
            dst[x] = src[(size_t)(y - pad_y) * IW + x - left];
        PLAIN_LOOP for (int x = end; x < PW; x++)
            dst[x] = 0;
    }
}
