/* SPDX-License-Identifier: Apache-2.0 */
/* The elementwise functions in double precision. */
#include <math.h>

#include "op/eltwise/eltwise.h"

#define FUNCTION(name, result) \
    double oc__eltwise_host_##name(double x, double y, double a, double b); \
    double oc__eltwise_host_##name(double x, double y, double a, double b) { \
        (void)x, (void)y, (void)a, (void)b; \
        return result; \
    }

static double share(double x, double y) {
    return x < y ? 0 : x == y ? 0.5 : 1;
}

FUNCTION(relu, x < 0 ? 0 : x)
FUNCTION(leaky_relu, x < 0 ? a * x : x)
FUNCTION(sigmoid, 1 / (1 + exp(-x)))
FUNCTION(tanh, tanh(x))
FUNCTION(exp, exp(x))
FUNCTION(log, log(x))
FUNCTION(sqrt, sqrt(x))
FUNCTION(neg, -x)
FUNCTION(abs, fabs(x))
FUNCTION(reciprocal, 1 / x)
FUNCTION(clip, (x < a ? a : x) > b ? b : (x < a ? a : x))
FUNCTION(add, x + y)
FUNCTION(sub, x - y)
FUNCTION(mul, x *y)
FUNCTION(div, x / y)
FUNCTION(pow, pow(x, y))
FUNCTION(max, x >= y || x != x ? x : y)
FUNCTION(min, x <= y || x != x ? x : y)
FUNCTION(relu_bwd, x <= 0 ? 0 : y)
FUNCTION(leaky_relu_bwd, x <= 0 ? a * y : y)
FUNCTION(abs_bwd, x < 0 ? -y : x == 0 ? 0 : y)
FUNCTION(clip_bwd, x < a || x > b ? 0 : y)
FUNCTION(sigmoid_bwd, y *x * (1 - x))
FUNCTION(tanh_bwd, y * (1 - x * x))
FUNCTION(sqrt_bwd, 0.5 * y / x)
FUNCTION(reciprocal_bwd, -y * x * x)
FUNCTION(pow_da, y == 0 ? 0 : y * pow(x, y - 1))
FUNCTION(pow_db, x == 0 && y >= 0 ? 0 : pow(x, y) * log(x))
FUNCTION(max_share, share(x, y))

static double softplus(double x) {
    return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
}

