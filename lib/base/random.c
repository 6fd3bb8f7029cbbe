/* SPDX-License-Identifier: Apache-2.0 */
/* Philox 4x32-10: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011). */
#include "base/base.h"

#include <math.h>

void oc__philox(uint32_t out[4], uint64_t key, uint64_t counter_high, uint64_t counter_low) {
    uint32_t c0 = (uint32_t)counter_low, c1 = (uint32_t)(counter_low >> 32);
    uint32_t c2 = (uint32_t)counter_high, c3 = (uint32_t)(counter_high >> 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xd2511f53u * c0, p1 = (uint64_t)0xcd9e8d57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c0 = n0;
        c1 = (uint32_t)p1;
        c2 = n2;
        c3 = (uint32_t)p0;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

float oc__random_uniform(uint64_t seed, uint64_t stream, uint64_t index) {
    uint32_t out[4];
    oc__philox(out, seed, stream, index);
    return (float)(out[0] >> 8) * 0x1p-24f;
}

float oc__random_normal(uint64_t seed, uint64_t stream, uint64_t index) {
    uint32_t out[4];
    oc__philox(out, seed, stream, index);
    double radius = sqrt(-2.0 * log(((double)out[0] + 0.5) * 0x1p-32));
    return (float)(radius * cos(6.283185307179586 * (double)out[1] * 0x1p-32));
}
