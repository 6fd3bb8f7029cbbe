/* SPDX-License-Identifier: Apache-2.0 */
/* A place of a new axis of `depth` holds v[1] where an index says so, v[0] elsewhere: an element a work-item. */
#include "types.clh"

__kernel void one_hot_ref(__global const TYPE(A0) *idx, long idx_off, __global const TYPE(A1) *v, long v_off, __global TYPE(Z0) *z,
                          long z_off, long count, long depth, long inner) {
    long i = get_global_id(0);
    if (i >= count)
        return;
    COMPUTE(A0) index = LOAD(A0, idx, idx_off + i / inner / depth * inner + i % inner);
    long at = i / inner % depth;
    bool hot = index == (COMPUTE(A0))at || (index < 0 && index + (COMPUTE(A0))depth == (COMPUTE(A0))at);
    STORE(Z0, z, z_off + i, LOAD(A1, v, v_off + (hot ? 1 : 0)));
}
