/* SPDX-License-Identifier: Apache-2.0 */
/* Slices along an axis: the first one that is equal to each (first), its place among those that are the first of their kind (place),
 * and lists made of both. NaN is equal to NaN, and above all numbers. */
#include "types.clh"

static int compare(COMPUTE(A0) a, COMPUTE(A0) b) {
    if (a != a || b != b)
        return (a != a ? 1 : 0) - (b != b ? 1 : 0);
    return (a > b ? 1 : 0) - (a < b ? 1 : 0);
}

static int compare_slices(__global const TYPE(A0) *x, long size, long outer, long inner, long a, long b) {
    int c = 0;
    for (long o = 0; o < outer && c == 0; o++)
        for (long i = 0; i < inner && c == 0; i++)
            c = compare(LOAD(A0, x, (o * size + a) * inner + i), LOAD(A0, x, (o * size + b) * inner + i));
    return c;
}

#define SLICES_KERNEL(name) \
    __kernel void name(__global const TYPE(A0) *x, long x_off, __global long *lists, long lists_off, long size, long outer, long inner)
#define LISTS_KERNEL(name) \
    __kernel void name(__global const long *lists, long lists_off, long size, __global long *z, long z_off, long items)

SLICES_KERNEL(unique_first) {
    const long i = get_global_id(0);
    long first = 0;
    if (i >= size)
        return;
    while (first < i && compare_slices(x + x_off, size, outer, inner, first, i) != 0)
        first++;
    lists[lists_off + i] = first;
}

SLICES_KERNEL(unique_place) {
    const long i = get_global_id(0);
    long place = 0;
    if (i >= size)
        return;
    lists += lists_off;
    for (long k = 0; k < size; k++)
        if (lists[k] == k)
#ifdef UNSORTED
            place += k < lists[i] ? 1 : 0;
#else
            place += compare_slices(x + x_off, size, outer, inner, k, i) < 0 ? 1 : 0;
#endif
    lists[size + i] = place;
}

LISTS_KERNEL(unique_indices) {
    const long j = get_global_id(0);
    long at = -1;
    if (j >= items)
        return;
    lists += lists_off;
    for (long i = 0; i < size && at < 0; i++)
        at = lists[size + i] == j ? i : -1;
    z[z_off + j] = at;
}

LISTS_KERNEL(unique_inverse) {
    const long i = get_global_id(0);
    if (i < items)
        z[z_off + i] = lists[lists_off + size + i];
}

LISTS_KERNEL(unique_counts) {
    const long j = get_global_id(0);
    long count = 0;
    if (j >= items)
        return;
    lists += lists_off;
    for (long i = 0; i < size; i++)
        count += lists[size + i] == j ? 1 : 0;
    z[z_off + j] = count > 0 ? count : -1;
}
