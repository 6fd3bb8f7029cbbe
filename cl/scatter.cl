/* SPDX-License-Identifier: Apache-2.0 */
/* Updates SET, ADD(ed), MUL(tiplied) … to places that indices of type A1 stand for. A work-item takes those updates that may meet. */
#include "types.clh"
#include "axes.clh"
#include "index.clh"

#if defined(ADD)
#define JOIN(a, b) ((a) + (b))
#elif defined(MUL)
#define JOIN(a, b) ((a) * (b))
#elif defined(MAX)
#define JOIN(a, b) ((a) >= (b) || (a) != (a) ? (a) : (b))
#elif defined(MIN)
#define JOIN(a, b) ((a) <= (b) || (a) != (a) ? (a) : (b))
#else
#define JOIN(a, b) (b)
#endif

__kernel void scatter_ref(__global const TYPE(A1) *idx, long idx_off, __global const TYPE(A0) *u, long u_off,
                          __global TYPE(A0) *z, long z_off, long lanes, long walk, AXES(lane), AXES(lu), AXES(li), AXES(lz),
                          AXES(seq), AXES(su), AXES(si), AXES(sz), int components, AXES(limit), AXES(stride)) {
    long i = get_global_id(0);
    if (i >= lanes)
        return;
    idx += idx_off + axes_at(i, PACK(lane), PACK(li));
    u += u_off + axes_at(i, PACK(lane), PACK(lu));
    z += z_off + axes_at(i, PACK(lane), PACK(lz));
    for (long k = 0; k < walk; k++) {
        long at = index_place(idx + axes_at(k, PACK(seq), PACK(si)), components, PACK(limit), PACK(stride));
        at += axes_at(k, PACK(seq), PACK(sz));
        COMPUTE(A0) old = LOAD(A0, z, at), update = LOAD(A0, u, axes_at(k, PACK(seq), PACK(su)));
        STORE(A0, z, at, JOIN(old, update));
    }
}
