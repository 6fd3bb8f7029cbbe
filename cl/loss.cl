/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-entropy of softmax along the last axis and its gradient, a sample a work-item. Labels are CLASSES or probabilities. */
#include "types.clh"
#include "each.clh"

#define EVERY 127 /* a partial sum of so many, and one more */

static float largest_of(__global const TYPE(A0) *x, long classes) {
    float largest = -INFINITY;
    EACH(c, classes)
        largest = fmax(largest, LOAD(A0, x, c));
    return largest;
}

static float sum_of_exp(__global const TYPE(A0) *x, float largest, long classes) {
    float sum = 0, part = 0;
    EACH(c, classes) {
        part += exp(LOAD(A0, x, c) - largest);
        if ((c & EVERY) == EVERY) {
            sum += part;
            part = 0;
        }
    }
    return sum + part;
}

#ifndef A2
__kernel void cross_entropy(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *labels, long labels_off,
                            __global TYPE(Z0) *z, long z_off, long samples, long classes) {
    long n = get_global_id(0);
    if (n >= samples)
        return;
    x += x_off + n * classes;
    float largest = largest_of(x, classes), lost = log(sum_of_exp(x, largest, classes)), loss = 0;
#ifdef CLASSES
    long label = LOAD(A1, labels, labels_off + n);
    loss = label >= 0 && label < classes ? lost - (LOAD(A0, x, label) - largest) : NAN;
#else
    float part = 0;
    labels += labels_off + n * classes;
    EACH(c, classes) {
        part = MULADD(LOAD(A1, labels, c), lost - (LOAD(A0, x, c) - largest), part);
        if ((c & EVERY) == EVERY) {
            loss += part;
            part = 0;
        }
    }
    loss += part;
#endif
    STORE(Z0, z, z_off + n, loss);
}
#else
__kernel void cross_entropy_bwd(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *labels, long labels_off,
                                __global const TYPE(A2) *d, long d_off, __global TYPE(Z0) *z, long z_off, long samples,
                                long classes) {
    long n = get_global_id(0);
    if (n >= samples)
        return;
    x += x_off + n * classes;
    z += z_off + n * classes;
    float largest = largest_of(x, classes), sum = sum_of_exp(x, largest, classes), diff = LOAD(A2, d, d_off + n), weight = 0;
#ifdef CLASSES
    long label = LOAD(A1, labels, labels_off + n);
    weight = label >= 0 && label < classes ? 1.0f : NAN;
#else
    float part = 0;
    labels += labels_off + n * classes;
    EACH(c, classes) {
        part += LOAD(A1, labels, c);
        if ((c & EVERY) == EVERY) {
            weight += part;
            part = 0;
        }
    }
    weight += part;
#endif
    EACH(c, classes) {
#ifdef CLASSES
        float wanted = c == label ? 1.0f : 0.0f;
#else
        float wanted = LOAD(A1, labels, c);
#endif
        STORE(Z0, z, c, diff * (exp(LOAD(A0, x, c) - largest) / sum * weight - wanted));
    }
}
#endif
