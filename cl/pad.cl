/* SPDX-License-Identifier: Apache-2.0 */
/* Padding, an element a work-item: the reference; ELEMENT (an integer of its size): by rows. MODE 0: value; 1: reflected; 2: the edge
 * repeated; 3: from the other end. */
#include "types.clh"
#include "axes.clh"

/* Where an index along an axis of `from` elements comes from; out of 0 ... from - 1: from nowhere. */
static long source_of(long index, long from) {
#if MODE == 1
    index = index < 0 ? -index : index >= from ? 2 * (from - 1) - index : index;
#elif MODE == 2
    index = clamp(index, 0L, from - 1);
#elif MODE == 3
    index = (index % from + from) % from;
#endif
    return index;
}

/* Takes the last index from i and adds to `at` where it comes from; clears `inside` if from nowhere. */
#define AXIS(k) \
    { \
        long index = source_of(i % size##k - begin##k, from##k); \
        i /= size##k; \
        inside = inside && index >= 0 && index < from##k; \
        at += index * stride; \
        stride *= from##k; \
    }

#define OUTER_AXES AXIS(6) AXIS(5) AXIS(4) AXIS(3) AXIS(2) AXIS(1) AXIS(0)

#ifdef ELEMENT
__kernel void pad_rows(__global const ELEMENT *x, long x_off, __global ELEMENT *z, long z_off, long rows, long run, long together,
                       long piece, AXES(size), AXES(from), AXES(begin)) {
    long left = get_global_id(0) * piece, right = min(left + piece, run), first = get_global_id(1) * together;
    for (long r = first; r < min(first + together, rows); r++) {
        long i = r, at = 0, stride = from7, k = left;
        bool inside = true;
        OUTER_AXES
        __global const ELEMENT *px = x + x_off + at;
        __global ELEMENT *pz = z + z_off + r * run;
        for (; k < right && k < begin7; k++)
            pz[k] = px[source_of(k - begin7, from7)];
        for (; k + 16 <= right && k + 16 <= begin7 + from7; k += 16)
            vstore16(vload16(0, px + k - begin7), 0, pz + k);
        for (; k < right; k++)
            pz[k] = px[source_of(k - begin7, from7)];
    }
}
#else
__kernel void pad_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long count, float value,
                      AXES(size), AXES(from), AXES(begin)) {
    long i = get_global_id(0), at = 0, stride = 1;
    bool inside = true;
    if (i >= count)
        return;
    z += z_off + i;
    AXIS(7)
    OUTER_AXES
    STORE(Z0, z, 0, inside ? LOAD(A0, x, x_off + at) : (COMPUTE(A0))value);
}
#endif
