/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product by its definition: one work-item per element, batches broadcast over up to six axes. */
#include "types.clh"

#define BIAS_AT n
#include "post.clh"
#define AXIS(i) , long n##i, long a##i, long b##i
#if BATCH_AXES == 0
#define BATCH_PARAMS
#elif BATCH_AXES == 1
#define BATCH_PARAMS AXIS(0)
#elif BATCH_AXES == 2
#define BATCH_PARAMS AXIS(0) AXIS(1)
#elif BATCH_AXES == 3
#define BATCH_PARAMS AXIS(0) AXIS(1) AXIS(2)
#elif BATCH_AXES == 4
#define BATCH_PARAMS AXIS(0) AXIS(1) AXIS(2) AXIS(3)
#elif BATCH_AXES == 5
#define BATCH_PARAMS AXIS(0) AXIS(1) AXIS(2) AXIS(3) AXIS(4)
#else
#define BATCH_PARAMS AXIS(0) AXIS(1) AXIS(2) AXIS(3) AXIS(4) AXIS(5)
#endif
#define STEP(i) { const long index = z % n##i; z /= n##i; a += index * a##i; b += index * b##i; }

__kernel void matmul_ref(__global const TYPE(A0) *a, long a_off, __global const TYPE(A1) *b, long b_off, __global TYPE(Z0) *c,
                         long c_off, long count, long M, long N, long K BATCH_PARAMS BIAS_PARAM POST_PARAMS) {
    const long at = get_global_id(0);
    if (at >= count)
        return;
    const long n = at % N, m = at / N % M;
    long z = at / N / M;
    a += a_off;
    b += b_off;
#if BATCH_AXES > 0
    STEP(0)
#endif
#if BATCH_AXES > 1
    STEP(1)
#endif
#if BATCH_AXES > 2
    STEP(2)
#endif
#if BATCH_AXES > 3
    STEP(3)
#endif
#if BATCH_AXES > 4
    STEP(4)
#endif
#if BATCH_AXES > 5
    STEP(5)
#endif
    float v = 0;
    for (long k = 0; k < K; k++) {
#ifdef TRANS_A
        const float x = LOAD(A0, a, k * M + m);
#else
        const float x = LOAD(A0, a, m * K + k);
#endif
#ifdef TRANS_B
        v += x * LOAD(A1, b, n * K + k);
#else
        v += x * LOAD(A1, b, k * N + n);
#endif
    }
    c += c_off;
    STORE_POST(Z0, c, v)
}
