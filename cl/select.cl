/* SPDX-License-Identifier: Apache-2.0 */
/* Along lines of `size` elements at distances `inner`: ARG where the largest (MIN: the smallest) is, TOP the k first in order, SUM of
 * all up to each. NaN is above all numbers; MIN finds it first nevertheless. */
#include "types.clh"

#define ABOVE(a, b) ((a) > (b) || ((a) != (a) && (b) == (b)))
#define BELOW(a, b) ((a) < (b) || ((a) != (a) && (b) == (b)))

#ifdef ARG
#ifdef MIN
#define BETTER BELOW
#else
#define BETTER ABOVE
#endif
__kernel void arg_reduce_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long items, long size,
                             long inner, long last) {
    long l = get_global_id(0), best = 0;
    if (l >= items)
        return;
    x += x_off + l / inner * size * inner + l % inner;
    COMPUTE(A0) b = LOAD(A0, x, 0);
    for (long k = 1; k < size; k++) {
        COMPUTE(A0) a = LOAD(A0, x, k * inner);
        bool same = a == b || (a != a && b != b);
        if (BETTER(a, b) || (last && same)) {
            best = k;
            b = a;
        }
    }
    STORE(Z0, z, z_off + l, best);
}
#endif

#ifdef TOP
#ifdef MIN
#define BEFORE(a, b) ABOVE(b, a)
#else
#define BEFORE(a, b) ABOVE(a, b)
#endif
/* An element a work-item: its place is the number of those before it. */
__kernel void top_k_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, __global TYPE(Z1) *zi,
                        long zi_off, long items, long size, long inner, long k) {
    long item = get_global_id(0);
    if (item >= items)
        return;
    long i = item / inner % size, outer = item / inner / size, rank = 0;
    x += x_off + outer * size * inner + item % inner;
    COMPUTE(A0) b = LOAD(A0, x, i * inner);
    for (long j = 0; j < size; j++) {
        COMPUTE(A0) a = LOAD(A0, x, j * inner);
        rank += BEFORE(a, b) || (!BEFORE(b, a) && j < i) ? 1 : 0;
    }
    if (rank >= k)
        return;
    long to = (outer * k + rank) * inner + item % inner;
    STORE(Z0, z, z_off + to, b);
    STORE(Z1, zi, zi_off + to, i);
}
#endif

#ifdef SUM
__kernel void cumulative_sum_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long items, long size,
                                 long inner, long exclusive) {
    long l = get_global_id(0), from = l / inner * size * inner + l % inner;
    if (l >= items)
        return;
    COMPUTE(A0) sum = 0;
    for (long k = 0; k < size; k++) {
#ifdef REVERSE
        long at = from + (size - 1 - k) * inner;
#else
        long at = from + k * inner;
#endif
        COMPUTE(A0) next = sum + LOAD(A0, x, x_off + at);
        STORE(Z0, z, z_off + at, exclusive ? sum : next);
        sum = next;
    }
}
#endif
