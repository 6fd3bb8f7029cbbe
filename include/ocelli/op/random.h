/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/random.h
 * Random numbers: Philox 4x32-10, counter-based on the global index of the element, so that the same seed gives the same
 * numbers on every device and every split. Ops: "dropout" (x, counter), and
 * "counter_next" (counter), which adds 1 to the number of the run.
 */
#ifndef OCELLI_OP_RANDOM_H
#define OCELLI_OP_RANDOM_H

#include <ocelli/graph.h>

typedef struct oc_dropout_params {
    float ratio;    /**< Probability that an element becomes 0, in [0, 1); the others are divided by 1 - ratio. */
    int64_t stream; /**< Which of the independent sequences; each dropout of a graph needs one of its own. */
} oc_dropout_params;
/** Named arguments: &oc_dropout_params(.ratio = 0.5f). */
#define oc_dropout_params(...) ((oc_dropout_params){__VA_ARGS__})

OC_BEGIN

/**
 * Dropout (Srivastava et al. 2014) as used in training.
 * @param counter (2) of i64: the seed and the number of the run; a frozen state such as oc_graph_random_counter().
 */
OC_EXPORT oc_value *oc_dropout(oc_graph *graph, oc_value *x, oc_value *counter, const oc_dropout_params *params, oc_error *err);
/**
 * The graph's random counter: the frozen state "random.counter", made at the first call and advanced by each run. A state of this
 * name begins with the oc_state's seed (its lowest 52 bits) and run 0.
 */
OC_EXPORT oc_value *oc_graph_random_counter(oc_graph *graph, oc_error *err);

OC_END

#endif
