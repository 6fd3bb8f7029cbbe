/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of one type as another; VECTORS: both are floating-point. */
#include "types.clh"

#ifdef VECTORS
#define VEC 16
#include "vec.clh"

__kernel void cast_vectors(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, long chunk) {
    long i = (long)get_global_id(0) * chunk, end = min(i + chunk, count);
    x += x_off;
    z += z_off;
    for (; i + 16 <= end; i += 16)
        VSTORE(Z0, z, i, VLOAD(A0, x, i));
    for (; i < end; i++)
        STORE(Z0, z, i, LOAD(A0, x, i));
}
#else
__kernel void cast_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, long chunk) {
    long begin = (long)get_global_id(0) * chunk, end = min(begin + chunk, count);
    for (long i = begin; i < end; i++)
        STORE(Z0, z, z_off + i, LOAD(A0, x, x_off + i));
}
#endif
