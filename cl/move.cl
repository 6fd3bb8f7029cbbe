/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of boxes of ELEMENT (an integer of the element's size) between strides; RANK (2, 4, 8) axes are used. */
#include "types.clh"
#include "axes.clh"

__kernel void move_elements(__global const ELEMENT *src, long src_off, __global ELEMENT *dst, long dst_off, long count,
                            AXES(size), AXES(from), AXES(to)) {
    size_t i = get_global_id(0);
    if (i >= (size_t)count)
        return;
    dst[dst_off + AT(i, PACK(size), PACK(to))] = src[src_off + AT(i, PACK(size), PACK(from))];
}

__kernel void move_rows(__global const ELEMENT *src, long src_off, __global ELEMENT *dst, long dst_off, long rows, long run,
                        long together, long piece, AXES(size), AXES(from), AXES(to)) {
    long begin = get_global_id(0) * piece, first = get_global_id(1) * together, last = min(first + together, rows);
    int n = (int)min(piece, run - begin);
    for (long r = first; r < last; r++) {
        __global const ELEMENT *s = src + src_off + AT(r, PACK(size), PACK(from)) + begin;
        __global ELEMENT *d = dst + dst_off + AT(r, PACK(size), PACK(to)) + begin;
        int i = 0;
        for (; i + 16 <= n; i += 16)
            CAT(vstore, 16)(CAT(vload, 16)(0, s + i), 0, d + i);
        for (; i < n; i++)
            d[i] = s[i];
    }
}

/* The source's elements are `step` apart. */
__kernel void move_steps(__global const ELEMENT *src, long src_off, __global ELEMENT *dst, long dst_off, long rows, long run,
                         long together, long piece, AXES(size), AXES(from), AXES(to), long step) {
    long begin = get_global_id(0) * piece, first = get_global_id(1) * together, last = min(first + together, rows);
    int n = (int)min(piece, run - begin);
    for (long r = first; r < last; r++) {
        __global const ELEMENT *s = src + src_off + AT(r, PACK(size), PACK(from)) + begin * step;
        __global ELEMENT *d = dst + dst_off + AT(r, PACK(size), PACK(to)) + begin;
        for (int i = 0; i < n; i++)
            d[i] = s[i * step];
    }
}

/* Tiles of 32 x 32: axis p is contiguous in the source, axis q in the destination. */
__kernel void move_tiles(__global const ELEMENT *src, long src_off, __global ELEMENT *dst, long dst_off, long p_size,
                         long p_to, long q_size, long q_from, AXES(size), AXES(from), AXES(to)) {
    long q = get_global_id(0) * 32, p = get_global_id(1) * 32, r = get_global_id(2);
    int qs = (int)min(32L, q_size - q), ps = (int)min(32L, p_size - p);
    src += src_off + AT(r, PACK(size), PACK(from)) + q * q_from + p;
    dst += dst_off + AT(r, PACK(size), PACK(to)) + p * p_to + q;
    if (qs == 32 && ps == 32) {
        for (int i = 0; i < 32; i++)
            for (int j = 0; j < 32; j++)
                dst[i * p_to + j] = src[j * q_from + i];
        return;
    }
    for (int i = 0; i < ps; i++)
        for (int j = 0; j < qs; j++)
            dst[i * p_to + j] = src[j * q_from + i];
}
