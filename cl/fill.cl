// SPDX-License-Identifier: Apache-2.0
// Fills buffers with a value or with random numbers.
#include "random.clh"

kernel void fill_value(global float *dst, ulong count, float value) {
    size_t i = get_global_id(0);
    if (i < count)
        dst[i] = value;
}

kernel void fill_bits(global uint *dst, ulong count, ulong seed, ulong stream) {
    size_t i = get_global_id(0);
    if (i < count)
        dst[i] = oc_philox(seed, stream, i).s0;
}

kernel void fill_uniform(global float *dst, ulong count, ulong seed, ulong stream, float low, float high) {
    size_t i = get_global_id(0);
    if (i < count)
        dst[i] = low + (high - low) * oc_random_uniform(seed, stream, i);
}
