/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions over dense memory. EXPR(x, y, a, b), OPERANDS, PARAM (float or long) and VEC are defined by the host;
 * X_ONE or Y_ONE: that operand is a single element. */
#include "types.clh"
#include "vec.clh"
#include "eltwise.clh"

#if VEC == 1
typedef COMPUTE(A0) value;
#define GET(t, p, i) LOAD(t, p, i)
#define PUT(t, p, i, v) STORE(t, p, i, v)
#else
typedef FLOATV value;
#define GET(t, p, i) VLOAD(t, p, i)
#define PUT(t, p, i, v) VSTORE(t, p, i, v)
#endif

/* Vector, or one element, number i of an operand. */
#ifdef X_ONE
#define X(i) (value)(x_one)
#define X1(i) x_one
#else
#define X(i) GET(A0, x, i)
#define X1(i) LOAD(A0, x, i)
#endif
#if OPERANDS == 1
#define Y(i) X(i)
#define Y1(i) X1(i)
#elif defined(Y_ONE)
#define Y(i) (value)(y_one)
#define Y1(i) y_one
#else
#define Y(i) GET(A1, y, i)
#define Y1(i) LOAD(A1, y, i)
#endif

__kernel void eltwise_flat(__global const TYPE(A0) *x, long x_off, Y_PARAMETER __global TYPE(Z0) *z, long z_off, long count,
                           int chunk, PARAM a, PARAM b) {
    long begin = (long)get_global_id(0) * chunk;
    if (begin >= count)
        return;
    int n = (int)min((long)chunk, count - begin), i = 0;
#ifdef X_ONE
    const COMPUTE(A0) x_one = LOAD(A0, x, x_off);
#endif
#ifdef Y_ONE
    const COMPUTE(A1) y_one = LOAD(A1, y, y_off);
#endif
    x += x_off + begin;
    z += z_off + begin;
#if OPERANDS == 2
    y += y_off + begin;
#endif
    for (; i + VEC <= n; i += VEC) {
        value vx = X(i), vy = Y(i);
        PUT(Z0, z, i, EXPR(vx, vy, a, b));
    }
    for (; i < n; i++) {
        COMPUTE(A0) sx = X1(i), sy = Y1(i);
        STORE(Z0, z, i, EXPR(sx, sy, a, b));
    }
}
