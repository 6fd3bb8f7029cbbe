/* SPDX-License-Identifier: Apache-2.0 */
/* Random functions that are made of nodes. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/shape.h>

#include "op/random.h"

typedef oc_value V;

static V *number(oc_graph *graph, const V *like, double value, oc_error *err) {
    return like ? oc_graph_scalar(graph, like->dtype, value, err) : NULL;
}

V *oc_bernoulli(oc_graph *graph, V *probabilities, V *counter, int64_t stream, oc_error *err) {
    if (!probabilities)
        return oc__graph_pass_error(graph, err);
    V *drawn = oc_random_uniform(graph, probabilities, counter, &oc_random_params(.to = 1, .stream = stream), err);
    return oc_cast(graph, oc_less(graph, drawn, probabilities, err), probabilities->dtype, err);
}

V *oc_gaussian_noise(oc_graph *graph, V *x, V *counter, double deviation, int64_t stream, oc_error *err) {
    const oc_random_params params = {.to = (float)deviation, .stream = stream};
    return oc_add(graph, x, oc_random_normal(graph, x, counter, &params, err), err);
}

V *oc_sample_gaussian(oc_graph *graph, V *mean, V *log_variance, V *counter, int64_t stream, oc_error *err) {
    V *drawn = oc_random_normal(graph, mean, counter, &oc_random_params(.to = 1, .stream = stream), err);
    V *deviation = oc_exp(graph, oc_mul(graph, log_variance, number(graph, log_variance, 0.5, err), err), err);
    return oc_add(graph, mean, oc_mul(graph, deviation, drawn, err), err);
}

V *oc_random_relu(oc_graph *graph, V *x, V *counter, double low, double high, int64_t stream, oc_error *err) {
    if (!counter)
        return oc_leaky_relu(graph, x, (float)((low + high) / 2), err);
    const oc_random_params params = {(float)low, (float)high, stream};
    return oc_prelu(graph, x, oc_random_uniform(graph, x, counter, &params, err), err);
}

/* One number for each image and channel. */
V *oc_spatial_dropout(oc_graph *graph, V *x, V *counter, const oc_dropout_params *params, oc_error *err) {
    oc_slice_params first = {.begin = {0}};
    if (!x)
        return oc__graph_pass_error(graph, err);
    for (int i = 2; i < x->shape.rank; i++)
        first.end[i] = first.step[i] = 1;
    V *corner = oc_slice(graph, x, &first, err);
    V *ones = oc__node2(graph, &oc__op_broadcast_like, NULL, number(graph, x, 1, err), corner, err);
    return oc_mul(graph, x, oc_dropout(graph, ones, counter, params, err), err);
}

V *oc_drop_connect(oc_graph *graph, V *src, V *weights, V *bias, V *counter, const oc_matmul_params *product,
                   const oc_dropout_params *params, oc_error *err) {
    return oc_linear(graph, src, oc_dropout(graph, weights, counter, params, err), bias, product, err);
}
