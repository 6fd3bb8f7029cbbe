/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file net.h
 * Known networks, built in C: each adds its layers to a graph and returns its logits.
 *
 *     oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(oc_graph_symbol(graph, "N"), 3, 224, 224), err);
 *     oc_graph_output(graph, "logits", oc_net_build(graph, "resnet18", x, NULL, err), err);
 *
 * Parameters are states with the names and shapes that torchvision gives them, where it has the network, so its weights fit.
 * They begin as the network's paper, or torchvision, has it.
 */
#ifndef OCELLI_NET_H
#define OCELLI_NET_H

#include <ocelli/graph.h>

/** What is known of a network before it is built. */
typedef struct oc_net_info {
    const char *name;   /**< "resnet18"; NULL past the end of the table. */
    const char *title;  /**< "ResNet-18". */
    const char *source; /**< The paper, and what differs from it. */
    oc_shape input;     /**< Of one sample: (channels, height, width), or (elements). */
    int64_t outputs;    /**< Classes, or channels of the result. */
    int64_t parameters; /**< Elements of all trainable states for this input and these outputs, without auxiliary heads. */
    bool auxiliary;     /**< It has auxiliary heads. */
} oc_net_info;

/** How to build a network; a field that is zero has its default. */
typedef struct oc_net_params {
    int64_t outputs; /**< Classes, or channels of the result. Default (0): oc_net_info.outputs. */
    bool training;   /**< Batch normalization by the batch's statistics, which update the running ones; dropout drops. Plans with
                      * oc_plan_params.inference use such a graph for evaluation. Default: the form for inference. */
    bool auxiliary;  /**< Add the auxiliary heads, as the outputs "aux1", "aux2". */
} oc_net_params;
/** Named arguments: &oc_net_params(.outputs = 10). */
#define oc_net_params(...) ((oc_net_params){__VA_ARGS__})

OC_BEGIN

/** The networks by number, from 0. */
OC_EXPORT oc_net_info oc_net_get_info(size_t index);
/** The number of the network of that name, or -1. */
OC_EXPORT int64_t oc_net_find(const char *name);
/**
 * Adds a known network.
 * @param name of the table.
 * @param x f32, (N, channels, height, width) or (N, elements); its channels and sizes must be numbers. Other sizes than
 *        oc_net_info.input are possible as far as they fit through the layers; fully connected ones then have other sizes too.
 * @param params NULL: defaults.
 * @return the logits (N, outputs); of segmentation (N, outputs, height, width); of a generator or autoencoder, images. NULL on failure.
 */
OC_EXPORT oc_value *oc_net_build(oc_graph *graph, const char *name, oc_value *x, const oc_net_params *params, oc_error *err);


/**
 * LeNet-5 in its modern form (LeCun et al. 1998, with ReLU and max pooling): convolutions 1-6 (5x5, padding 2) and 6-16 (5x5),
 * each with ReLU and 2x2 pooling; fully connected 400-120-84-10. States are named conv1.weight … fc3.bias as in PyTorch.
 * @param x (N, 1, 28, 28); or (N, 1, 32, 32), which is not padded.
 * @return logits (N, 10).
 */
OC_EXPORT oc_value *oc_net_lenet5(oc_graph *graph, oc_value *x, oc_error *err);

/**
 * A multi-layer perceptron with ReLU between its layers. States are named fc1.weight, fc1.bias, …, weights (out, in).
 * @param x (N, sizes[0]). @param sizes of the layers, inputs first. @param count at least 2.
 * @return logits (N, sizes[count - 1]).
 */
OC_EXPORT oc_value *oc_net_mlp(oc_graph *graph, oc_value *x, const int64_t *sizes, size_t count, oc_error *err);

OC_END

#endif
