/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/eltwise.h
 * Elementwise functions of one, two and three tensors. Each is an op of the name in the list ("relu", "add", …).
 *
 * Shapes: the result of one operand has its shape. Several operands are broadcast as numpy does: axes are aligned at the
 * end, and an axis of size 1, or a missing one, is repeated; other sizes that differ are OC_ERROR_SHAPE. Sizes may be
 * symbols, and 0.
 *
 * Types: several operands must be of one type, which the result has too, but for comparisons and the like, which give bool.
 * Floating-point functions take f32, f16, bf16 and f64 (f64 where the device has it; f16 and bf16 are computed with as
 * f32, and rounded when stored). Arithmetic, powers, remainders, comparison, min, max, relu, prelu, clip, abs, neg and sign
 * also take integers, which wrap around; logic takes bool, functions of bits take integers. What a function is not defined
 * for is OC_ERROR_SHAPE, with the operands in the text.
 *
 * Numbers: NaN goes through, also through max, min, relu and clip; infinities follow IEEE 754; results are within the
 * precision that OpenCL asks of its functions, a few units in the last place. All have gradients unless their line says
 * otherwise; at a kink the slope is that to the left (relu and abs: 0), of clip 1 at the bounds. Gradients of broadcast
 * operands are summed. Neighbouring nodes become one kernel.
 */
#ifndef OCELLI_OP_ELTWISE_H
#define OCELLI_OP_ELTWISE_H

#include <ocelli/graph.h>

/** Parameters of the functions that have any; unused ones are ignored. Zero is a value like any other: there are no defaults. */
typedef struct oc_eltwise_params {
    float alpha; /**< alpha of the formulas below; leaky_relu: the slope below zero; clip: the lower bound. */
    float beta;  /**< beta of the formulas; clip: the upper bound. */
} oc_eltwise_params;
/** Named arguments: &oc_eltwise_params(.alpha = 0.01f). */
#define oc_eltwise_params(...) ((oc_eltwise_params){__VA_ARGS__})

/** Functions of one operand, oc_NAME(graph, x, err): name, formula. NaN stays NaN through all of them but those of bits. */
#define OC_UNARY_LIST(X) \
    X(relu, "max(x, 0)") \
    X(sigmoid, "1 / (1 + exp(-x))") \
    X(tanh, "tanh(x)") \
    X(exp, "exp(x)") \
    X(sqrt, "square root") \
    X(neg, "-x") \
    X(abs, "|x|") \
    X(reciprocal, "1 / x") \
    X(sin, "sine of x in radians") \
    X(cos, "cosine") \
    X(tan, "tangent") \
    X(asin, "the inverse of sin; NaN outside of -1 ... 1") \
    X(acos, "the inverse of cos; NaN outside of -1 ... 1") \
    X(atan, "the inverse of tan") \
    X(sinh, "hyperbolic sine") \
    X(cosh, "hyperbolic cosine") \
    X(asinh, "the inverse of sinh") \
    X(acosh, "the inverse of cosh; NaN below 1") \
    X(atanh, "the inverse of tanh; NaN outside of -1 ... 1") \
    X(erf, "the error function") \
    X(floor, "the next integer below; gradient 0") \
    X(ceil, "the next integer above; gradient 0") \
    X(round, "the nearest integer, halves to even ones; gradient 0") \
    X(sign, "-1, 0 or 1; gradient 0") \
    X(step, "0 below zero, else 1; gradient 0") \
    X(softplus, "log(1 + exp(x))") \
    X(softsign, "x / (1 + |x|)") \
    X(gelu, "x times the normal distribution's probability of less than x") \
    X(gelu_tanh, "0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))") \
    X(hard_swish, "x min(max(x / 6 + 1 / 2, 0), 1)") \
    X(mish, "x tanh(log(1 + exp(x)))") \
    X(bit_not, "all bits of an integer turned over")

/** Functions of one operand with parameters: oc_unary(graph, "NAME", x, &params, err). */
#define OC_UNARY_PARAMS_LIST(X) \
    X(leaky_relu, "x if x >= 0 else alpha x") \
    X(clip, "min(max(x, alpha), beta)") \
    X(elu, "x if x >= 0 else alpha (exp(x) - 1)") \
    X(selu, "beta (x if x >= 0 else alpha (exp(x) - 1))") \
    X(celu, "x if x >= 0 else alpha (exp(x / alpha) - 1)") \
    X(swish, "x / (1 + exp(-alpha x)); also called SiLU, for alpha = 1") \
    X(hard_sigmoid, "min(max(alpha x + beta, 0), 1)") \
    X(thresholded_relu, "x if x > alpha else 0") \
    X(shrink, "x + beta below -alpha, x - beta above alpha, else 0") \
    X(is_inf, "whether x is infinite: above if alpha is not 0, below if beta is not 0; gives bool")

