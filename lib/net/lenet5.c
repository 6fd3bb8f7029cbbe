/* SPDX-License-Identifier: Apache-2.0 */
#include "net/parts.h"

static oc_value *build(oc__parts *p, oc_value *x) {
    int64_t pad = oc__parts_size(p, x, 2) == 28 ? 2 : 0;
    p->conv = p->dense = (oc_init){.kind = OC_INIT_XAVIER};
    x = oc__parts_relu(p, OC_CONV(p, x, "conv1", 6, 5, .pad = pad));
    x = oc__parts_max_pool(p, x, 2, 2, 0, false);
    x = oc__parts_relu(p, OC_CONV(p, x, "conv2", 16, 5));
    x = oc_flatten(p->graph, oc__parts_max_pool(p, x, 2, 2, 0, false), 1, p->err);
    x = oc__parts_relu(p, oc__parts_dense(p, x, "fc1", 120));
    x = oc__parts_relu(p, oc__parts_dense(p, x, "fc2", 84));
    return oc__parts_dense(p, x, "fc3", p->params->outputs);
}

oc_value *oc_net_lenet5(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc_net_build(graph, "lenet5", x, NULL, err);
}

const oc__net oc__net_lenet5 = {
    {"lenet5", "LeNet-5", "LeCun, Bottou, Bengio and Haffner 1998, with ReLU and max pooling; images of 28 by 28 are padded by 2",
     {3, {1, 32, 32}}, 10, 61706, false},
    build, NULL};
