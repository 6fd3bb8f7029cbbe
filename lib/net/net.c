/* SPDX-License-Identifier: Apache-2.0 */
/* The table of known networks. */
#include <string.h>

#include "net/parts.h"

static const oc__net *const nets[] = {
#define OC_NET(name) &oc__net_##name,
#include "net/nets.def"
#undef OC_NET
};

oc_net_info oc_net_get_info(size_t index) {
    return index < OC_COUNT(nets) ? nets[index]->info : (oc_net_info){0};
}

int64_t oc_net_find(const char *name) {
    for (size_t i = 0; name && i < OC_COUNT(nets); i++)
        if (!strcmp(nets[i]->info.name, name))
            return (int64_t)i;
    return -1;
}

/* What a network made, passed on unless something in it has no elements. */
static oc_value *check_sizes(const oc__net *net, oc_graph *graph, size_t before, oc_value *y, oc_error *err) {
    for (size_t i = before; y && i < graph->value_count; i++)
        for (int k = 0; k < graph->values[i]->shape.rank; k++)
            if (graph->values[i]->shape.dims[k] == 0)
                return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "network %s: the images are too small for its layers", net->info.name);
    return y;
}

oc_value *oc_net_build(oc_graph *graph, const char *name, oc_value *x, const oc_net_params *params, oc_error *err) {
    int64_t index = oc_net_find(name);
    if (index < 0)
        return oc__graph_fail(graph, err, OC_ERROR_NOT_FOUND, "there is no known network '%s'", name ? name : "");
    if (!x)
        return oc__graph_pass_error(graph, err);
    const oc__net *net = nets[index];
    oc_net_params own = params ? *params : (oc_net_params){0};
    own.outputs = own.outputs ? own.outputs : net->info.outputs;
    if (own.outputs < 1)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "network %s: %lld outputs are not possible", name, (long long)own.outputs);
    if (x->shape.rank != net->info.input.rank + 1)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "network %s: its input has %d axes, this one %d", name, net->info.input.rank + 1,
                              x->shape.rank);
    own.auxiliary = own.auxiliary && net->info.auxiliary;
    oc__parts parts = {.graph = graph, .err = err, .params = &own, .variant = net->variant, .prefix = "",
                       .conv = {.kind = OC_INIT_HE}, .dense = {.kind = OC_INIT_FAN_IN}};
    size_t before = graph->value_count;
    return check_sizes(net, graph, before, net->build(&parts, x), err);
}
