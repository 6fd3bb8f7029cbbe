/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout: element i of the run is kept if its random number is at least `ratio`, and multiplied by `factor` then. */
#include "types.clh"
#include "random.clh"

__kernel void dropout_ref(__global const TYPE(A0) *x, long x_off, __global const long *counter, long counter_off,
                          __global TYPE(Z0) *z, long z_off, long count, long chunk, long stream, float ratio, float factor) {
    long begin = (long)get_global_id(0) * chunk, end = min(begin + chunk, count);
    ulong seed = (ulong)counter[counter_off];
    ulong mixed = (ulong)stream * 0x9e3779b97f4a7c15UL + (ulong)counter[counter_off + 1];
    for (long i = begin; i < end; i++) {
        bool kept = oc_random_uniform(seed, mixed, (ulong)i) >= ratio;
        STORE(Z0, z, z_off + i, kept ? LOAD(A0, x, x_off + i) * factor : 0.0f);
    }
}
