/* SPDX-License-Identifier: Apache-2.0 */
/* From one layout to another. The host defines how the number of an element is taken apart (DECODE) and where an index
 * lies in both layouts (src_OFFSET, dst_OFFSET, with strides from src_STRIDES, dst_STRIDES). */
#include "types.clh"

#define ARGUMENTS \
    __global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, long d0, long d1, long d2, long d3, long d4, \
        long d5, long d6, long d7, long src_stride0, long dst_stride0, long count

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
