/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling by windows of KH x KW (steps SH, SW, dilation DH, DW), channels in blocks of 16. Forward, a work-item computes one row of
 * the result for one block of one image. Backward it takes `rows` rows of windows and owns what they cover (all of the plane where
 * windows of two rows share elements): windows give their gradient in order, so that no sum depends on chance. */
#include "types.clh"

#define SIZE_PARAMS int blocks, long src_n, long dst_n, int H, int W, int OH, int OW, int pad_h, int pad_w, int H_end, int W_end
#define SIZE_ARGS blocks, src_n, dst_n, H, W, OH, OW, pad_h, pad_w, H_end, W_end
#define SAME(a, b) (((a) == (b)) | (isnan(a) & isnan(b)))
#define PLACE \
    const long image = get_global_id(1) / blocks, block = get_global_id(1) % blocks;

/* statement for each element (at row iy, column ix) of a window that lies in the image. */
#define FOR_WINDOW(y, x, statement) \
    if (y >= 0 && y + (KH - 1) * DH < H && x >= 0 && x + (KW - 1) * DW < W) { \
        for (int r = 0; r < KH; r++) \
            for (int s = 0; s < KW; s++) { \
                const int iy = y + r * DH, ix = x + s * DW; \
                statement \
            } \
    } else { \
        for (int r = 0; r < KH; r++) \
            for (int s = 0; s < KW; s++) { \
                const int iy = y + r * DH, ix = x + s * DW; \
                if (iy >= 0 && iy < H && ix >= 0 && ix < W) { \
                    statement \
                } \
            } \
    }

/* How many elements from `at` on, `step` apart, lie in [first, end). */
static int inside(int at, int count, int step, int first, int end) {
    int result = 0;
    for (int i = 0; i < count; i++)
        result += at + i * step >= first && at + i * step < end;
    return result;
}
/* What the mean divides by, of one axis. */
#ifdef INCLUDE_PAD
#define WEIGHT(at, count, step, size, end) inside(at, count, step, -INT_MAX, end)
#else
#define WEIGHT(at, count, step, size, end) inside(at, count, step, 0, size)
#endif

#if defined(OP_max_pool2d) || defined(OP_avg_pool2d)
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void pool_window(__global const float *src, long src_off, __global float *dst, long dst_off, SIZE_PARAMS) {
    PLACE
    const int oy = get_global_id(0), y = oy * SH - pad_h;
    src += src_off + image * src_n + block * H * W * 16;
    dst += dst_off + image * dst_n + (block * OH + oy) * OW * 16;
#ifdef OP_avg_pool2d
    const int weight_y = WEIGHT(y, KH, DH, H, H_end);
#endif
    for (int ox = 0; ox < OW; ox++) {
        const int x = ox * SW - pad_w;
#ifdef OP_max_pool2d
        float16 z = -INFINITY; /* a NaN stays: nothing is larger */
        FOR_WINDOW(y, x, const float16 v = LOAD16((long)iy * W + ix, src); z = select(z, v, (v > z) | isnan(v));)
#else
        float16 z = 0;
        FOR_WINDOW(y, x, z += LOAD16((long)iy * W + ix, src);)
        z /= (float)(weight_y * WEIGHT(x, KW, DW, W, W_end));
#endif
        STORE16(z, ox, dst);
    }
}
#else
#define DIFF_PARAMS __global const float *diff, long diff_off
#define DIFF_ARGS diff, diff_off
#ifdef OP_max_pool2d_bwd
#define SRC_PARAMS __global const float *src, long src_off, __global const float *top, long top_off, DIFF_PARAMS
#define SRC_ARGS src, src_off, top, top_off, DIFF_ARGS
#else
#define SRC_PARAMS DIFF_PARAMS
#define SRC_ARGS DIFF_ARGS
#endif
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void pool_window(SRC_PARAMS, __global float *dst, long dst_off, SIZE_PARAMS, int rows) {
    PLACE
    const int first = get_global_id(0) * rows, last = min(first + rows, OH);
    const int y0 = first == 0 ? 0 : clamp(first * SH - pad_h, 0, H), y1 = last == OH ? H : clamp(last * SH - pad_h, 0, H);
    dst += dst_off + image * dst_n + block * H * W * 16;
#ifdef OP_max_pool2d_bwd
    src += src_off + image * src_n + block * H * W * 16;
    top += top_off + get_global_id(1) * OH * OW * 16;
    diff += diff_off + get_global_id(1) * OH * OW * 16;
#else
    diff += diff_off + image * src_n + block * OH * OW * 16;
#endif
    for (long i = (long)y0 * W; i < (long)y1 * W; i++)
        STORE16((float16)0, i, dst);
    for (int oy = first; oy < last; oy++) {
        const int y = oy * SH - pad_h;
#ifdef OP_avg_pool2d_bwd
        const int weight_y = WEIGHT(y, KH, DH, H, H_end);
#endif
        for (int ox = 0; ox < OW; ox++) {
            const int x = ox * SW - pad_w;
            const float16 d = LOAD16((long)oy * OW + ox, diff);
#ifdef OP_max_pool2d_bwd
            const float16 best = LOAD16((long)oy * OW + ox, top);
            int16 open = -1; /* lanes whose first element equal to the largest has not come yet */
            FOR_WINDOW(y, x, const long at = (long)iy * W + ix; const float16 v = LOAD16(at, src);
                       const int16 won = SAME(v, best) & open; open &= ~won;
                       STORE16(LOAD16(at, dst) + select((float16)0, d, won), at, dst);)
#else
            const float16 share = d / (float)(weight_y * WEIGHT(x, KW, DW, W, W_end));
            FOR_WINDOW(y, x, const long at = (long)iy * W + ix; STORE16(LOAD16(at, dst) + share, at, dst);)
#endif
        }
    }
}
#endif
