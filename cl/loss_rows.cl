/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of softmax along the last axis and its gradient: `together` samples a work-item. Labels are CLASSES or
 * probabilities. */
#include "types.clh"
#define VEC 16
#include "vec.clh"
#include "softmax.clh"

#define SAMPLES \
    for (long n = get_global_id(0) * together, end = min(n + together, samples); n < end; n++)
#define OTHER (i + 16 <= classes ? VLOAD(A1, wanted, i) : SOME(A1, wanted + i, (int)(classes - i), 0.0f))

#ifndef A2
__kernel void cross_entropy(__global const TYPE(A0) *x_all, long x_off, __global const TYPE(A1) *labels, long labels_off,
                            __global TYPE(Z0) *z, long z_off, long samples, long classes, long together) {
    SAMPLES {
        __global const TYPE(A0) *x = x_all + x_off + n * classes;
        LARGEST(A0, x, classes);
        SUM_OF_EXP(A0, x, classes);
        const float lost = log(sum);
#ifdef CLASSES
        long label = LOAD(A1, labels, labels_off + n);
        float loss = label >= 0 && label < classes ? lost - (LOAD(A0, x, label) - largest) : NAN;
#else
        __global const TYPE(A1) *wanted = labels + labels_off + n * classes;
        float16 loss16 = 0, some16 = 0;
        EACH_VECTOR(A0, x, classes, 0.0f, ADD(loss16, some16, OTHER * (lost - (v - largest))))
        float loss = SUMV(loss16 + some16);
#endif
        STORE(Z0, z, z_off + n, loss);
    }
}
#else
__kernel void cross_entropy_bwd(__global const TYPE(A0) *x_all, long x_off, __global const TYPE(A1) *labels, long labels_off,
                                __global const TYPE(A2) *d, long d_off, __global TYPE(Z0) *z_all, long z_off, long samples,
                                long classes, long together) {
    SAMPLES {
        __global const TYPE(A0) *x = x_all + x_off + n * classes;
        __global TYPE(Z0) *z = z_all + z_off + n * classes;
        const float diff = LOAD(A2, d, d_off + n);
        LARGEST(A0, x, classes);
        SUM_OF_EXP(A0, x, classes);
#ifdef CLASSES
        const long label = LOAD(A1, labels, labels_off + n);
        const float weight = label >= 0 && label < classes ? 1.0f : NAN;
        const int16 lanes = LANES;
        EACH_VECTOR(A0, x, classes, 0.0f, {
            int16 hit = lanes == (int16)((int)clamp(label - i, -1L, 16L));
            PUT(Z0, z, classes, diff * (exp(v - largest) / sum * weight - (hit ? 1.0f : 0.0f)))
        })
#else
        __global const TYPE(A1) *wanted = labels + labels_off + n * classes;
        float16 weight16 = 0, some16 = 0;
        EACH_VECTOR(A1, wanted, classes, 0.0f, ADD(weight16, some16, v))
        const float weight = SUMV(weight16 + some16);
        EACH_VECTOR(A0, x, classes, 0.0f, PUT(Z0, z, classes, diff * (exp(v - largest) / sum * weight - OTHER)))
#endif
    }
}
#endif
