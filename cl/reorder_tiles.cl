/* SPDX-License-Identifier: Apache-2.0 */
/* From one layout to another: a work-item takes one index of six outer loops, all of loop m, a run of loop s, along which src is
 * contiguous, and all of loop d, along which dst is (`same`: s is d). Lanes of a last block that are outside of the shape are set
 * to zero. An axis that is cut into blocks has a number; `limit` is its size, `padded` that with its last block full; number 3 is
 * for loops over whole axes. One program for all layouts. */
#include "types.clh"

#define LOOP_PARAM_OF(i) , long n##i, long a##i, long z##i, long cut##i, long w##i
#define LOOP_ARG_OF(i) , n##i, a##i, z##i, cut##i, w##i
#define LOOPS(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define LOOP_PARAMS LOOPS(LOOP_PARAM_OF)
#define LOOP_ARGS LOOPS(LOOP_ARG_OF)
#define EACH(v) {v##0, v##1, v##2, v##3, v##4, v##5}

#ifdef BY_VECTORS
/* Of scalars that are near; shuffles of 16 vectors are no faster here and take long to compile. */
#define AT(d) src[(d) * src_step]
#define COLUMN \
    (float16)(AT(0), AT(1), AT(2), AT(3), AT(4), AT(5), AT(6), AT(7), AT(8), AT(9), AT(10), AT(11), AT(12), AT(13), AT(14), AT(15))
static void transpose(__global const float *src, long src_step, __global float *dst, long dst_step) {
    PLAIN_LOOP for (int i = 0; i < 16; i++, src++, dst += dst_step)
        STORE16(COLUMN, 0, dst);
}
#endif

/* s: first … s_copy are copied, up to s_all set to zero; likewise d. */
static void tile(__global const TYPE(A0) *src, long src_step, __global TYPE(Z0) *dst, long dst_step, long s, long s_copy, long s_all,
                 long d_copy, long d_all) {
#ifdef BY_VECTORS
    PLAIN_LOOP for (; s + 16 <= s_copy && d_copy >= 16; s += 16) {
        long d = 0;
        PLAIN_LOOP for (; d + 16 <= d_copy; d += 16)
            transpose(src + d * src_step + s, src_step, dst + s * dst_step + d, dst_step);
        PLAIN_LOOP for (; d < d_all; d++)
            PLAIN_LOOP for (long i = s; i < s + 16; i++)
                dst[i * dst_step + d] = d < d_copy ? src[d * src_step + i] : 0;
    }
#endif
    PLAIN_LOOP for (; s < s_all; s++) {
        const long count = s < s_copy ? d_copy : 0;
        PLAIN_LOOP for (long d = 0; d < count; d++)
            STORE(Z0, dst, s * dst_step + d, LOAD(A0, src, d * src_step + s));
        PLAIN_LOOP for (long d = count; d < d_all; d++)
            STORE(Z0, dst, s * dst_step + d, 0);
    }
}

/* The same where both go along d. */
static void run(__global const TYPE(A0) *src, __global TYPE(Z0) *dst, long d_copy, long d_all) {
    long i = 0;
#ifdef BY_VECTORS
    PLAIN_LOOP for (; i + 16 <= d_copy; i += 16)
        STORE16(LOAD16(0, src + i), 0, dst + i);
#endif
    PLAIN_LOOP for (; i < d_copy; i++)
        STORE(Z0, dst, i, LOAD(A0, src, i));
    PLAIN_LOOP for (; i < d_all; i++)
        STORE(Z0, dst, i, 0);
}

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void reorder_tiles(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off LOOP_PARAMS,
                            long m_size, long m_src, long m_dst, long m_cut, long m_weight, long s_size, long s_dst, long s_cut,
                            long s_run, long d_size, long d_src, long d_cut, long same, long limit0, long limit1, long limit2,
                            long padded0, long padded1, long padded2) {
    const long limit[4] = {limit0, limit1, limit2, LONG_MAX / 2}, padded[4] = {padded0, padded1, padded2, LONG_MAX / 2};
    const long n[6] = EACH(n), a[6] = EACH(a), z[6] = EACH(z), cut[6] = EACH(cut), w[6] = EACH(w);
    const long first = get_global_id(1) * s_run, last = min(first + s_run, s_size);
    long x[4] = {0, 0, 0, 0}, t = get_global_id(0);
    src += src_off;
    dst += dst_off;
    PLAIN_LOOP for (int i = 0; i < 6; i++) {
        const long index = t % n[i];
        t /= n[i];
        src += index * a[i];
        dst += index * z[i];
        x[cut[i]] += index * w[i];
    }
    PLAIN_LOOP for (long m = 0; m < m_size; m++, src += m_src, dst += m_dst, x[m_cut] += m_weight) {
        if (x[0] >= padded0 || x[1] >= padded1 || x[2] >= padded2)
            continue;
        const bool inside = x[0] < limit0 && x[1] < limit1 && x[2] < limit2;
        const long d_all = min(d_size, padded[d_cut] - x[d_cut]), d_copy = inside ? min(d_size, limit[d_cut] - x[d_cut]) : 0;
        if (same)
            run(src, dst, d_copy, d_all);
        else
            tile(src, d_src, dst, s_dst, first, min(last, limit[s_cut] - x[s_cut]), min(last, padded[s_cut] - x[s_cut]), d_copy, d_all);
    }
}
