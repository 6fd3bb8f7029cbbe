/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/eltwise.h
 * Elementwise functions of one and of two tensors. Each is an op of the name in the list ("relu", "add", …).
 *
 * Two operands are broadcast as numpy does: axes are aligned at the end, and an axis of size 1, or a missing one, is repeated.
 */
#ifndef OCELLI_OP_ELTWISE_H
#define OCELLI_OP_ELTWISE_H

#include <ocelli/graph.h>

/** Parameters of the functions that have any; unused ones are ignored. */
typedef struct oc_eltwise_params {
    float alpha; /**< leaky_relu: the slope below zero. clip: the lower bound. */
    float beta;  /**< clip: the upper bound. */
} oc_eltwise_params;
/** Named arguments: &oc_eltwise_params(.alpha = 0.01f). */
#define oc_eltwise_params(...) ((oc_eltwise_params){__VA_ARGS__})

/** Functions of one operand: name, formula. NaN stays NaN through all of them. */
#define OC_UNARY_LIST(X) \
    X(relu, "max(x, 0)") \
    X(leaky_relu, "x if x >= 0 else alpha * x") \
    X(sigmoid, "1 / (1 + exp(-x))") \
    X(tanh, "tanh(x)") \
    X(exp, "exp(x)") \
    X(log, "natural logarithm") \
    X(sqrt, "square root") \
    X(neg, "-x") \
    X(abs, "|x|") \
    X(reciprocal, "1 / x") \
    X(clip, "min(max(x, alpha), beta)")

/** Functions of two operands: name, formula. */
#define OC_BINARY_LIST(X) \
    X(add, "a + b") \
    X(sub, "a - b") \
    X(mul, "a * b") \
    X(div, "a / b") \
    X(pow, "a to the power of b") \
    X(max, "the larger, NaN if either is") \
    X(min, "the smaller, NaN if either is")

OC_BEGIN

/* oc_relu(graph, x, err), oc_sigmoid(...), ...; leaky_relu and clip have forms of their own below. */
#define OC_UNARY_DECLARE(name) OC_EXPORT oc_value *oc_##name(oc_graph *graph, oc_value *x, oc_error *err);
OC_UNARY_DECLARE(relu)
OC_UNARY_DECLARE(sigmoid)
OC_UNARY_DECLARE(tanh)
OC_UNARY_DECLARE(exp)

OC_UNARY_DECLARE(sqrt)
OC_UNARY_DECLARE(neg)
OC_UNARY_DECLARE(abs)
OC_UNARY_DECLARE(reciprocal)
#undef OC_UNARY_DECLARE
/** The natural logarithm: the op "log". */
OC_EXPORT oc_value *oc_ln(oc_graph *graph, oc_value *x, oc_error *err);
/** x where x >= 0, alpha * x elsewhere. */
OC_EXPORT oc_value *oc_leaky_relu(oc_graph *graph, oc_value *x, float alpha, oc_error *err);
/** x held in [low, high]. */
OC_EXPORT oc_value *oc_clip(oc_graph *graph, oc_value *x, float low, float high, oc_error *err);

/* oc_add(graph, a, b, err), ... */
#define OC_BINARY_DECLARE(name, text) OC_EXPORT oc_value *oc_##name(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err);
OC_BINARY_LIST(OC_BINARY_DECLARE)
#undef OC_BINARY_DECLARE

OC_END

#endif
