/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, or maxima with MAX, in stages: SRC and DST are the element types of this one. Each divides by `divisor` at its end. */
#include "types.clh"
#include "vec.clh"

#ifdef MAX
#define FIRST (-INFINITY)
#define JOIN(a, b) ((b) > (a) || (b) != (b) ? (b) : (a))
#else
#define FIRST 0.0f
#define JOIN(a, b) ((a) + (b))
#endif

static float join_4(float4 v) {
    float a = JOIN(v.s0, v.s2), b = JOIN(v.s1, v.s3);
    return JOIN(a, b);
}
static float join_8(float8 v) {
    return join_4(JOIN(v.lo, v.hi));
}
static float join_16(float16 v) {
    return join_8(JOIN(v.lo, v.hi));
}

/* Work-item (p, r): piece p of block r = image * blocks + block of channels. */
__kernel void reduce_blocks(__global const TYPE(SRC) *x, long x_off, __global TYPE(DST) *z, long z_off, float divisor,
                            long blocks, long channels, long inner, long piece, long by_image, long by_piece) {
    long p = get_global_id(0), r = get_global_id(1), begin = p * piece, end = min(begin + piece, inner), i = begin;
    FLOATV a = FIRST, b = FIRST, c = FIRST, d = FIRST;
    x += x_off + r * inner * VEC;
    for (; i + 4 <= end; i += 4) {
        FLOATV va = VLOAD(SRC, x, i * VEC), vb = VLOAD(SRC, x, (i + 1) * VEC);
        FLOATV vc = VLOAD(SRC, x, (i + 2) * VEC), vd = VLOAD(SRC, x, (i + 3) * VEC);
        a = JOIN(a, va);
        b = JOIN(b, vb);
        c = JOIN(c, vc);
        d = JOIN(d, vd);
    }
    for (; i < end; i++) {
        FLOATV v = VLOAD(SRC, x, i * VEC);
        a = JOIN(a, v);
    }
    a = JOIN(a, b);
    c = JOIN(c, d);
    a = JOIN(a, c);
    a /= divisor;
    float lane[VEC];
    CAT(vstore, VEC)(a, 0, lane);
    long channel = r % blocks * VEC;
    z += z_off + (r / blocks * by_image + p * by_piece) * channels + channel;
    for (int k = 0; k < VEC && channel + k < channels; k++)
        STORE(DST, z, k, lane[k]);
}

#if VEC == 16
/* Work-item (p, g): piece p of the rows g * together …; row (o, m) becomes element ((o * pieces + p) * middle + m). */
__kernel void reduce_rows(__global const TYPE(SRC) *x, long x_off, __global TYPE(DST) *z, long z_off, float divisor, long rows,
                          long inner, long middle, long pieces, long piece, long together) {
    long p = get_global_id(0), first = get_global_id(1) * together, last = min(first + together, rows);
    long begin = p * piece;
    int n = (int)min(piece, inner - begin);
    x += x_off + begin;
    for (long r = first; r < last; r++) {
        __global const TYPE(SRC) *row = x + r * inner;
        float16 a = FIRST, b = FIRST, c = FIRST, d = FIRST;
        float tail = FIRST;
        int i = 0;
        for (; i + 64 <= n; i += 64) {
            float16 va = VLOAD(SRC, row, i), vb = VLOAD(SRC, row, i + 16);
            float16 vc = VLOAD(SRC, row, i + 32), vd = VLOAD(SRC, row, i + 48);
            a = JOIN(a, va);
            b = JOIN(b, vb);
            c = JOIN(c, vc);
            d = JOIN(d, vd);
        }
        for (; i + 16 <= n; i += 16) {
            float16 v = VLOAD(SRC, row, i);
            a = JOIN(a, v);
        }
        for (; i < n; i++) {
            float v = LOAD(SRC, row, i);
            tail = JOIN(tail, v);
        }
        a = JOIN(a, b);
        c = JOIN(c, d);
        a = JOIN(a, c);
        float sum = join_16(a);
        sum = JOIN(sum, tail);
        STORE(DST, z, z_off + (r / middle * pieces + p) * middle + r % middle, sum / divisor);
    }
}

/* Work-item (t, g): rows g * piece … of columns 64 * t …. */
__kernel void reduce_columns(__global const TYPE(SRC) *x, long x_off, __global TYPE(DST) *z, long z_off, float divisor,
                             long height, long middle, long piece) {
    long column = get_global_id(0) * 64, g = get_global_id(1), first = g * piece, last = min(first + piece, height);
    long end = min(column + 64, middle);
    x += x_off;
    z += z_off + g * middle;
    if (column + 64 <= middle) {
        float16 a = FIRST, b = FIRST, c = FIRST, d = FIRST;
        for (long r = first; r < last; r++) {
            long at = r * middle + column;
            float16 va = VLOAD(SRC, x, at), vb = VLOAD(SRC, x, at + 16);
            float16 vc = VLOAD(SRC, x, at + 32), vd = VLOAD(SRC, x, at + 48);
            a = JOIN(a, va);
            b = JOIN(b, vb);
            c = JOIN(c, vc);
            d = JOIN(d, vd);
        }
        VSTORE(DST, z, column, a / divisor);
        VSTORE(DST, z, column + 16, b / divisor);
        VSTORE(DST, z, column + 32, c / divisor);
        VSTORE(DST, z, column + 48, d / divisor);
        return;
    }
    for (; column + 16 <= end; column += 16) {
        float16 a = FIRST;
        for (long r = first; r < last; r++) {
            float16 v = VLOAD(SRC, x, r * middle + column);
            a = JOIN(a, v);
        }
        VSTORE(DST, z, column, a / divisor);
    }
    for (; column < end; column++) {
        float a = FIRST;
        for (long r = first; r < last; r++) {
            float v = LOAD(SRC, x, r * middle + column);
            a = JOIN(a, v);
        }
        STORE(DST, z, column, a / divisor);
    }
}
#endif
