/* SPDX-License-Identifier: Apache-2.0 */
/* From one layout to another, an element of dst a work-item. The number of an element is taken apart into digits, innermost first:
 * n: how many values a digit has; z: how far apart they lie in dst; a, w: of which axis it counts, in what units. The index of
 * each axis is then found in src: p: axis; u, m: its digit is index / u % m; s: how far apart these lie. One program for all layouts. */
#include "types.clh"

#define DIGIT_PARAMS(i) long n##i, long z##i, long a##i, long w##i,
#define PLACE_PARAMS(i) long p##i, long u##i, long m##i, long s##i,
#define ALL(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
#define TAKE_DIGIT(i) to += t % n##i * z##i; x[a##i] += t % n##i * w##i; t /= n##i;
#define ADD_PLACE(i) from += x[p##i] / u##i % m##i * s##i;

__kernel void reorder_ref(__global const TYPE(A0) *src, long src_off, __global TYPE(Z0) *dst, long dst_off, ALL(DIGIT_PARAMS)
                          ALL(PLACE_PARAMS) long d0, long d1, long d2, long d3, long d4, long d5, long d6, long d7, long count) {
    long t = get_global_id(0), to = dst_off, from = src_off, x[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (t >= count)
        return;
    ALL(TAKE_DIGIT)
    ALL(ADD_PLACE)
    if (x[0] < d0 && x[1] < d1 && x[2] < d2 && x[3] < d3 && x[4] < d4 && x[5] < d5 && x[6] < d6 && x[7] < d7)
        STORE(Z0, dst, to, LOAD(A0, src, from));
    else
        STORE(Z0, dst, to, 0); /* a lane behind the end */
}
