/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file gradcheck.h
 * Checks the gradients of a network against difference quotients.
 *
 * The loss is the sum of all floating-point outputs, each element with a random weight in -1 … 1; inputs are random too (floats normal,
 * others zero). Each parameter is moved along two directions d: half of its gradient, the other half with a share of a random one; the
 * derivative (gradient times d) is compared with (loss(w + h d) - loss(w - h d)) / 2 h.
 */
#ifndef OCELLI_GRADCHECK_H
#define OCELLI_GRADCHECK_H

#include <ocelli/plan.h>

/** Where losses are computed. */
typedef enum oc_gradcheck_method {
    OC_GRADCHECK_AUTO = 0,  /**< On the host, if that takes less than about a minute. */
    OC_GRADCHECK_HOST = 1,  /**< By the ops' definitions in double precision; the device's gradients are compared with those too. */
    OC_GRADCHECK_DEVICE = 2 /**< On the device, whose rounding and larger steps allow a rough comparison only. */
} oc_gradcheck_method;

/** How to check; a field that is zero has its default. */
typedef struct oc_gradcheck_params {
    const oc_dim_binding *dims; /**< Numbers for symbols. */
    size_t dim_count;           /**< Default: 0. */
    int64_t default_dim;        /**< For symbols not named in dims. Default (0): 2. */
    oc_gradcheck_method method; /**< Default: OC_GRADCHECK_AUTO. */
    uint64_t seed;              /**< Of inputs, weights of the outputs, directions, and states that begin with random values. */
    double tolerance;           /**< Largest error. Default (0): 1e-5 on the host, 5e-2 on the device. */
    double device_tolerance;    /**< Largest device_error. Default (0): 1e-3. */
} oc_gradcheck_params;

/** What was found for a parameter. */
typedef struct oc_gradcheck_row {
    const char *name;     /**< Lives during the report. */
    int64_t count;        /**< Elements. */
    double norm;          /**< Of its gradient. */
    double derivative;    /**< Along the worse of the two directions, by the gradient. */
    double quotient;      /**< The same, by differences of the loss. */
    double error;         /**< |derivative - quotient| / (|derivative| + a share of the largest gradient's norm: 1e-4; on the device 1e-2). */
    double device_error;  /**< Norm of the device's gradient less the host's, over the host's norm and that share; NaN on the device. */
    bool right;           /**< Both errors are within the tolerances. */
} oc_gradcheck_row;

/** Called for each parameter, in the graph's order. */
typedef void (*oc_gradcheck_report)(void *user, const oc_gradcheck_row *row);

OC_BEGIN

/**
 * Checks all trainable states of a graph.
 * @param params NULL: defaults. @param report may be NULL.
 * @param wrong receives the number of parameters that are not right.
 * @return OC_ERROR_UNSUPPORTED if something on the way has no gradient; OC_ERROR_INVALID if there is no floating-point output, or no
 *         trainable state.
 */
OC_EXPORT OC_MUST_USE oc_status oc_gradcheck(oc_device *device, const oc_graph *graph, const oc_gradcheck_params *params,
                                             oc_gradcheck_report report, void *user, size_t *wrong, oc_error *err);

OC_END

#endif
