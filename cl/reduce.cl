/* SPDX-License-Identifier: Apache-2.0 */
/* SUM, MEAN, MAX, MIN or PROD over any axes, an element of the result, or of a piece of it, a work-item: the reference. */
#include "types.clh"
#include "axes.clh"

#define LOWEST_f32 (-INFINITY)
#define LOWEST_f16 (-INFINITY)
#define LOWEST_f64 (-INFINITY)
#define LOWEST_bf16 (-INFINITY)
#define LOWEST_i8 CHAR_MIN
#define LOWEST_i16 SHRT_MIN
#define LOWEST_i32 INT_MIN
#define LOWEST_i64 LONG_MIN
#define LOWEST_u8 0
#define LOWEST_u16 0
#define LOWEST_u32 0
#define LOWEST_u64 0
#define LOWEST_bool 0
#define HIGHEST_f32 INFINITY
#define HIGHEST_f16 INFINITY
#define HIGHEST_f64 INFINITY
#define HIGHEST_bf16 INFINITY
#define HIGHEST_i8 CHAR_MAX
#define HIGHEST_i16 SHRT_MAX
#define HIGHEST_i32 INT_MAX
#define HIGHEST_i64 LONG_MAX
#define HIGHEST_u8 UCHAR_MAX
#define HIGHEST_u16 USHRT_MAX
#define HIGHEST_u32 UINT_MAX
#define HIGHEST_u64 ULONG_MAX
#define HIGHEST_bool 1

#define SUM_f32 float
#define SUM_f16 float
#define SUM_f64 double
#define SUM_bf16 float
#define SUM_i8 long
#define SUM_i16 long
#define SUM_i32 long
#define SUM_i64 long
#define SUM_u8 long
#define SUM_u16 long
#define SUM_u32 long
#define SUM_u64 ulong
#define SUM_bool long

#if defined(MAX)
#define FIRST CAT(LOWEST_, A0)
#define BETTER(v, result) ((v) > (result) || (v) != (v))
#elif defined(MIN)
#define FIRST CAT(HIGHEST_, A0)
#define BETTER(v, result) ((v) < (result) || (v) != (v))
#endif

/* Work-item (result, piece): elements piece * p … of the `count` that become one. */
__kernel void reduce_ref(__global const TYPE(A0) *x, long x_off, __global TYPE(Z0) *z, long z_off, long results, long count,
                         long piece, long pieces, float divisor, AXES(kept), AXES(gone), AXES(stride)) {
    long i = get_global_id(0);
    if (i >= results * pieces)
        return;
    x += x_off + axes_at(i / pieces, PACK(kept), PACK(stride));
    long k = i % pieces * piece, end = min(k + piece, count);
#if defined(FIRST)
    COMPUTE(A0) result = FIRST;
    for (; k < end; k++) {
        COMPUTE(A0) v = LOAD(A0, x, axes_at(k, PACK(gone), PACK(stride)));
        if (BETTER(v, result))
            result = v;
    }
#elif defined(PROD)
    CAT(SUM_, A0) result = 1;
    for (; k < end; k++)
        result *= LOAD(A0, x, axes_at(k, PACK(gone), PACK(stride)));
#else
    CAT(SUM_, A0) sum = 0, sum64 = 0;
    for (; k < end; k++) {
        sum += LOAD(A0, x, axes_at(k, PACK(gone), PACK(stride)));
        if ((k & 63) == 63) {
            sum64 += sum;
            sum = 0;
        }
    }
    CAT(SUM_, A0) result = sum64 + sum;
#ifdef MEAN
    result = result / divisor;
#endif
#endif
    STORE(Z0, z, z_off + i, result);
}
