/* SPDX-License-Identifier: Apache-2.0 */
/* Element i of a stream: uniform in [from, from + span), or of mean `from` and deviation `span`. */
#include "types.clh"
#include "random.clh"

__kernel void random_uniform(__global const long *counter, long counter_off, __global TYPE(Z0) *z, long z_off, long count,
                             long stream, float from, float span) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const ulong mixed = (ulong)stream * 0x9e3779b97f4a7c15UL + (ulong)counter[counter_off + 1];
    STORE(Z0, z, z_off + i, MULADD(oc_random_uniform((ulong)counter[counter_off], mixed, (ulong)i), span, from));
}

/* Box and Muller, 1958. */
__kernel void random_normal(__global const long *counter, long counter_off, __global TYPE(Z0) *z, long z_off, long count,
                            long stream, float from, float span) {
    const long i = get_global_id(0);
    if (i >= count)
        return;
    const ulong mixed = (ulong)stream * 0x9e3779b97f4a7c15UL + (ulong)counter[counter_off + 1];
    const uint4 bits = oc_philox((ulong)counter[counter_off], mixed, (ulong)i);
    const bool high = bits.s0 >= 0x80000000u; /* close to 1 the distance from 1 is known better */
    const float u = ((float)(high ? ~bits.s0 : bits.s0) + 0.5f) * 0x1p-32f;
    const float radius = sqrt(-2.0f * (high ? log1p(-u) : log(u)));
    STORE(Z0, z, z_off + i, MULADD(radius * cos((float)bits.s1 * 0x1.921fb6p-30f), span, from));
}