static double clip01(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static double is_inf(double x, double a, double b) {
    return isinf(x) && (x > 0 ? a : b) != 0;
}

/* Results are cut to their types; shifts by all bits and more give 0 or -1 whatever the width. */
static double shift(double x, double y, bool left) {
    if (!(y >= 0 && y < 64))
        return 0;
    if (left)
        return (double)((uint64_t)(int64_t)x << (int)y);
    return x < 0 ? floor(ldexp(x, -(int)y)) : (double)((uint64_t)x >> (int)y);
}

static double shrink(double x, double a, double b) {
    return x < -a ? x + b : x > a ? x - b : x == x ? 0 : x;
}

FUNCTION(sin, sin(x))
FUNCTION(cos, cos(x))
FUNCTION(tan, tan(x))
FUNCTION(asin, asin(x))
FUNCTION(acos, acos(x))
FUNCTION(atan, atan(x))
FUNCTION(sinh, sinh(x))
FUNCTION(cosh, cosh(x))
FUNCTION(asinh, asinh(x))
FUNCTION(acosh, acosh(x))
FUNCTION(atanh, atanh(x))
FUNCTION(erf, erf(x))
FUNCTION(floor, floor(x))
FUNCTION(ceil, ceil(x))
FUNCTION(round, nearbyint(x))
FUNCTION(sign, x > 0 ? 1 : x < 0 ? -1 : x)
FUNCTION(step, x < 0 ? 0 : x == x ? 1 : x)
FUNCTION(softplus, softplus(x))
FUNCTION(softsign, x / (1 + fabs(x)))
FUNCTION(elu, x < 0 ? a * expm1(x) : x)
FUNCTION(selu, b *(x < 0 ? a * expm1(x) : x))
FUNCTION(celu, x < 0 ? a * expm1(x / a) : x)
FUNCTION(gelu, 0.5 * x * erfc(-x * 0.70710678118654752440))
FUNCTION(gelu_tanh, 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x))))
FUNCTION(swish, x / (1 + exp(-a * x)))
FUNCTION(hard_sigmoid, clip01(a *x + b))
FUNCTION(hard_swish, x < -3 ? 0 : x > 3 ? x : x * (x + 3) / 6)
FUNCTION(mish, x *tanh(softplus(x)))
FUNCTION(thresholded_relu, x <= a ? 0 : x)
FUNCTION(shrink, shrink(x, a, b))
FUNCTION(prelu, x < 0 ? y * x : x)
FUNCTION(is_nan, isnan(x))
FUNCTION(is_inf, is_inf(x, a, b))
FUNCTION(equal, x == y)
FUNCTION(less, x < y)
FUNCTION(less_equal, x <= y)
FUNCTION(greater, x > y)
FUNCTION(greater_equal, x >= y)
FUNCTION(logical_not, x == 0)
FUNCTION(logical_and, x != 0 && y != 0)
FUNCTION(logical_or, x != 0 || y != 0)
FUNCTION(logical_xor, (x != 0) != (y != 0))
FUNCTION(bit_not, (double)~(int64_t)x)
FUNCTION(bit_and, (double)((int64_t)x & (int64_t)y))
FUNCTION(bit_or, (double)((int64_t)x | (int64_t)y))
FUNCTION(bit_xor, (double)((int64_t)x ^ (int64_t)y))
FUNCTION(shift_left, shift(x, y, true))
FUNCTION(shift_right, shift(x, y, false))
FUNCTION(mod, x - floor(x / y) * y)
FUNCTION(fmod, fmod(x, y))

/* What integers do where real numbers do otherwise: division by zero gives 0. */
static double integer_result(const oc__problem *problem, double x, double y, double value) {
    if (problem->op == &oc__op_div)
        value = y == 0 ? 0 : trunc(value);
    if (problem->op == &oc__op_mod || problem->op == &oc__op_fmod)
        value = y == 0 ? 0 : value;
    if ((problem->op == &oc__op_shift_left || problem->op == &oc__op_shift_right) && y >= 8.0 * (double)oc_dtype_size(problem->out[0].dtype))
        value = 0;
    if (problem->op == &oc__op_shrink)
        value = trunc(value);
    if (problem->op == &oc__op_pow)
        value = isfinite(value) ? trunc(value) : 0;
    (void)x;
    return oc__as_type(problem->out[0].dtype, value);
}

oc_status oc__eltwise_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                           oc_error *err) {
    const oc__eltwise *row = oc__eltwise_find(problem->op);
    const oc_eltwise_params *params = problem->params;
    const oc_shape *shape = &problem->out[0].shape;
    bool two = problem->in_count > 1 && in[1], integer = !oc__is_real(problem->out[0].dtype);
    int64_t sx[OC_MAX_RANK], sy[OC_MAX_RANK] = {0}, count = oc__count(shape);
    oc__broadcast_strides(&problem->in[0].shape, shape, sx);
    if (two)
        oc__broadcast_strides(&problem->in[1].shape, shape, sy);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, ix = 0, iy = 0;
        for (int k = shape->rank - 1; k >= 0; k--) {
            ix += rest % shape->dims[k] * sx[k];
            iy += rest % shape->dims[k] * sy[k];
            rest /= shape->dims[k];
        }
        double x = in[0][ix], y = two ? in[1][iy] : 0, value = row->host(x, y, params->alpha, params->beta);
        out[0][i] = integer ? integer_result(problem, x, y, value) : value;
    }
    (void)context, (void)err;
    return OC_OK;
}
