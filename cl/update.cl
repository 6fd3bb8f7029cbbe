/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizer steps over one range of parameters, gradients and moments, in place or not. hyper: learning rate, momentum, weight
 * decay, beta1, beta2, epsilon, step (from 1), loss scale, factor of L1. */
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

/* The gradient with what regularizers add. */
#ifdef L1
#define GRADIENT(T, GET) MULADD(decay, vp, MULADD(hyper[8], sign(vp), GET(f32, g, i) / scale))
#define PLAIN(T, GET) MULADD(hyper[8], sign(vp), GET(f32, g, i) / scale)
#else
#define GRADIENT(T, GET) MULADD(decay, vp, GET(f32, g, i) / scale)
#define PLAIN(T, GET) (GET(f32, g, i) / scale)
#endif

#define SGD(T, GET, SET) \
    { \
        T vp = GET(f32, p, i), vg = GRADIENT(T, GET), vm = MULADD(momentum, GET(f32, m, i), vg); \
        SET(f32, new_m, i, vm); \
        vp = MULADD(-lr, STEP(vg, vm), vp); \
        SET(f32, new_p, i, vp); \
    }

#define ONE_MOMENT(name, BODY) \
    __kernel void name(__global const float *hyper, long hyper_off, __global const float *p, long p_off, __global float *new_p, \
                       long new_p_off, __global const float *g, long g_off, __global const float *m, long m_off, \
                       __global float *new_m, long new_m_off, long count, long chunk) { \
        RANGE; \
        const float lr = hyper[0], momentum = hyper[1], epsilon = hyper[5]; \
        EACH(BODY(FLOATV, VLOAD, VSTORE), BODY(float, LOAD, STORE)) \
    }

ONE_MOMENT(sgd_update, SGD)

/* 1 - b^t without cancellation. */
static float correction(float b, float t) {
    return -expm1(t * log(b));
}

#define ADAM_STEP(T, GET, SET) \
    T vm = MULADD(beta1, GET(f32, m, i), (1.0f - beta1) * vg), vv = MULADD(beta2, GET(f32, v, i), (1.0f - beta2) * vg * vg); \
    SET(f32, new_m, i, vm); \
    SET(f32, new_v, i, vv); \
    vp = vp - lr * (vm / first) / (sqrt(vv / second) + epsilon); \
    SET(f32, new_p, i, vp)

#define ADAM(T, GET, SET) \
    { \
        T vp = GET(f32, p, i), vg = GRADIENT(T, GET); \
        ADAM_STEP(T, GET, SET); \
    }

/* Decay is taken from the parameter, not from the gradient. */
#define ADAMW(T, GET, SET) \
    { \
        T vp = GET(f32, p, i), vg = PLAIN(T, GET); \
        vp = MULADD(-lr * decay, vp, vp); \
        ADAM_STEP(T, GET, SET); \
    }

#define TWO_MOMENTS(name, BODY) \
    __kernel void name(__global const float *hyper, long hyper_off, __global const float *p, long p_off, __global float *new_p, \
                       long new_p_off, __global const float *g, long g_off, __global const float *m, long m_off, \
                       __global float *new_m, long new_m_off, __global const float *v, long v_off, __global float *new_v, \
                       long new_v_off, long count, long chunk) { \
        RANGE; \
        const float lr = hyper[0], momentum = hyper[1], beta1 = hyper[3], beta2 = hyper[4], epsilon = hyper[5], step = hyper[6]; \
        const float first = correction(beta1, step), second = correction(beta2, step); \
        v += v_off + begin; \
        new_v += new_v_off + begin; \
        EACH(BODY(FLOATV, VLOAD, VSTORE), BODY(float, LOAD, STORE)) \
    }

TWO_MOMENTS(adam_update, ADAM)
TWO_MOMENTS(adamw_update, ADAMW)

#define RMSPROP(T, GET, SET) \
    { \
        T vp = GET(f32, p, i), vg = GRADIENT(T, GET), vv = MULADD(beta2, GET(f32, v, i), (1.0f - beta2) * vg * vg); \
        T vm = MULADD(momentum, GET(f32, m, i), vg / (sqrt(vv) + epsilon)); \
        SET(f32, new_m, i, vm); \
        SET(f32, new_v, i, vv); \
        vp = MULADD(-lr, vm, vp); \
        SET(f32, new_p, i, vp); \
    }

TWO_MOMENTS(rmsprop_update, RMSPROP)

#define ADAGRAD(T, GET, SET) \
    { \
        T vp = GET(f32, p, i), vg = GRADIENT(T, GET), vm = MULADD(vg, vg, GET(f32, m, i)); \
        SET(f32, new_m, i, vm); \
        vp = vp - lr * vg / (sqrt(vm) + epsilon); \
        SET(f32, new_p, i, vp); \
    }

ONE_MOMENT(adagrad_update, ADAGRAD)
