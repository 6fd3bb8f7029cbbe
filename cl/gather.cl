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

#ifdef ROWS
#ifdef SINGLE
#define PLACE(p) \
    { \
        TYPE(A1) own = *(p); \
        long index = own < 0 ? limit7 - (long)(-own) : (long)own; \
        place = clamp(index, 0L, limit7 - 1) * stride7; \
    }
#else
#define PLACE(p) place = index_place(p, components, PACK(limit), PACK(stride));
#endif
__kernel void gather_rows(__global const ELEMENT *x, long x_off, __global const TYPE(A1) *idx, long idx_off, __global ELEMENT *z,
                          long z_off, long rows, long run, long together, long piece, AXES(size), AXES(xs), AXES(is), long x_step,
                          long i_step, int components, AXES(limit), AXES(stride)) {
    long begin = get_global_id(0) * piece, first = get_global_id(1) * together, last = min(first + together, rows), place;
    int n = (int)min(piece, run - begin), i = 0;
    for (long r = first; r < last; r++, i = 0) {
        __global const ELEMENT *px = x + x_off + AT(r, PACK(size), PACK(xs)) + begin * x_step;
        __global const TYPE(A1) *pi = idx + idx_off + AT(r, PACK(size), PACK(is)) + begin * i_step;
        __global ELEMENT *pz = z + z_off + r * run + begin;
        if (i_step == 0) {
            PLACE(pi)
            px += place;
            for (; x_step == 1 && i + 16 <= n; i += 16)
                vstore16(vload16(0, px + i), 0, pz + i);
            for (; i < n; i++)
                pz[i] = px[i * x_step];
        }
        for (; i < n; i++) {
            PLACE(pi + i * i_step)
            pz[i] = px[i * x_step + place];
        }
    }
}
#endif
