/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/random.h
 * Random numbers: Philox 4x32-10, counter-based on the global index of the element, so that the same seed gives the same
 * numbers on every device and every split (normal ones up to the device's rounding of logarithm and cosine). Ops: "dropout" (x,
 * counter), "random_uniform" and "random_normal" (counter, like), and "counter_next" (counter), which adds 1 to the number of the
 * run. A counter is (2) of i64: the seed and the number of the run; a frozen state such as oc_graph_random_counter(). A stream is
 * one of the independent sequences; what draws on its own needs one of its own.
 */
#ifndef OCELLI_OP_RANDOM_H
#define OCELLI_OP_RANDOM_H

#include <ocelli/graph.h>
#include <ocelli/op/matmul.h>

/** How much is dropped. */
typedef struct oc_dropout_params {
    float ratio;    /**< Probability that an element becomes 0, in [0, 1); the others are divided by 1 - ratio. */
    int64_t stream; /**< Which of the independent sequences; each dropout of a graph needs one of its own. */
} oc_dropout_params;
/** Named arguments: &oc_dropout_params(.ratio = 0.5f). */
#define oc_dropout_params(...) ((oc_dropout_params){__VA_ARGS__})

/** What is drawn, and how much of it. */
typedef struct oc_random_params {
    float from;     /**< Uniform: the least number. Normal: the mean. */
    float to;       /**< Uniform: the number above all. Normal: the standard deviation. */
    int64_t stream; /**< Which of the independent sequences. */
} oc_random_params;
/** Named arguments: &oc_random_params(.from = -1, .to = 1). */
#define oc_random_params(...) ((oc_random_params){__VA_ARGS__})

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

/** Uniform numbers in [from, to), in shape and type (floating-point) of `like`. @param params NULL: [0, 1), stream 0. */
OC_EXPORT oc_value *oc_random_uniform(oc_graph *graph, oc_value *like, oc_value *counter, const oc_random_params *params,
                                      oc_error *err);
/** Normal numbers, likewise (Box and Muller 1958). @param params NULL: mean 0, deviation 1, stream 0. */
OC_EXPORT oc_value *oc_random_normal(oc_graph *graph, oc_value *like, oc_value *counter, const oc_random_params *params,
                                     oc_error *err);
/** 1 with the probability that an element is, else 0; of its type. No gradient goes back. */
OC_EXPORT oc_value *oc_bernoulli(oc_graph *graph, oc_value *probabilities, oc_value *counter, int64_t stream, oc_error *err);
/** x plus normal numbers of mean 0. */
OC_EXPORT oc_value *oc_gaussian_noise(oc_graph *graph, oc_value *x, oc_value *counter, double deviation, int64_t stream,
                                      oc_error *err);
/** A normal number for each mean and logarithm of a variance, through which gradients go (Kingma and Welling 2014). */
OC_EXPORT oc_value *oc_sample_gaussian(oc_graph *graph, oc_value *mean, oc_value *log_variance, oc_value *counter, int64_t stream,
                                       oc_error *err);
/**
 * x where x >= 0, elsewhere x times a slope drawn from [low, high) for each element (Xu et al. 2015).
 * @param counter NULL: evaluation, where the slope is (low + high) / 2.
 */
OC_EXPORT oc_value *oc_random_relu(oc_graph *graph, oc_value *x, oc_value *counter, double low, double high, int64_t stream,
                                   oc_error *err);
/** Dropout of whole channels (Tompson et al. 2015). @param x (N, C, spatial...). */
OC_EXPORT oc_value *oc_spatial_dropout(oc_graph *graph, oc_value *x, oc_value *counter, const oc_dropout_params *params,
                                       oc_error *err);
/**
 * A fully connected layer some of whose connections are left out (Wan et al. 2013), the others divided by 1 - ratio.
 * @param src, weights, bias, product as of oc_linear().
 */
OC_EXPORT oc_value *oc_drop_connect(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias, oc_value *counter,
                                    const oc_matmul_params *product, const oc_dropout_params *params, oc_error *err);

OC_END

#endif
