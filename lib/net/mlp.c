/* SPDX-License-Identifier: Apache-2.0 */
/* Multi-layer perceptrons. */
#include "net/parts.h"

static oc_value *layers(oc__parts *p, oc_value *x, const int64_t *sizes, size_t count) {
    for (size_t i = 1; i < count; i++) {
        x = oc__parts_dense(p, x, oc__parts_name(p, "fc%zu", i), sizes[i]);
        x = i + 1 < count ? oc__parts_relu(p, x) : x;
    }
    return x;
}

oc_value *oc_net_mlp(oc_graph *graph, oc_value *x, const int64_t *sizes, size_t count, oc_error *err) {
    const oc_net_params params = {.outputs = count ? sizes[count - 1] : 1};
    oc__parts p = {.graph = graph, .err = err, .params = &params, .dense = {.kind = OC_INIT_XAVIER}, .prefix = ""};
    if (x && (count < 2 || x->shape.rank != 2 || x->shape.dims[1] != sizes[0]))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "a perceptron needs at least two sizes, the first being that of its input's axis 1");
    return layers(&p, x, sizes, count);
}

static oc_value *build(oc__parts *p, oc_value *x) {
    const int64_t sizes[] = {0, 16, 16, p->params->outputs};
    p->dense = (oc_init){.kind = OC_INIT_XAVIER};
    return layers(p, x, sizes, 4);
}

const oc__net oc__net_mlp = {
    {"mlp", "MLP 784-16-16-10", "a perceptron with two hidden layers of 16 and ReLU; weights after Glorot and Bengio 2010",
     {1, {784}}, 10, 13002, false},
    build, NULL};
