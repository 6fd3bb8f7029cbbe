/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizer steps over one range of parameters, gradients and moments, in place or not. hyper: learning rate, momentum, weight
 * decay, beta1, beta2, epsilon, step (from 1), loss scale. */
#include "types.clh"
#include "vec.clh"

#define EACH(vector_body, scalar_body) \
    for (; i + VEC <= n; i += VEC) \
        vector_body \
    for (; i < n; i++) \
        scalar_body

#define RANGE \
    long begin = get_global_id(0) * chunk; \
    if (begin >= count) \
        return; \
    int n = (int)min(chunk, count - begin), i = 0; \
    hyper += hyper_off; \
    const float scale = hyper[7] == 0.0f ? 1.0f : hyper[7], decay = hyper[2]; \
    p += p_off + begin; \
    new_p += new_p_off + begin; \
    g += g_off + begin; \
    m += m_off + begin; \
    new_m += new_m_off + begin

#ifdef NESTEROV
#define STEP(g, m) MULADD(momentum, m, g)
#else
#define STEP(g, m) (m)
#endif

#define SGD(T, GET, SET) \
    { \
        T vp = GET(f32, p, i), vg = MULADD(decay, vp, GET(f32, g, i) / scale), vm = MULADD(momentum, GET(f32, m, i), vg); \
        SET(f32, new_m, i, vm); \
        vp = MULADD(-lr, STEP(vg, vm), vp); \
        SET(f32, new_p, i, vp); \
    }

__kernel void sgd_update(__global const float *hyper, long hyper_off, __global const float *p, long p_off,
                         __global float *new_p, long new_p_off, __global const float *g, long g_off, __global const float *m,
                         long m_off, __global float *new_m, long new_m_off, long count, long chunk) {
    RANGE;
    const float lr = hyper[0], momentum = hyper[1];
    EACH(SGD(FLOATV, VLOAD, VSTORE), SGD(float, LOAD, STORE))
}

/* 1 - b^t without cancellation. */
static float correction(float b, float t) {
    return -expm1(t * log(b));
}

#define ADAM(T, GET, SET) \
    { \
        T vp = GET(f32, p, i), vg = MULADD(decay, vp, GET(f32, g, i) / scale); \
        T vm = MULADD(beta1, GET(f32, m, i), (1.0f - beta1) * vg), vv = MULADD(beta2, GET(f32, v, i), (1.0f - beta2) * vg * vg); \
        SET(f32, new_m, i, vm); \
        SET(f32, new_v, i, vv); \
        vp = vp - lr * (vm / first) / (sqrt(vv / second) + epsilon); \
        SET(f32, new_p, i, vp); \
    }

__kernel void adam_update(__global const float *hyper, long hyper_off, __global const float *p, long p_off,
                          __global float *new_p, long new_p_off, __global const float *g, long g_off, __global const float *m,
                          long m_off, __global float *new_m, long new_m_off, __global const float *v, long v_off,
                          __global float *new_v, long new_v_off, long count, long chunk) {
    RANGE;
    const float lr = hyper[0], beta1 = hyper[3], beta2 = hyper[4], epsilon = hyper[5], step = hyper[6];
    const float first = correction(beta1, step), second = correction(beta2, step);
    v += v_off + begin;
    new_v += new_v_off + begin;
    EACH(ADAM(FLOATV, VLOAD, VSTORE), ADAM(float, LOAD, STORE))
}
