/* SPDX-License-Identifier: Apache-2.0 */
/* ZERO: the places of elements that are not 0. Else: boxes that overlap no better one. What is not found is -1. */
#include "types.clh"
#include "axes.clh"

#ifdef ZERO
/* The j-th one a work-item. */
__kernel void non_zero_ref(__global const TYPE(A0) *x, long x_off, __global long *z, long z_off, long total, long count, int rank,
                           AXES(size)) {
    long j = get_global_id(0), seen = 0, at = -1, sizes[8];
    if (j >= count)
        return;
    for (long i = 0; i < total && at < 0; i++) {
        seen += LOAD(A0, x, x_off + i) != 0;
        at = seen > j ? i : -1;
    }
    vstore8(PACK(size), 0, sizes);
    for (int k = rank - 1; k >= 0; k--) {
        long n = sizes[8 - rank + k];
        z[z_off + k * count + j] = at < 0 ? -1 : at % n;
        at = at < 0 ? -1 : at / n;
    }
}
#else
static float2 low_of(float4 b) {
#ifdef CENTER
    return b.lo - b.hi / 2.0f;
#else
    return fmin(b.lo, b.hi);
#endif
}
static float2 high_of(float4 b) {
#ifdef CENTER
    return b.lo + b.hi / 2.0f;
#else
    return fmax(b.lo, b.hi);
#endif
}
static float overlap_of(float4 a, float4 b) {
    float2 side = fmax(fmin(high_of(a), high_of(b)) - fmax(low_of(a), low_of(b)), 0.0f);
    float2 one = high_of(a) - low_of(a), other = high_of(b) - low_of(b);
    float both = side.x * side.y;
    return both > 0.0f ? both / (one.x * one.y + other.x * other.y - both) : 0.0f;
}

/* One work-item: lines (image, class) one after another. */
__kernel void non_max_suppression_ref(__global const float *boxes, long boxes_off, __global const float *scores, long scores_off,
                                      __global long *z, long z_off, long lines, long classes, long number, long count, long most,
                                      float overlap, float threshold) {
    long total = 0;
    z += z_off;
    for (long line = 0; line < lines; line++) {
        __global const float *own = boxes + boxes_off + line / classes * number * 4, *s = scores + scores_off + line * number;
        long first = total, box = -1;
        float last = INFINITY;
        while (total - first < most && total < count) {
            long best = -1;
            for (long i = 0; i < number; i++) {
                bool below = s[i] < last || (s[i] == last && i > box);
                if (s[i] > threshold && below && (best < 0 || s[i] > s[best]))
                    best = i;
            }
            if (best < 0)
                break;
            box = best;
            last = s[box];
            bool apart = true;
            for (long k = first; k < total && apart; k++)
                apart = !(overlap_of(vload4(box, own), vload4(z[k * 3 + 2], own)) > overlap);
            if (!apart)
                continue;
            z[total * 3] = line / classes;
            z[total * 3 + 1] = line % classes;
            z[total * 3 + 2] = box;
            total++;
        }
    }
    for (; total < count; total++)
        for (int k = 0; k < 3; k++)
            z[total * 3 + k] = -1;
}
#endif
