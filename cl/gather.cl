/* SPDX-License-Identifier: Apache-2.0 */
/* Elements (integers of their size) from places that indices of type A1 stand for, an element a work-item. */
#include "types.clh"
#include "axes.clh"
#include "index.clh"

__kernel void gather_ref(__global const ELEMENT *x, long x_off, __global const TYPE(A1) *idx, long idx_off, __global ELEMENT *z,
                         long z_off, long count, AXES(size), AXES(xs), AXES(is), int components, AXES(limit), AXES(stride)) {
    long i = get_global_id(0);
    if (i >= count)
        return;
    idx += idx_off + axes_at(i, PACK(size), PACK(is));
    x += x_off + axes_at(i, PACK(size), PACK(xs));
    z[z_off + i] = x[index_place(idx, components, PACK(limit), PACK(stride))];
}
