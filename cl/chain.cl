/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions one after the other. The host defines PARAMETERS and ADVANCE of the operands p0 …, OPERANDS_OF, which loads
 * them into r0 …, STEPS and RESULT, and VEC. */
#include "types.clh"
#include "vec.clh"

#define VECTOR(p) VLOAD(f32, p, i)
#define ELEMENT(p) p[i]

__kernel void chain_flat(PARAMETERS __global float *z, long z_off, long count, int chunk) {
    const long begin = (long)get_global_id(0) * chunk;
    if (begin >= count)
        return;
    const int n = (int)min((long)chunk, count - begin);
    int i = 0;
    ADVANCE(begin)
    z += z_off + begin;
    for (; i + VEC <= n; i += VEC) {
        OPERANDS_OF(FLOATV, VECTOR)
        STEPS(FLOATV)
        VSTORE(f32, z, i, RESULT);
    }
    for (; i < n; i++) {
        OPERANDS_OF(float, ELEMENT)
        STEPS(float)
        z[i] = RESULT;
    }
}

#if VEC > 1
/* Rows of `run` elements, each of a block of VEC channels. */
__kernel void chain_blocks(PARAMETERS __global float *z, long z_off, long run, long blocks, long channels) {
    const long row = get_global_id(0);
    const INTV keep = LANES < (INTV)(int)min(channels - row % blocks * VEC, (long)VEC);
    ADVANCE(row * run)
    z += z_off + row * run;
    for (long i = 0; i < run; i += VEC) {
        OPERANDS_OF(FLOATV, VECTOR)
        STEPS(FLOATV)
        VSTORE(f32, z, i, keep ? RESULT : (FLOATV)0.0f);
    }
}
#endif
