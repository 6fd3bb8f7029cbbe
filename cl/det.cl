/* SPDX-License-Identifier: Apache-2.0 */
/* The determinant of a matrix of n rows, or (MINORS) a cofactor of it: a work-item each, in n * n elements of `room`. */
#include "types.clh"

__kernel void det(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, __global COMPUTE(A0) *room,
                  long room_off, long items, long n) {
    const long item = get_global_id(0), size = MINORS ? n - 1 : n;
    if (item >= items)
        return;
    const long matrix = MINORS ? item / (n * n) : item, row = MINORS ? item / n % n : n, column = MINORS ? item % n : n;
    __global COMPUTE(A0) *a = room + room_off + item * n * n;
    COMPUTE(A0) result = (row + column) % 2 != 0 && MINORS ? -1 : 1;
    x += x_off + matrix * n * n;
    for (long i = 0; i < size; i++)
        for (long j = 0; j < size; j++)
            a[i * size + j] = LOAD(A0, x, (i + (i >= row ? 1 : 0)) * n + j + (j >= column ? 1 : 0));
    for (long k = 0; k < size; k++) {
        long pivot = k;
        for (long i = k + 1; i < size; i++)
            pivot = fabs(a[i * size + k]) > fabs(a[pivot * size + k]) ? i : pivot;
        const COMPUTE(A0) top = a[pivot * size + k];
        result *= pivot != k ? -top : top;
        if (top == 0)
            break;
        for (long j = k; j < size && pivot != k; j++) {
            const COMPUTE(A0) other = a[k * size + j];
            a[k * size + j] = a[pivot * size + j];
            a[pivot * size + j] = other;
        }
        for (long i = k + 1; i < size; i++) {
            const COMPUTE(A0) factor = a[i * size + k] / top;
            for (long j = k + 1; j < size; j++)
                a[i * size + j] -= factor * a[k * size + j];
        }
    }
    STORE(Z0, z, z_off + item, result);
}
