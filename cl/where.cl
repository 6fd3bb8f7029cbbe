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

#ifdef C_STEP
__kernel void where_rows(__global const uchar *c, long c_off, __global const ELEMENT *x, long x_off, __global const ELEMENT *y,
                         long y_off, __global ELEMENT *z, long z_off, long rows, long run, long together, long piece, AXES(size),
                         AXES(cs), AXES(xs), AXES(ys)) {
    long begin = get_global_id(0) * piece, first = get_global_id(1) * together, last = min(first + together, rows);
    int n = (int)min(piece, run - begin);
    for (long r = first; r < last; r++) {
        __global const uchar *pc = c + c_off + AT(r, PACK(size), PACK(cs)) + begin * C_STEP;
        __global const ELEMENT *px = x + x_off + AT(r, PACK(size), PACK(xs)) + begin * X_STEP;
        __global const ELEMENT *py = y + y_off + AT(r, PACK(size), PACK(ys)) + begin * Y_STEP;
        __global ELEMENT *pz = z + z_off + r * run + begin;
        for (int i = 0; i < n; i++) {
            ELEMENT one = px[i * X_STEP], other = py[i * Y_STEP];
            pz[i] = pc[i * C_STEP] ? one : other;
        }
    }
}
#endif
