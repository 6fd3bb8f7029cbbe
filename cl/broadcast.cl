/* SPDX-License-Identifier: Apache-2.0 */
/* An operand repeated along any axes, an element a work-item. */
#include "types.clh"
#include "axes.clh"

__kernel void broadcast_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, float times,
                            AXES(size), AXES(stride)) {
    size_t i = get_global_id(0);
    if (i >= (size_t)count)
        return;
    COMPUTE(A0) v = LOAD(A0, x, x_off + axes_at(i, PACK(size), PACK(stride)));
#ifdef MEAN
    v = v / times;
#endif
    STORE(Z0, z, z_off + i, v);
}
