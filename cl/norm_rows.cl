/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization by rows: INFERENCE, TRAIN or BACKWARD; plain, or BLOCKED with VEC channels a block. A row is what one image
 * has of one channel (one block of channels): `inner` elements (vectors), taken in pieces. */
#include "types.clh"
#include "vec.clh"

#define SIZES long batch, long channels, long inner, long blocks, long piece, long pieces

/* Work-item (p, r): piece p of row r = image * blocks + block. CHANNEL: a number of the row's channel, or of each lane. */
#define ROW \
    long p = get_global_id(0), r = get_global_id(1), begin = p * piece, end = min(begin + piece, inner), i = begin; \
    long image = r / blocks, c = r % blocks

#ifdef BLOCKED
#define NUMBER FLOATV
#define AT ((r * inner + i) * VEC)
#define DEFINE_CHANNELS(t) \
    static FLOATV channels_##t(__global const TYPE(t) *p, long first, long count) { \
        float lane[VEC]; \
        for (int k = 0; k < VEC; k++) \
            lane[k] = first + k < count ? LOAD(t, p, first + k) : 0.0f; \
        return CAT(vload, VEC)(0, lane); \
    }
DEFINE_CHANNELS(f32)
DEFINE_CHANNELS(f16)
#define CHANNEL(t, p) CAT(channels_, t)(p + p##_off, c * VEC, channels)
#define ALL(BODY) \
    for (; i < end; i++) \
        BODY(FLOATV, VLOAD, VSTORE)