/** Functions of two operands, oc_NAME(graph, a, b, err): name, formula. Comparisons and logic have no gradients. */
#define OC_BINARY_LIST(X) \
    X(add, "a + b") \
    X(sub, "a - b") \
    X(mul, "a * b") \
    X(div, "a / b; of integers towards 0, and 0 for b = 0") \
    X(pow, "a to the power of b") \
    X(max, "the larger, NaN if either is") \
    X(min, "the smaller, NaN if either is") \
    X(prelu, "a if a >= 0 else b a") \
    X(mod, "the remainder that has the sign of b; of integers 0 for b = 0") \
    X(fmod, "the remainder that has the sign of a; of integers 0 for b = 0")

/** Functions of two integers: name, formula. */
#define OC_BITS_LIST(X) \
    X(bit_and, "bits that are set in both") \
    X(bit_or, "bits that are set in either") \
    X(bit_xor, "bits that differ") \
    X(shift_left, "a * 2^b, cut to the type; 0 when shifted by all its bits") \
    X(shift_right, "a / 2^b; 0 when shifted by all its bits")

/** Comparisons, which give bool; NaN is equal to nothing, and neither less nor greater. */
#define OC_COMPARISON_LIST(X) \
    X(equal, "a = b") \
    X(less, "a < b") \
    X(less_equal, "a <= b") \
    X(greater, "a > b") \
    X(greater_equal, "a >= b")

/** Logic, of bool. */
#define OC_LOGIC_LIST(X) \
    X(logical_and, "both") \
    X(logical_or, "either") \
    X(logical_xor, "one of them")

OC_BEGIN

/* oc_relu(graph, x, err), ... */
#define OC_UNARY_DECLARE(name, text) OC_EXPORT oc_value *oc_##name(oc_graph *graph, oc_value *x, oc_error *err);
OC_UNARY_LIST(OC_UNARY_DECLARE)
#undef OC_UNARY_DECLARE
/** The natural logarithm: the op "log"; minus infinity of 0, NaN below. */
OC_EXPORT oc_value *oc_ln(oc_graph *graph, oc_value *x, oc_error *err);
/** x where x >= 0, alpha * x elsewhere (Maas et al. 2013); alpha is any number. */
OC_EXPORT oc_value *oc_leaky_relu(oc_graph *graph, oc_value *x, float alpha, oc_error *err);
/** x held in [low, high], either of which may be infinite; where low > high, high. No gradient goes to what is held. */
OC_EXPORT oc_value *oc_clip(oc_graph *graph, oc_value *x, float low, float high, oc_error *err);

/**
 * A function of one operand by its op's name, with its parameters.
 * @param name from either list of functions of one operand; another is OC_ERROR_INVALID.
 * @param params NULL: zeros. @return the shape of x; its type, but for those that give bool.
 */
OC_EXPORT oc_value *oc_unary(oc_graph *graph, const char *name, oc_value *x, const oc_eltwise_params *params, oc_error *err);
/** Whether x (floating-point) is NaN: bool, false for infinities. */
OC_EXPORT oc_value *oc_is_nan(oc_graph *graph, oc_value *x, oc_error *err);
/** The opposite of a bool. */
OC_EXPORT oc_value *oc_logical_not(oc_graph *graph, oc_value *x, oc_error *err);
/**
 * Elements of x where the condition is true, of y elsewhere; all three are broadcast. What is not taken does not matter,
 * not even NaN, neither for the result nor for the gradients of x and y.
 * @param condition bool. @param x, y of one type, any.
 */
OC_EXPORT oc_value *oc_where(oc_graph *graph, oc_value *condition, oc_value *x, oc_value *y, oc_error *err);

/* oc_add(graph, a, b, err), ... */
#define OC_BINARY_DECLARE(name, text) OC_EXPORT oc_value *oc_##name(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err);
OC_BINARY_LIST(OC_BINARY_DECLARE)
OC_BITS_LIST(OC_BINARY_DECLARE)
OC_COMPARISON_LIST(OC_BINARY_DECLARE)
OC_LOGIC_LIST(OC_BINARY_DECLARE)
#undef OC_BINARY_DECLARE

OC_END

#endif
