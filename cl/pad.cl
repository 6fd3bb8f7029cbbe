/* SPDX-License-Identifier: Apache-2.0 */
/* Padding, an element a work-item: the reference. MODE 0: value; 1: reflected; 2: the edge repeated; 3: from the other end. */
#include "types.clh"
#include "axes.clh"

/* Takes the last index from i and adds to `at` where it comes from; clears `inside` if from nowhere. */
#define AXIS(k) \
    { \
        long index = i % size##k - begin##k; \
        i /= size##k; \
        if (MODE == 1) \
            index = index < 0 ? -index : index >= from##k ? 2 * (from##k - 1) - index : index; \
        if (MODE == 2) \
            index = clamp(index, 0L, from##k - 1); \
        if (MODE == 3) \
            index = (index % from##k + from##k) % from##k; \
        inside = inside && index >= 0 && index < from##k; \
        at += index * stride; \
        stride *= from##k; \
    }

__kernel void pad_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, float value,
                      AXES(size), AXES(from), AXES(begin)) {
    long i = get_global_id(0), at = 0, stride = 1;
    bool inside = true;
    if (i >= count)
        return;
    z += z_off + i;
    AXIS(7)
    AXIS(6)
    AXIS(5)
    AXIS(4)
    AXIS(3)
    AXIS(2)
    AXIS(1)
    AXIS(0)
    STORE(Z0, z, 0, inside ? LOAD(A0, x, x_off + at) : (COMPUTE(A0))value);
}
