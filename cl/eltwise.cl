/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions with any broadcasting, an element a work-item: the reference. */
#include "types.clh"
#include "axes.clh"
#include "eltwise.clh"

__kernel void eltwise_ref(__global const TYPE(A0) *x, long x_off, Y_PARAMETER __global TYPE(Z0) *z, long z_off, long count,
                          PARAM a, PARAM b, AXES(size), AXES(xs), AXES(ys)) {
    size_t i = get_global_id(0);
    if (i >= (size_t)count)
        return;
    COMPUTE(A0) vx = LOAD(A0, x, x_off + axes_at(i, PACK(size), PACK(xs)));
#if OPERANDS == 2
    COMPUTE(A1) vy = LOAD(A1, y, y_off + axes_at(i, PACK(size), PACK(ys)));
#else
    COMPUTE(A0) vy = vx;
#endif
    STORE(Z0, z, z_off + i, EXPR(vx, vy, a, b));
}
