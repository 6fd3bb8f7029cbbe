/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions over dense memory. EXPR(x, y, a, b), OPERANDS, PARAM (float or long) and VEC are defined by the host;
 * X_ONE or Y_ONE: that operand is a single element. HALF(x, y, a, b): computed so, in half; all operands are f16. */
#include "types.clh"
#include "vec.clh"
#include "eltwise.clh"

#ifdef HALF
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
typedef half element;
typedef CAT(half, VEC) value;
typedef value loose __attribute__((aligned(2)));
#define GET(t, p, i) (*(__global const loose *)((p) + (i)))
#define PUT(t, p, i, v) (*(__global loose *)((p) + (i)) = (v))
#define ONE(t, p, i) (p)[i]
#define PUT_ONE(t, p, i, v) ((p)[i] = (v))
#define ZERO (half)0
#define RESULT(x, y) HALF(x, y, (half)a, (half)b)
#else
typedef COMPUTE(A0) element;
#define ONE LOAD
#define PUT_ONE STORE
#define RESULT(x, y) EXPR(x, y, a, b)
#if VEC == 1
typedef element value;
#define GET(t, p, i) LOAD(t, p, i)
#define PUT(t, p, i, v) STORE(t, p, i, v)
#else
typedef FLOATV value;
#define GET(t, p, i) VLOAD(t, p, i)
#define PUT(t, p, i, v) VSTORE(t, p, i, v)
#endif
#endif

/* Vector, or one element, number i of an operand. */
#ifdef X_ONE
#define X(i) (value)(x_one)
#define X1(i) x_one
#else
#define X(i) GET(A0, x, i)
#define X1(i) ONE(A0, x, i)
#endif
#if OPERANDS == 1
#define Y(i) X(i)
#define Y1(i) X1(i)
#elif defined(Y_ONE)
#define Y(i) (value)(y_one)
#define Y1(i) y_one
#else
#define Y(i) GET(A1, y, i)
#define Y1(i) ONE(A1, y, i)
#endif

__kernel void eltwise_flat(__global const TYPE(A0) *x, long x_off, Y_PARAMETER __global TYPE(Z0) *z, long z_off, long count,
                           int chunk, PARAM a, PARAM b) {
    long begin = (long)get_global_id(0) * chunk;
    if (begin >= count)
        return;
    int n = (int)min((long)chunk, count - begin), i = 0;
#ifdef X_ONE
    const element x_one = ONE(A0, x, x_off);
#endif
#ifdef Y_ONE
    const element y_one = ONE(A1, y, y_off);
#endif
    x += x_off + begin;
    z += z_off + begin;
#if OPERANDS == 2
    y += y_off + begin;
#endif
    for (; i + VEC <= n; i += VEC) {
        value vx = X(i), vy = Y(i);
        PUT(Z0, z, i, RESULT(vx, vy));
    }
    for (; i < n; i++) {
        element sx = X1(i), sy = Y1(i);
        PUT_ONE(Z0, z, i, RESULT(sx, sy));
    }
}
