/* SPDX-License-Identifier: Apache-2.0 */
/* Known networks, a function each. */
#include <ocelli/net.h>
#include <ocelli/op/conv.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>
#include <stdio.h>

#include "base/base.h"

/* Weights after Glorot and Bengio, bias zero. */
static void parameters(oc_graph *graph, const char *name, const oc_shape *shape, oc_value **weights, oc_value **bias, oc_error *err) {
    char text[64];
    oc_init init = oc_init_params(OC_INIT_XAVIER, .transposed = true);
    snprintf(text, sizeof(text), "%s.weight", name);
    *weights = oc_graph_state(graph, text, OC_F32, shape, &init, err);
    snprintf(text, sizeof(text), "%s.bias", name);
    *bias = oc_graph_state(graph, text, OC_F32, &OC_SHAPE(shape->dims[0]), NULL, err);
}

static oc_value *conv_block(oc_graph *graph, oc_value *x, const char *name, int64_t in, int64_t out, int64_t pad, oc_error *err) {
    oc_value *weights, *bias;
    parameters(graph, name, &OC_SHAPE(out, in, 5, 5), &weights, &bias, err);
    oc_conv_params conv = oc_conv_params(.pad_begin = {pad, pad}, .pad_end = {pad, pad});
    oc_pool_params pool = oc_pool_params(.kernel = {2, 2}, .stride = {2, 2});
    x = oc_relu(graph, oc_conv2d(graph, x, weights, bias, &conv, err), err);
    return oc_max_pool2d(graph, x, &pool, NULL, err);
}

static oc_value *dense(oc_graph *graph, oc_value *x, const char *name, int64_t in, int64_t out, oc_error *err) {
    oc_value *weights, *bias;
    parameters(graph, name, &OC_SHAPE(out, in), &weights, &bias, err);
    return oc_linear(graph, x, weights, bias, &oc_matmul_params(.trans_b = true), err);
}

oc_value *oc_net_lenet5(oc_graph *graph, oc_value *x, oc_error *err) {
    x = conv_block(graph, x, "conv1", 1, 6, 2, err);
    x = conv_block(graph, x, "conv2", 6, 16, 0, err);
    x = oc_flatten(graph, x, 1, err);
    x = oc_relu(graph, dense(graph, x, "fc1", 400, 120, err), err);
    x = oc_relu(graph, dense(graph, x, "fc2", 120, 84, err), err);
    return dense(graph, x, "fc3", 84, 10, err);
}

oc_value *oc_net_mlp(oc_graph *graph, oc_value *x, const int64_t *sizes, size_t count, oc_error *err) {
    char name[32];
    for (size_t i = 1; i < count; i++) {
        snprintf(name, sizeof(name), "fc%zu", i);
        x = dense(graph, x, name, sizes[i - 1], sizes[i], err);
        x = i + 1 < count ? oc_relu(graph, x, err) : x;
    }
    return x;
}
