/* SPDX-License-Identifier: Apache-2.0 */
/* 1x1 convolution, channels in blocks of 16, pixels of an image one behind the other: a work-item computes MT tiles of KV x 16 channels
 * by T pixels. Weights are in blocks: result channels / (16 KV), source channels / 16, 16, 16 KV. They are taken `chunk` blocks at a
 * time, which stay in a near cache while all tiles go over them. An image's last tile ends with its last pixel: what it has in common
 * with the one before is computed twice and stored once. An image of fewer pixels than a tile is copied to where zeros follow. */
#include "types.clh"
#include "conv2d_tile.clh"

#define PIXEL(t) ((t) * 16)
#define BLOCK (256 * KV) /* weights of 16 source channels */

/* What comes next is called for: pixels of the next 16 channels, and a part of the next chunk's weights. */
#define CHANNELS(P, plane) \
    for (int t = 0; t < T; t++) \
        PREFETCH(P + plane + t * 16) \
    for (int i = 0; i < share; i++, next += 16) \
        PREFETCH(next) \
    for (int i = 0; i < lanes; i++) \
        ADD_TO_TILE((P + i), PIXEL, (wt + i * (16 * KV)))

__attribute__((reqd_work_group_size(1, 1, 1))) SHORT_GROUPS
__kernel void conv2d_point(__global const float *src, long src_off, __global const float *wei, long wei_off, __global float *dst,
                           long dst_off, long src_n, long dst_n, long residual_n, int C, int OW, int K, int tiles, int per_item,
                           int chunk, int group_k, int group_c, int panels, int items BIAS_PARAM POST_PARAMS) {
    /* Either all panels of a part of the image come one after the other (items: 0), or all parts for a panel. */
    const int flat = get_global_id(0), kb = items ? flat / items : flat % panels, item = items ? flat % items : flat / panels;
    const int c_blocks = (C + 15) / 16, first = item * per_item, count = min(per_item, tiles - first), OH = 1;
    const long batch = get_global_id(1), plane = (long)OW * 16;
    const int share = chunk < c_blocks ? (16 * KV + count - 1) / count : 0;
    src += src_off + batch * src_n + kb / group_k * group_c * plane;
    wei += wei_off + (size_t)kb * c_blocks * BLOCK;
    dst += dst_off + batch * dst_n;
    float copy[T * 16], part[MT * KV * T * 16];
    for (int c0 = 0; c0 < c_blocks || c0 == 0; c0 += chunk) {
        const int c1 = min(c0 + chunk, c_blocks);
        for (int m = 0; m < count; m++) {
            const int x = max(min((first + m) * T, OW - T), 0);
            float *sums = part + m * (KV * T * 16);
            if (c1 == c_blocks) { /* stores wait for lines that are far */
                __global const float *to = dst + kb * KV * plane + x * 16;
                for (int v = 0; v < KV; v++, to += plane)
                    for (int t = 0; t < T; t++)
                        PREFETCH_TO(to + t * 16)
            }
            float16 sum[KV][T];
            if (c0 == 0) {
                FOR_TILE(sum[v][t] = 0)
            } else {
                FOR_TILE(sum[v][t] = LOAD16_PRIVATE(v * T + t, sums))
            }
            __global const float *from = src + c0 * plane + x * 16, *wt = wei + (size_t)c0 * BLOCK;
            __global const float *next = wei + (size_t)c1 * BLOCK + m * share * (c1 - c0) * 16;
            for (int cb = c0; cb < c1; cb++, from += plane, wt += BLOCK) {
                const int lanes = min(16, C - cb * 16);
                if (T <= OW) {
                    CHANNELS(from, plane)
                } else {
                    for (int t = 0; t < T; t++)
                        STORE16_PRIVATE(t < OW ? LOAD16(t, from) : (float16)0, t, copy);
                    CHANNELS(copy, 0)
                }
            }
            FOR_TILE(STORE16_PRIVATE(sum[v][t], v * T + t, sums))
        }
    }
    for (int m = 0; m < count; m++) {
        const int x = (first + m) * T, pixels = max(min(T, OW - x), 0), again = T <= OW ? T - pixels : 0;
        const float *sums = part + m * (KV * T * 16) + again * 16;
        STORE_TILE(sums, 0, x, 1, pixels)
    }
}
