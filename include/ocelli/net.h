/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file net.h
 * Known networks, built in C: each function adds a network to a graph and returns its logits.
 */
#ifndef OCELLI_NET_H
#define OCELLI_NET_H

#include <ocelli/graph.h>

OC_BEGIN

/**
 * LeNet-5 in its modern form (LeCun et al. 1998, with ReLU and max pooling): convolutions 1-6 (5x5, padding 2) and 6-16 (5x5),
 * each with ReLU and 2x2 pooling; fully connected 400-120-84-10. States are named conv1.weight … fc3.bias as in PyTorch.
 * @param x (N, 1, 28, 28).
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
