/* SPDX-License-Identifier: Apache-2.0 */
/* From one layout to another: a work-item takes one index of the outer loops (OUTER, said by the host), all of loop m, a run of
 * loop s, along which src is contiguous, and all of loop d, along which dst is. Lanes of a last block that are outside of the
 * shape are set to zero. y0 … y2: index of an axis that is cut into blocks; limit: its size; padded: with its last block full. */
#include "types.clh"

#if defined(BY_VECTORS) && !defined(SAME)
#define RIFFLE(to, from, i) \
    to[2 * i].even = from[i].lo; \
    to[2 * i].odd = from[i + 8].lo; \
    to[2 * i + 1].even = from[i].hi; \
    to[2 * i + 1].odd = from[i + 8].hi;
#define STAGE(to, from) \
    RIFFLE(to, from, 0) RIFFLE(to, from, 1) RIFFLE(to, from, 2) RIFFLE(to, from, 3) \
    RIFFLE(to, from, 4) RIFFLE(to, from, 5) RIFFLE(to, from, 6) RIFFLE(to, from, 7)
#define UNROLL16 __attribute__((opencl_unroll_hint(16)))

/* 16 by 16 floats: four perfect shuffles of 16 vectors. */
static void transpose(__global const float *src, long src_step, __global float *dst, long dst_step) {
    float16 a[16], b[16];
    UNROLL16 for (int i = 0; i < 16; i++) a[i] = vload16(0, src + i * src_step);
    STAGE(b, a)
    STAGE(a, b)
    STAGE(b, a)
    STAGE(a, b)
    UNROLL16 for (int i = 0; i < 16; i++) vstore16(a[i], 0, dst + i * dst_step);
}
#endif

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void reorder_tiles(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, OUTER_PARAMS long m_size,
                            long m_src, long m_dst, long s_size, long s_dst, long s_run, long d_size, long d_src, long limit0,
                            long limit1, long limit2, long padded0, long padded1, long padded2) {
    long x0 = 0, x1 = 0, x2 = 0, t = get_global_id(0);
    const long first = get_global_id(1) * s_run;
    src += src_off;
    dst += dst_off;
    OUTER
    for (long m = 0; m < m_size; m++, src += m_src, dst += m_dst) {
        const long y0 = x0 + m * M_WEIGHT0, y1 = x1 + m * M_WEIGHT1, y2 = x2 + m * M_WEIGHT2;
        if (y0 >= padded0 || y1 >= padded1 || y2 >= padded2)
            continue;
        const bool inside = y0 < limit0 && y1 < limit1 && y2 < limit2;
        const long d_all = min(d_size, D_PADDED), d_copy = inside ? min(d_size, D_LIMIT) : 0;
#ifdef SAME
        for (long i = 0; i < d_copy; i++)
            STORE(Z0, dst, i, LOAD(A0, src, i));
        for (long i = d_copy; i < d_all; i++)
            STORE(Z0, dst, i, 0);
#else
        const long last = min(first + s_run, s_size), s_all = min(last, S_PADDED), s_copy = min(last, S_LIMIT);
        long s = first;
#ifdef BY_VECTORS
        for (; s + 16 <= s_copy && d_copy >= 16; s += 16) {
            long i = 0;
            for (; i + 16 <= d_copy; i += 16)
                transpose(src + i * d_src + s, d_src, dst + s * s_dst + i, s_dst);
            for (; i < d_all; i++)
                for (long j = s; j < s + 16; j++)
                    dst[j * s_dst + i] = i < d_copy ? src[i * d_src + j] : 0;
        }
#endif
        for (; s < s_copy; s++) {
            for (long i = 0; i < d_copy; i++)
                STORE(Z0, dst, s * s_dst + i, LOAD(A0, src, i * d_src + s));
            for (long i = d_copy; i < d_all; i++)
                STORE(Z0, dst, s * s_dst + i, 0);
        }
        for (s = max(s, first); s < s_all; s++)
            for (long i = 0; i < d_all; i++)
                STORE(Z0, dst, s * s_dst + i, 0);
#endif
    }
}
