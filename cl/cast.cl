/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of one type as another. */
#include "types.clh"

__kernel void cast_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, long chunk) {
    long begin = (long)get_global_id(0) * chunk, end = min(begin + chunk, count);
    for (long i = begin; i < end; i++)
        STORE(Z0, z, z_off + i, LOAD(A0, x, x_off + i));
}
