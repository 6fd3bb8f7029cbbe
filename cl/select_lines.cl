/* SPDX-License-Identifier: Apache-2.0 */
/* The k first of lines of `size` elements at distances `inner`, in order, a line a work-item. FEW: the best so far are kept, at most so
 * many; else a merge sort of their numbers, in 2 * size ints a line. NaN is above all numbers; of equals the first one comes first. */
#include "types.clh"

#define ABOVE(a, b) ((a) > (b) || ((a) != (a) && (b) == (b)))
#ifdef MIN
#define BEFORE(a, b) ABOVE(b, a)
#else
#define BEFORE(a, b) ABOVE(a, b)
#endif

__kernel void top_k_lines(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, __global TYPE(Z1) *zi, long zi_off,
                          __global int *work, long work_off, long items, long size, long inner, long k) {
    long line = get_global_id(0), to = line / inner * k * inner + line % inner;
    if (line >= items)
        return;
    x += x_off + line / inner * size * inner + line % inner;
#ifdef FEW
    COMPUTE(A0) best[FEW];
    long at[FEW], count = 0;
    for (long j = 0; j < size; j++) {
        COMPUTE(A0) a = LOAD(A0, x, j * inner);
        if (count == k && !BEFORE(a, best[k - 1]))
            continue;
        count += count < k;
        long p = count - 1;
        for (; p > 0 && BEFORE(a, best[p - 1]); p--) {
            best[p] = best[p - 1];
            at[p] = at[p - 1];
        }
        best[p] = a;
        at[p] = j;
    }
    for (long i = 0; i < k; i++) {
        STORE(Z0, z, z_off + to + i * inner, best[i]);
        STORE(Z1, zi, zi_off + to + i * inner, at[i]);
    }
#else
    __global int *from = work + work_off + line * 2 * size, *sorted = from + size;
    for (int i = 0; i < size; i++)
        from[i] = i;
    for (long width = 1; width < size; width *= 2) {
        for (long begin = 0; begin < size; begin += 2 * width) {
            long a = begin, middle = min(begin + width, size), b = middle, end = min(begin + 2 * width, size);
            for (long i = begin; i < end; i++) {
                bool second = a == middle;
                if (a < middle && b < end)
                    second = BEFORE(LOAD(A0, x, from[b] * inner), LOAD(A0, x, from[a] * inner));
                sorted[i] = second ? from[b++] : from[a++];
            }
        }
        __global int *other = from;
        from = sorted;
        sorted = other;
    }
    for (long i = 0; i < k; i++) {
        STORE(Z0, z, z_off + to + i * inner, LOAD(A0, x, from[i] * inner));
        STORE(Z1, zi, zi_off + to + i * inner, from[i]);
    }
#endif
}
