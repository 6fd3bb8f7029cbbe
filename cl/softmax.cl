/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax, log-softmax and their gradients, a row a work-item. Rows lie as (outer, size, inner). */
#include "types.clh"
#include "each.clh"

static float largest_of(__global const TYPE(A0) *x, long size, long inner) {
    float largest = -INFINITY;
    EACH(k, size)
        largest = fmax(largest, LOAD(A0, x, k * inner));
    return largest;
}

static float sum_of_exp(__global const TYPE(A0) *x, float largest, long size, long inner) {
    float sum = 0, part = 0;
    EACH(k, size) {
        part += exp(LOAD(A0, x, k * inner) - largest);
        if ((k & 127) == 127) {
            sum += part;
            part = 0;
        }
    }
    return sum + part;
}

#define ROW \
    long r = get_global_id(0); \
    if (r >= rows) \
        return; \
    long at = r / inner * size * inner + r % inner; \
    x += x_off + at; \
    z += z_off + at

__kernel void softmax(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long rows, long size,
                      long inner) {
    ROW;
    float largest = largest_of(x, size, inner), sum = sum_of_exp(x, largest, size, inner);
    EACH(k, size)
        STORE(Z0, z, k * inner, exp(LOAD(A0, x, k * inner) - largest) / sum);
}

__kernel void log_softmax(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long rows, long size,
                          long inner) {
    ROW;
    float largest = largest_of(x, size, inner), lost = log(sum_of_exp(x, largest, size, inner));
    EACH(k, size)
        STORE(Z0, z, k * inner, LOAD(A0, x, k * inner) - largest - lost);
}

#ifdef A1
__kernel void softmax_bwd(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *d, long d_off, __global TYPE(Z0) *z,
                          long z_off, long rows, long size, long inner) {
    ROW;
    float sum = 0, part = 0;
    d += d_off + at;
    EACH(k, size) {
        part = MULADD(LOAD(A0, x, k * inner), LOAD(A1, d, k * inner), part);
        if ((k & 127) == 127) {
            sum += part;
            part = 0;
        }
    }
    sum += part;
    EACH(k, size)
        STORE(Z0, z, k * inner, LOAD(A0, x, k * inner) * (LOAD(A1, d, k * inner) - sum));
}

__kernel void log_softmax_bwd(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *d, long d_off,
                              __global TYPE(Z0) *z, long z_off, long rows, long size, long inner) {
    ROW;
    float sum = 0, part = 0;
    d += d_off + at;
    EACH(k, size) {
        part += LOAD(A1, d, k * inner);
        if ((k & 127) == 127) {
            sum += part;
            part = 0;
        }
    }
    sum += part;
    EACH(k, size)
        STORE(Z0, z, k * inner, LOAD(A1, d, k * inner) - exp(LOAD(A0, x, k * inner)) * sum);
}
#endif
