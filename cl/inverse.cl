/* SPDX-License-Identifier: Apache-2.0 */
/* A column of the inverse of a matrix of n rows: a work-item each, in n * (n + 1) elements of `room`. */
#include "types.clh"

__kernel void inverse(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, __global COMPUTE(A0) *room,
                      long room_off, long items, long n) {
    const long item = get_global_id(0), w = n + 1, column = item % n;
    if (item >= items)
        return;
    __global COMPUTE(A0) *a = room + room_off + item * n * w;
    x += x_off + item / n * n * n;
    for (long i = 0; i < n; i++)
        for (long j = 0; j < w; j++)
            a[i * w + j] = j < n ? LOAD(A0, x, i * n + j) : i == column ? 1 : 0;
    for (long k = 0; k < n; k++) {
        long pivot = k;
        for (long i = k + 1; i < n; i++)
            pivot = fabs(a[i * w + k]) > fabs(a[pivot * w + k]) ? i : pivot;
        for (long j = k; j < w && pivot != k; j++) {
            const COMPUTE(A0) other = a[k * w + j];
            a[k * w + j] = a[pivot * w + j];
            a[pivot * w + j] = other;
        }
        for (long i = k + 1; i < n; i++) {
            const COMPUTE(A0) factor = a[i * w + k] / a[k * w + k];
            for (long j = k + 1; j < w; j++)
                a[i * w + j] -= factor * a[k * w + j];
        }
    }
    for (long k = n - 1; k >= 0; k--) {
        COMPUTE(A0) sum = a[k * w + n];
        for (long j = k + 1; j < n; j++)
            sum -= a[k * w + j] * a[j * w + n];
        a[k * w + n] = sum / a[k * w + k];
        STORE(Z0, z, z_off + (item / n * n + k) * n + column, a[k * w + n]);
    }
}
