/* SPDX-License-Identifier: Apache-2.0 */
/* From one layout to another. The host defines how the number of an element or run is taken apart (DECODE) and where an index
 * lies in both layouts (src_OFFSET, dst_OFFSET, with strides from src_STRIDES, dst_STRIDES). */
#include "types.clh"

#define ARGUMENTS \
    __global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, long d0, long d1, long d2, long d3, long d4, \
        long d5, long d6, long d7, long src_stride0, long dst_stride0, long count

#ifndef INNER
__kernel void reorder_ref(ARGUMENTS) {
    long t = get_global_id(0);
    if (t >= count)
        return;
    long x0 = 0, x1 = 0, x2 = 0, x3 = 0, x4 = 0, x5 = 0, x6 = 0, x7 = 0;
    src_STRIDES
    dst_STRIDES
    DECODE
    if (INSIDE)
        STORE(Z0, dst, dst_off + dst_OFFSET, LOAD(A0, src, src_off + src_OFFSET));
    else
        STORE(Z0, dst, dst_off + dst_OFFSET, 0);
}
#else
/* A work-item copies one run: what is contiguous in dst. */
__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void reorder_rows(ARGUMENTS) {
    long t = get_global_id(0);
    long x0 = 0, x1 = 0, x2 = 0, x3 = 0, x4 = 0, x5 = 0, x6 = 0, x7 = 0;
    src_STRIDES
    dst_STRIDES
    DECODE
#ifdef RUN
    const int run = RUN;
#else
    const long run = count;
#endif
    const long base = INNER;
    dst += dst_off + dst_OFFSET;
    long inside = INNER_SIZE - base;
    INNER = 0;
    const int rest = INSIDE;
    INNER = base;
    inside = rest ? clamp(inside, 0L, (long)run) : 0;
#if SRC_CUT
    for (long j = 0; j < inside; j++, INNER++)
        STORE(Z0, dst, j, LOAD(A0, src, src_off + src_OFFSET));
#else
    const long from = src_off + src_OFFSET;
    INNER++;
    const long step = src_off + src_OFFSET - from;
    if (step == 1) {
        for (long j = 0; j < inside; j++)
            STORE(Z0, dst, j, LOAD(A0, src, from + j));
    } else {
        for (long j = 0; j < inside; j++)
            STORE(Z0, dst, j, LOAD(A0, src, from + j * step));
    }
#endif
    for (long j = inside; j < run; j++)
        STORE(Z0, dst, j, 0);
}
#endif
