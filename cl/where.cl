/* SPDX-License-Identifier: Apache-2.0 */
/* A choice between two, an element (an integer of its size) a work-item. */
#include "types.clh"
#include "axes.clh"

__kernel void where_ref(__global const uchar *c, long c_off, __global const ELEMENT *x, long x_off, __global const ELEMENT *y,
                        long y_off, __global ELEMENT *z, long z_off, long count, AXES(size), AXES(cs), AXES(xs), AXES(ys)) {
    long i = get_global_id(0);
    if (i >= count)
        return;
    bool first = c[c_off + axes_at(i, PACK(size), PACK(cs))] != 0;
    z[z_off + i] = first ? x[x_off + axes_at(i, PACK(size), PACK(xs))] : y[y_off + axes_at(i, PACK(size), PACK(ys))];
}
