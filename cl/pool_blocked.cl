/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling with channels in blocks of 16: a work-item computes one row of the result for one block of one image. */
#include "types.clh"

#define SIZES \
    long planes, long H, long W, long OH, long OW, long KH, long KW, long stride_h, long stride_w, long dilation_h, \
        long dilation_w, long pad_h, long pad_w, long H_end, long W_end

/* The part [first, last) of a window that lies in [0, size). */
#define CLIP(first, last, at, kernel, dilation, size) \
    const int first = (at) < 0 ? (int)((-(at) + (dilation) - 1) / (dilation)) : 0; \
    const int last = (int)min((long)(kernel), (at) < (size) ? ((size) - (at) + (dilation) - 1) / (dilation) : 0L);

#define SAME(a, b) (((a) == (b)) | (isnan(a) & isnan(b)))

__attribute__((reqd_work_group_size(1, 1, 1)))
#if defined(OP_max_pool2d) || defined(OP_avg_pool2d)
#ifdef OP_max_pool2d
__kernel void max_pool2d_blocked(
#else
__kernel void avg_pool2d_blocked(
#endif
    __global const float *src, long src_off, __global float *dst, long dst_off, SIZES, long blocks, long src_n, long dst_n) {
    const long oy = get_global_id(0), image = get_global_id(1) / blocks, block = get_global_id(1) % blocks;
    src += src_off + image * src_n + block * H * W * 16;
    dst += dst_off + image * dst_n + (block * OH + oy) * OW * 16;
    const long y = oy * stride_h - pad_h;
    CLIP(r0, r1, y, KH, dilation_h, H)
    for (long ox = 0; ox < OW; ox++) {
        const long x = ox * stride_w - pad_w;
        CLIP(s0, s1, x, KW, dilation_w, W)
#ifdef OP_max_pool2d
        float16 best = -INFINITY;
#else
        float16 best = 0;
#endif
        for (int r = r0; r < r1; r++)
            for (int s = s0; s < s1; s++) {
                const float16 v = vload16((y + r * dilation_h) * W + x + s * dilation_w, src);
#ifdef OP_max_pool2d
                best = select(best, v, (v > best) | isnan(v)); /* a NaN stays: nothing is larger */
#else
                best += v;
#endif
            }
#ifdef OP_avg_pool2d
#ifdef INCLUDE_PAD
        CLIP(p0, p1, y, KH, dilation_h, H_end)
        CLIP(q0, q1, x, KW, dilation_w, W_end)
        best /= (float)(p1 * q1);
#else
        best /= (float)(max(r1 - r0, 0) * max(s1 - s0, 0));
#endif
#endif
        vstore16(best, ox, dst);
    }
}
#elif defined(OP_max_pool2d_bwd) || defined(OP_avg_pool2d_bwd)
#ifdef OP_max_pool2d_bwd
__kernel void max_pool2d_bwd_blocked(__global const float *src, long src_off, __global const float *top, long top_off,
                                     __global const float *diff, long diff_off,
#else
__kernel void avg_pool2d_bwd_blocked(__global const float *diff, long diff_off,
#endif
                                     __global float *dst, long dst_off, SIZES) {
    const long jy = get_global_id(0), plane = get_global_id(1);
    dst += dst_off + (plane * H + jy) * W * 16;
    diff += diff_off + plane * OH * OW * 16;
#ifdef OP_max_pool2d_bwd
    src += src_off + plane * H * W * 16;
    top += top_off + plane * OH * OW * 16;
#endif
    for (long jx = 0; jx < W; jx++) {
        float16 sum = 0;
#ifdef OP_max_pool2d_bwd
        const float16 own = vload16(jy * W + jx, src);
#endif
        for (long r = 0; r < KH; r++) {
            const long y = jy + pad_h - r * dilation_h, oy = y / stride_h;
            if (y < 0 || y % stride_h || oy >= OH)
                continue;
            for (long s = 0; s < KW; s++) {
                const long x = jx + pad_w - s * dilation_w, ox = x / stride_w;
                if (x < 0 || x % stride_w || ox >= OW)
                    continue;
                const float16 d = vload16(oy * OW + ox, diff);
#ifdef OP_max_pool2d_bwd
                const float16 best = vload16(oy * OW + ox, top);
                int16 won = SAME(own, best);
                for (long rr = 0; rr <= r; rr++) /* an equal one that comes first takes it all */
                    for (long ss = 0; ss < (rr == r ? s : KW); ss++) {
                        const long iy = oy * stride_h - pad_h + rr * dilation_h, ix = ox * stride_w - pad_w + ss * dilation_w;
                        if (iy >= 0 && iy < H && ix >= 0 && ix < W) {
                            const float16 v = vload16(iy * W + ix, src);
                            won &= ~SAME(v, best);
                        }
                    }
                sum += select((float16)0, d, won);
#else
#ifdef INCLUDE_PAD
                CLIP(p0, p1, oy * stride_h - pad_h, KH, dilation_h, H_end)
                CLIP(q0, q1, ox * stride_w - pad_w, KW, dilation_w, W_end)
                sum += d / (float)(p1 * q1);
#else
                CLIP(p0, p1, oy * stride_h - pad_h, KH, dilation_h, H)
                CLIP(q0, q1, ox * stride_w - pad_w, KW, dilation_w, W)
                sum += d / (float)((p1 - p0) * (q1 - q0));
#endif
#endif
            }
        }
        vstore16(sum, jx, dst);
    }
}
#elif defined(OP_global_avg_pool)
__kernel void global_avg_pool_blocked(__global const float *src, long src_off, __global float *dst, long dst_off, SIZES) {
    const long plane = get_global_id(1);
    src += src_off + plane * W * 16;
    float16 sum = 0;
    for (long first = 0; first < W; first += 64) { /* sums of runs are added up, for the sake of accuracy */
        float16 run = 0;
        for (long k = first; k < min(first + 64, W); k++)
            run += vload16(k, src);
        sum += run;
    }
    vstore16(sum / (float)W, plane, dst + dst_off);
}
#else
__kernel void global_avg_pool_bwd_blocked(__global const float *diff, long diff_off, __global float *dst, long dst_off, SIZES) {
    const long plane = get_global_id(1);
    const float16 v = vload16(plane, diff + diff_off) / (float)W;
    dst += dst_off + plane * W * 16;
    for (long k = 0; k < W; k++)
        vstore16(v, k, dst);
}
#endif
