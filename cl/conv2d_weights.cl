/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient by the weights, channels of src and diff in blocks of 16: a work-item computes KV x 16 result channels by 16 source
 * channels, all taps, over one part of the pixels, in its own place of `work`: [part][k block][c block][tap][16][16 KV]. Pixels
 * are taken in bands that stay in the caches while all taps go over them. conv2d_weights_sum adds the parts, in order. */
#include "types.clh"

#define UNROLL(n) __attribute__((opencl_unroll_hint(n)))
#define CT 8

/* The part of a row of the result for which i * step + at lies in [0, size). */
static int first_inside(int at, int step) {
    return at >= 0 ? 0 : (-at + step - 1) / step;
}
static int last_inside(int at, int step, int size, int count) {
    return at >= size ? 0 : min(count, (size - at + step - 1) / step);
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_weights(__global const float *src, long src_off, __global const float *diff, long diff_off,
                             __global float *work, long work_off, long src_n, long diff_n, int N, int C, int IH, int IW,
                             int k_blocks, int OH, int OW, int R, int S, int step_y, int step_x, int dy, int dx, int y0, int x0,
                             int group_k, int group_c, int images, int rows, int bands_y, int bands) {
    const int cb = get_global_id(0), kb = get_global_id(1), part = get_global_id(2), parts = get_global_size(2);
    const int first = (int)((long)bands * part / parts), last = (int)((long)bands * (part + 1) / parts);
    const size_t plane = (size_t)OH * OW * 16;
    src += src_off + (size_t)(kb / group_k * group_c + cb) * IH * IW * 16;
    diff += diff_off + kb * KV * plane;
    work += work_off + (((size_t)part * get_global_size(1) + kb) * get_global_size(0) + cb) * R * S * (256 * KV);
    size_t next[KV]; /* from the first block of diff to the others; a block that is not there is never stored */
    UNROLL(KV) for (int v = 0; v < KV; v++) next[v] = kb * KV + v < k_blocks ? v * plane : 0;
    PLAIN_LOOP for (int band = first; band < last; band++) {
        const int n0 = band / bands_y * images, n1 = min(n0 + images, N);
        const int oy0 = band % bands_y * rows, oy1 = min(oy0 + rows, OH);
        PLAIN_LOOP for (int tap = 0; tap < R * S; tap++) {
            const int r = tap / S, x = x0 + tap % S * dx;
            const int ox0 = first_inside(x, step_x), ox1 = last_inside(x, step_x, IW, OW);
            PLAIN_LOOP for (int c0 = 0; c0 < 16 && cb * 16 + c0 < C; c0 += CT) {
                __global float *to = work + (tap * 16 + c0) * (16 * KV);
                float16 sum[CT][KV];
                UNROLL(CT) for (int c = 0; c < CT; c++) {
                    UNROLL(KV) for (int v = 0; v < KV; v++) sum[c][v] = band == first ? (float16)0 : LOAD16(c * KV + v, to);
                }
                PLAIN_LOOP for (int n = n0; n < n1; n++)
                    PLAIN_LOOP for (int oy = oy0; oy < oy1; oy++) {
                        const int y = oy * step_y + y0 + r * dy;
                        if (y < 0 || y >= IH)
                            continue;
                        __global const float *p = src + n * src_n + ((size_t)y * IW + x + ox0 * step_x) * 16 + c0;
                        __global const float *q = diff + n * diff_n + ((size_t)oy * OW + ox0) * 16;
                        for (int ox = ox0; ox < ox1; ox++, p += (size_t)step_x * 16, q += 16) {
                            float16 d[KV];
                            UNROLL(KV) for (int v = 0; v < KV; v++) d[v] = LOAD16(0, q + next[v]);
                            UNROLL(CT) for (int c = 0; c < CT; c++) {
                                UNROLL(KV) for (int v = 0; v < KV; v++) sum[c][v] = MULADD((float16)p[c], d[v], sum[c][v]);
                            }
                        }
                    }
                UNROLL(CT) for (int c = 0; c < CT; c++) {
                    UNROLL(KV) for (int v = 0; v < KV; v++) STORE16(sum[c][v], c * KV + v, to);
                }
            }
        }
    }
}

/* Adds the parts and puts them where they belong in (K, C, R, S). */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void conv2d_weights_sum(__global const float *work, long work_off, __global float *dst, long dst_off, int K, int C, int taps,
                                 int parts) {
    const int cb = get_global_id(0), kb = get_global_id(1);
    const size_t step = (size_t)get_global_size(0) * get_global_size(1) * taps * (256 * KV);
    work += work_off + ((size_t)kb * get_global_size(0) + cb) * taps * (256 * KV);
    dst += dst_off + (size_t)cb * 16 * taps;
    const int lanes = min(16, C - cb * 16);
    PLAIN_LOOP for (int v = 0; v < KV; v++) {
        const int k0 = (kb * KV + v) * 16, count = min(16, K - k0);
        PLAIN_LOOP for (int tap = 0; tap < taps; tap++)
            PLAIN_LOOP for (int c = 0; c < lanes; c++) {
                __global const float *from = work + ((tap * 16 + c) * KV + v) * 16;
                float16 z = LOAD16(0, from);
                PLAIN_LOOP for (int part = 1; part < parts; part++)
                    z += LOAD16(0, from + part * step);
                float line[16];
                STORE16_PRIVATE(z, 0, line);
                PLAIN_LOOP for (int k = 0; k < count; k++)
                    dst[((size_t)(k0 + k) * C + c) * taps + tap] = line[k];
            }
    }
}
