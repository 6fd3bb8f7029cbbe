/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise functions by rows of neighbours. EXPR(x, y, a, b), OPERANDS and VEC are defined by the host, and how operand
 * SMALL (x or y; the other one is BIG) goes along with the rows:
 * BY_ROW     it has an element for each row, `period` of them,
 * BY_COLUMN  an element for each place in a row,
 * BY_LANE    an element for each channel, and a row is a block of VEC channels,
 * BY_PLACE   it has the same shape and layout as the other one.
 * BLOCKED: rows are blocks of VEC channels. MASK: their lanes past the last channel are set to zero. */
#include "types.clh"
#include "vec.clh"
#include "eltwise.clh"

#ifdef SMALL_X
#define SMALL_TYPE A0
#define BIG_TYPE A1
#define CALL(big, small) EXPR(small, big, a, b)
#else
#define SMALL_TYPE A1
#define BIG_TYPE A0
#define CALL(big, small) EXPR(big, small, a, b)
#endif

#ifdef BY_LANE
/* Channels first … first + VEC - 1, zeros past the last one. */
static FLOATV channels(__global const TYPE(SMALL_TYPE) *p, long first, long count) {
    float lane[VEC];
    if (first + VEC <= count)
        return VLOAD(SMALL_TYPE, p, first);
    for (int i = 0; i < VEC; i++)
        lane[i] = first + i < count ? LOAD(SMALL_TYPE, p, first + i) : 0.0f;
    return CAT(vload, VEC)(0, lane);
}
#endif

#if OPERANDS == 1
#define VECTOR_SMALL(i) v
#define ELEMENT_SMALL(i) v
#elif defined(BY_ROW)
#define VECTOR_SMALL(i) lanes
#define ELEMENT_SMALL(i) one
#elif defined(BY_LANE)
#define VECTOR_SMALL(i) lanes
#elif defined(BY_COLUMN)
#define VECTOR_SMALL(i) VLOAD(SMALL_TYPE, small, i)
#define ELEMENT_SMALL(i) LOAD(SMALL_TYPE, small, i)
#else
#define VECTOR_SMALL(i) VLOAD(SMALL_TYPE, small + at, i)
#define ELEMENT_SMALL(i) LOAD(SMALL_TYPE, small + at, i)
#endif

__kernel void eltwise_rows(__global const TYPE(A0) *x, long x_off, Y_PARAMETER __global TYPE(Z0) *z, long z_off, long rows,
                           long run, long period, long blocks, long count, long rows_an_item, long piece, PARAM a, PARAM b) {
    long first = (long)get_global_id(1) * rows_an_item, last = min(first + rows_an_item, rows);
    long begin = (long)get_global_id(0) * piece, end = min(begin + piece, run);
#if OPERANDS == 1
    __global const TYPE(A0) *big = x + x_off;
#elif defined(SMALL_X)
    __global const TYPE(A0) *small = x + x_off;
    __global const TYPE(A1) *big = y + y_off;
#else
    __global const TYPE(A0) *big = x + x_off;
    __global const TYPE(A1) *small = y + y_off;
#endif
    z += z_off;
    for (long r = first; r < last; r++) {
        long at = r * run, i = begin;
#if defined(BY_ROW)
        const float one = LOAD(SMALL_TYPE, small, r % period);
        const FLOATV lanes = one;
#elif defined(BY_LANE)
        const FLOATV lanes = channels(small, r % blocks * VEC, count);
#endif
#ifdef MASK
        const INTV inside = LANES < (INTV)((int)min((long)VEC, count - r % blocks * VEC));
#endif
        for (; i + VEC <= end; i += VEC) {
            FLOATV v = VLOAD(BIG_TYPE, big + at, i);
            v = CALL(v, VECTOR_SMALL(i));
#ifdef MASK
            v = inside ? v : 0.0f;
#endif
            VSTORE(Z0, z + at, i, v);
        }
#ifndef BLOCKED
        for (; i < end; i++) {
            float v = LOAD(BIG_TYPE, big + at, i);
            STORE(Z0, z + at, i, CALL(v, ELEMENT_SMALL(i)));
        }
#endif
    }
}
