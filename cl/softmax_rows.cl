/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax, log-softmax and their gradients along the last axis: `together` rows a work-item. */
#include "types.clh"
#define VEC 16
#include "vec.clh"
#include "softmax.clh"

#define ROWS \
    for (long r = get_global_id(0) * together, end = min(r + together, rows); r < end; r++)

#ifndef A1
__kernel void softmax(__global const TYPE(A0) *x_all, long x_off, __global TYPE(Z0) *z_all, long z_off, long rows, long size,
                      long together) {
    ROWS {
        __global const TYPE(A0) *x = x_all + x_off + r * size;
        __global TYPE(Z0) *z = z_all + z_off + r * size;
        LARGEST(A0, x, size);
        SUM_OF_EXP(A0, x, size);
        EACH_VECTOR(A0, x, size, 0, PUT(Z0, z, size, exp(v - largest) / sum))
    }
}

__kernel void log_softmax(__global const TYPE(A0) *x_all, long x_off, __global TYPE(Z0) *z_all, long z_off, long rows,
                          long size, long together) {
    ROWS {
        __global const TYPE(A0) *x = x_all + x_off + r * size;
        __global TYPE(Z0) *z = z_all + z_off + r * size;
        LARGEST(A0, x, size);
        SUM_OF_EXP(A0, x, size);
        const float lost = log(sum);
        EACH_VECTOR(A0, x, size, 0, PUT(Z0, z, size, v - largest - lost))
    }
}
#else
/* The vector of operand 1 that belongs to v. */
#define OTHER (i + 16 <= size ? VLOAD(A1, d, i) : SOME(A1, d + i, (int)(size - i), 0.0f))

__kernel void softmax_bwd(__global const TYPE(A0) *x_all, long x_off, __global const TYPE(A1) *d_all, long d_off,
                          __global TYPE(Z0) *z_all, long z_off, long rows, long size, long together) {
    ROWS {
        __global const TYPE(A0) *x = x_all + x_off + r * size;
        __global const TYPE(A1) *d = d_all + d_off + r * size;
        __global TYPE(Z0) *z = z_all + z_off + r * size;
        float16 sum16 = 0, part16 = 0;
        EACH_VECTOR(A0, x, size, 0.0f, ADD(sum16, part16, v * OTHER))
        const float sum = SUMV(sum16 + part16);
        EACH_VECTOR(A0, x, size, 0.0f, PUT(Z0, z, size, v * (OTHER - sum)))
    }
}

__kernel void log_softmax_bwd(__global const TYPE(A0) *x_all, long x_off, __global const TYPE(A1) *d_all, long d_off,
                              __global TYPE(Z0) *z_all, long z_off, long rows, long size, long together) {
    ROWS {
        __global const TYPE(A0) *x = x_all + x_off + r * size;
        __global const TYPE(A1) *d = d_all + d_off + r * size;
        __global TYPE(Z0) *z = z_all + z_off + r * size;
        float16 sum16 = 0, part16 = 0;
        EACH_VECTOR(A1, d, size, 0.0f, ADD(sum16, part16, v))
        const float sum = SUMV(sum16 + part16);
        EACH_VECTOR(A0, x, size, 0.0f, PUT(Z0, z, size, OTHER - exp(v) * sum))
    }
}
#endif
