/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling by its definition: one work-item per element of the result, plain layouts. */
#include "types.clh"

#define SIZES \
    long count, long H, long W, long OH, long OW, long KH, long KW, long stride_h, long stride_w, long dilation_h, \
        long dilation_w, long pad_h, long pad_w, long H_end, long W_end

/* The elements of the window at oy, ox that lie in the source. */
#define FOR_WINDOW(oy, ox, body) \
    for (long r = 0; r < KH; r++) { \
        const long iy = (oy) * stride_h - pad_h + r * dilation_h; \
        if (iy < 0 || iy >= H) \
            continue; \
        for (long s = 0; s < KW; s++) { \
            const long ix = (ox) * stride_w - pad_w + s * dilation_w; \
            if (ix < 0 || ix >= W) \
                continue; \
            body \
        } \
    }

/* The windows that an element iy, ix lies in: oy, ox of each. */
#define FOR_WINDOWS_OF(iy, ix, body) \
    for (long r = 0; r < KH; r++) { \
        const long y = (iy) + pad_h - r * dilation_h, oy = y / stride_h; \
        if (y < 0 || y % stride_h || oy >= OH) \
            continue; \
        for (long s = 0; s < KW; s++) { \
            const long x = (ix) + pad_w - s * dilation_w, ox = x / stride_w; \
            if (x < 0 || x % stride_w || ox >= OW) \
                continue; \
            body \
        } \
    }

float divisor(long oy, long ox, long H, long W, long KH, long KW, long stride_h, long stride_w, long dilation_h, long dilation_w,
              long pad_h, long pad_w, long H_end, long W_end) {
    long rows = 0, columns = 0;
    for (long r = 0; r < KH; r++) {
        const long iy = oy * stride_h - pad_h + r * dilation_h;
#ifdef INCLUDE_PAD
        rows += iy < H_end;
#else
        rows += iy >= 0 && iy < H;
#endif
    }
    for (long s = 0; s < KW; s++) {
        const long ix = ox * stride_w - pad_w + s * dilation_w;
#ifdef INCLUDE_PAD
        columns += ix < W_end;
#else
        columns += ix >= 0 && ix < W;
#endif
    }
    return (float)(rows * columns);
}
#define DIVISOR(oy, ox) divisor(oy, ox, H, W, KH, KW, stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w, H_end, W_end)

#if defined(OP_max_pool2d)
__kernel void max_pool2d_ref(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off,
#ifdef INDICES
                             __global TYPE(Z1) *indices, long indices_off,
#endif
                             SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long ox = i % OW, oy = i / OW % OH, plane = i / OW / OH;
    src += src_off + plane * H * W;
    float best = -INFINITY;
    long where = -1;
    FOR_WINDOW(oy, ox, {
        const float v = LOAD(A0, src, iy * W + ix);
        if (where < 0 || v > best || (isnan(v) && !isnan(best))) {
            best = v;
            where = iy * W + ix;
        }
    })
    STORE(Z0, dst, dst_off + i, best);
#ifdef INDICES
    STORE(Z1, indices, indices_off + i, plane * H * W + max(where, 0L));
#endif
}
#elif defined(OP_max_pool2d_bwd)
__kernel void max_pool2d_bwd_ref(__global const TYPE(A0) *src, long src_off, __global const TYPE(A1) *top, long top_off,
                                 __global const TYPE(A2) *diff, long diff_off, __global TYPE(Z0) *dst, long dst_off, SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long jx = i % W, jy = i / W % H, plane = i / W / H;
    src += src_off + plane * H * W;
    const float own = LOAD(A0, src, jy * W + jx);
    float sum = 0;
    FOR_WINDOWS_OF(jy, jx, {
        const long at = (plane * OH + oy) * OW + ox;
        const float best = LOAD(A1, top, top_off + at);
        int won = own == best || (isnan(own) && isnan(best));
        if (won)
            FOR_WINDOW(oy, ox, {
                const float v = LOAD(A0, src, iy * W + ix);
                if ((iy < jy || (iy == jy && ix < jx)) && (v == best || (isnan(v) && isnan(best))))
                    won = 0;
            })
        if (won)
            sum += LOAD(A2, diff, diff_off + at);
    })
    STORE(Z0, dst, dst_off + i, sum);
}
#elif defined(OP_avg_pool2d)
__kernel void avg_pool2d_ref(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long ox = i % OW, oy = i / OW % OH;
    src += src_off + i / OW / OH * H * W;
    float sum = 0;
    FOR_WINDOW(oy, ox, { sum += LOAD(A0, src, iy * W + ix); })
    STORE(Z0, dst, dst_off + i, sum / DIVISOR(oy, ox));
}
#elif defined(OP_avg_pool2d_bwd)
__kernel void avg_pool2d_bwd_ref(__global const TYPE(A0) *diff, long diff_off, __global TYPE(Z0) *dst, long dst_off, SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const long jx = i % W, jy = i / W % H;
    diff += diff_off + i / W / H * OH * OW;
    float sum = 0;
    FOR_WINDOWS_OF(jy, jx, { sum += LOAD(A0, diff, oy * OW + ox) / DIVISOR(oy, ox); })
    STORE(Z0, dst, dst_off + i, sum);
}
#elif defined(OP_global_avg_pool)
__kernel void global_avg_pool_ref(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    src += src_off + i * W;
    float sum = 0;
    for (long first = 0; first < W; first += 64) { /* sums of runs are added up, for the sake of accuracy */
        float run = 0;
        for (long k = first; k < min(first + 64, W); k++)
            run += LOAD(A0, src, k);
        sum += run;
    }
    STORE(Z0, dst, dst_off + i, sum / (float)W);
}
#else
__kernel void global_avg_pool_bwd_ref(__global const TYPE(A0) *diff, long diff_off, __global TYPE(Z0) *dst, long dst_off, SIZES) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    STORE(Z0, dst, dst_off + i, LOAD(A0, diff, diff_off + i / W) / (float)W);
}
#endif