#define PUT(p, v) \
    { \
        float lane[VEC]; \
        CAT(vstore, VEC)(v, 0, lane); \
        for (int k = 0; k < VEC && c * VEC + k < channels; k++) \
            p[p##_off + (image * pieces + p_index) * channels + c * VEC + k] = lane[k]; \
    }
#else
#define NUMBER float
#define AT (r * inner + i)
#define CHANNEL(t, p) LOAD(t, p, p##_off + c)
#define ALL(BODY) \
    for (; i + VEC <= end; i += VEC) \
        BODY(FLOATV, VLOAD, VSTORE) \
    for (; i < end; i++) \
        BODY(float, LOAD, STORE)
#define PUT(p, v) p[p##_off + (image * pieces + p_index) * channels + c] = v;
#endif

/* Sums of a piece: the vectors' lanes and the elements behind the last vector. */
#define ADD_float(sum, v) sum##_tail += v
#define ADD_FLOATV(sum, v) sum += v
#ifdef BLOCKED
#define TOTAL(sum) (sum)
#else
#define TOTAL(sum) (SUMV(sum) + sum##_tail)
#endif

#ifdef INFERENCE
#define MEAN A3
#define SPREAD A4
#define INVERSE(v) (1.0f / sqrt((v) + epsilon))
#else
#define MEAN f32
#define SPREAD f32
#define INVERSE(v) (v)
#endif

#ifndef BACKWARD
#define NORMALIZE(T, GET, SET) \
    { \
        T v = GET(A0, x, AT) - m; \
        v = MULADD(v, factor, b); \
        POSTS(T, v, , ) \
        SET(Z0, z, AT, v); \
    }

__kernel void rows_normalize(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *scale, long scale_off,
                             __global const TYPE(A2) *bias, long bias_off, __global const TYPE(MEAN) *mean, long mean_off,
                             __global const TYPE(SPREAD) *spread, long spread_off, __global TYPE(Z0) *z, long z_off, SIZES,
                             float epsilon, long gap) {
    ROW;
    const NUMBER m = CHANNEL(MEAN, mean), b = CHANNEL(A2, bias);
    const NUMBER factor = CHANNEL(A1, scale) * INVERSE(CHANNEL(SPREAD, spread));
    x += x_off + image * gap;
    z += z_off;
    ALL(NORMALIZE)
}
#endif

#ifdef TRAIN
#define SUM(T, GET, SET) \
    { \
        T v = GET(A0, x, AT); \
        ADD_##T(sum, v); \
    }
#define SQUARES(T, GET, SET) \
    { \
        T v = GET(A0, x, AT) - mean; \
        ADD_##T(squares, v *v); \
    }

/* Mean, and sum of squares around it, of each piece. */
__kernel void rows_moments(__global const TYPE(A0) *x, long x_off, __global float *means, long means_off,
                           __global float *moments, long moments_off, SIZES) {
    ROW;
    FLOATV sum = 0, squares = 0;
    float sum_tail = 0, squares_tail = 0;
    long p_index = p;
    x += x_off;
    ALL(SUM)
    NUMBER mean = TOTAL(sum) / (float)(end - begin);
    i = begin;
    ALL(SQUARES)
    NUMBER moment = TOTAL(squares);
    PUT(means, mean)
    PUT(moments, moment)
}

/* Pieces joined, in their order. */
#define STATISTICS(T, GET, SET) \
    { \
        T mean = 0, moment = 0; \
        float count = 0; \
        for (long q = 0; q < batch * pieces; q++) { \
            float more = (float)min(piece, inner - q % pieces * piece), all = count + more; \
            T delta = GET(f32, means, q * channels + c) - mean; \
            mean += delta * (more / all); \
            moment += GET(f32, moments, q * channels + c) + delta * delta * (count * more / all); \
            count = all; \
        } \
        T variance = moment / count, inverse = 1.0f / sqrt(variance + epsilon); \
        T fair = unbiased ? moment / fmax(count - 1.0f, 1.0f) : variance; \
        SET(Z1, new_mean, c, GET(A3, old_mean, c) * momentum + mean * (1.0f - momentum)); \
        SET(Z2, new_variance, c, GET(A4, old_variance, c) * momentum + fair * (1.0f - momentum)); \
        SET(Z3, saved_mean, c, mean); \
        SET(Z4, saved_inverse, c, inverse); \
        SET(f32, mean_of, c, mean); \
        SET(f32, inverse_of, c, inverse); \
    }

__kernel void rows_statistics(__global const float *means, long means_off, __global const float *moments, long moments_off,
                              __global const TYPE(A3) *old_mean, long old_mean_off, __global const TYPE(A4) *old_variance,
                              long old_variance_off, __global TYPE(Z1) *new_mean, long new_mean_off,
                              __global TYPE(Z2) *new_variance, long new_variance_off, __global TYPE(Z3) *saved_mean,
                              long saved_mean_off, __global TYPE(Z4) *saved_inverse, long saved_inverse_off,
                              __global float *mean_of, long mean_of_off, __global float *inverse_of, long inverse_of_off,
                              SIZES, float epsilon, float momentum, int unbiased) {
    long c = get_global_id(0) * 16, last = min(c + 16, channels);
    means += means_off;
    moments += moments_off;
    old_mean += old_mean_off;
    old_variance += old_variance_off;
    new_mean += new_mean_off;
    new_variance += new_variance_off;
    saved_mean += saved_mean_off;
    saved_inverse += saved_inverse_off;
    mean_of += mean_of_off;
    inverse_of += inverse_of_off;
    for (; c + VEC <= last; c += VEC)
        STATISTICS(FLOATV, VLOAD, VSTORE)
    for (; c < last; c++)
        STATISTICS(float, LOAD, STORE)
}
#endif

#ifdef BACKWARD
#define PRODUCTS(T, GET, SET) \
    { \
        T v = GET(A4, d, AT), w = v * (GET(A0, x, AT) - mean); \
        ADD_##T(sum, v); \
        ADD_##T(product, w); \
    }

/* Sums of d and of d * (x - mean) of each piece. */
__kernel void rows_products(__global const TYPE(A0) *x, long x_off, __global const TYPE(A2) *mean_of, long mean_of_off,
                            __global const TYPE(A4) *d, long d_off, __global float *sums, long sums_off,
                            __global float *products, long products_off, SIZES) {
    ROW;
    FLOATV sum = 0, product = 0;
    float sum_tail = 0, product_tail = 0;
    long p_index = p;
    const NUMBER mean = CHANNEL(A2, mean_of);
    x += x_off;
    d += d_off;
    ALL(PRODUCTS)
    NUMBER s = TOTAL(sum), t = TOTAL(product);
    PUT(sums, s)
    PUT(products, t)
}

#define SUMS(T, GET, SET) \
    { \
        T dbias = 0, dscale = 0, some = 0, more = 0; \
        for (long q = 0; q < batch * pieces; q++) { \
            some += GET(f32, sums, q * channels + c); \
            more += GET(f32, products, q * channels + c); \
            if ((q & 63) == 63) { \
                dbias += some; \
                dscale += more; \
                some = more = 0; \
            } \
        } \
        dbias += some; \
        dscale = (dscale + more) * GET(A3, inverse_of, c); \
        SET(Z1, dscale_out, c, dscale); \
        SET(Z2, dbias_out, c, dbias); \
        SET(f32, dscale_of, c, dscale); \
        SET(f32, dbias_of, c, dbias); \
    }

__kernel void rows_sums(__global const float *sums, long sums_off, __global const float *products, long products_off,
                        __global const TYPE(A3) *inverse_of, long inverse_of_off, __global TYPE(Z1) *dscale_out,
                        long dscale_out_off, __global TYPE(Z2) *dbias_out, long dbias_out_off, __global float *dscale_of,
                        long dscale_of_off, __global float *dbias_of, long dbias_of_off, SIZES) {
    long c = get_global_id(0) * 16, last = min(c + 16, channels);
    sums += sums_off;
    products += products_off;
    inverse_of += inverse_of_off;
    dscale_out += dscale_out_off;
    dbias_out += dbias_out_off;
    dscale_of += dscale_of_off;
    dbias_of += dbias_of_off;
    for (; c + VEC <= last; c += VEC)
        SUMS(FLOATV, VLOAD, VSTORE)
    for (; c < last; c++)
        SUMS(float, LOAD, STORE)
}

#define DATA(T, GET, SET) \
    { \
        T v = (GET(A0, x, AT) - mean) * slope; \
        SET(Z0, z, AT, factor * (GET(A4, d, AT) - shift - v)); \
    }

__kernel void rows_data(__global const TYPE(A0) *x, long x_off, __global const TYPE(A1) *scale, long scale_off,
                        __global const TYPE(A2) *mean_of, long mean_of_off, __global const TYPE(A3) *inverse_of,
                        long inverse_of_off, __global const TYPE(A4) *d, long d_off, __global const float *dscale_of,
                        long dscale_of_off, __global const float *dbias_of, long dbias_of_off, __global TYPE(Z0) *z, long z_off,
                        SIZES) {
    ROW;
    const float count = (float)(batch * inner);
    const NUMBER mean = CHANNEL(A2, mean_of), inverse = CHANNEL(A3, inverse_of), factor = CHANNEL(A1, scale) * inverse;
    const NUMBER shift = CHANNEL(f32, dbias_of) / count, slope = inverse * (CHANNEL(f32, dscale_of) / count);
    x += x_off;
    d += d_off;
    z += z_off;
    ALL(DATA)
}
#endif
