/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout by vectors of 16: the same numbers as dropout.cl. */
#include "types.clh"
#define VEC 16
#include "vec.clh"
#include "random.clh"

/* Philox 4x32-10's first word, as 24 bits in [0, 1), for indices first … first + 15 of a stream. */
static float16 uniform16(ulong seed, ulong stream, ulong first) {
    ulong16 index = first + convert_ulong16(LANES);
    uint16 c0 = convert_uint16(index & 0xffffffffUL), c1 = convert_uint16(index >> 32);
    uint16 c2 = (uint)stream, c3 = (uint)(stream >> 32);
    uint k0 = (uint)seed, k1 = (uint)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint16 n0 = mul_hi((uint16)0xcd9e8d57u, c2) ^ c1 ^ k0, n1 = 0xcd9e8d57u * c2;
        uint16 n2 = mul_hi((uint16)0xd2511f53u, c0) ^ c3 ^ k1, n3 = 0xd2511f53u * c0;
        c0 = n0;
        c1 = n1;
        c2 = n2;
        c3 = n3;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    return convert_float16(c0 >> 8) * 0x1p-24f;
}

__kernel void dropout_vectors(__global const TYPE(A0) *x, long x_off, __global const long *counter, long counter_off,
                              __global TYPE(Z0) *z, long z_off, long count, long chunk, long stream, float ratio,
                              float factor) {
    long i = (long)get_global_id(0) * chunk, end = min(i + chunk, count);
    ulong seed = (ulong)counter[counter_off];
    ulong mixed = (ulong)stream * 0x9e3779b97f4a7c15UL + (ulong)counter[counter_off + 1];
    x += x_off;
    z += z_off;
    for (; i + 16 <= end; i += 16) {
        float16 v = VLOAD(A0, x, i) * factor;
        VSTORE(Z0, z, i, uniform16(seed, mixed, (ulong)i) >= ratio ? v : 0.0f);
    }
    for (; i < end; i++)
        STORE(Z0, z, i, oc_random_uniform(seed, mixed, (ulong)i) >= ratio ? LOAD(A0, x, i) * factor : 0.0f);
}
