/* SPDX-License-Identifier: Apache-2.0 */
/* The graphs of a check of gradients. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/rig.h"
#include "train/gradcheck.h"

bool oc__gradcheck_checked(const oc_value *state) {
    return !state->init.frozen && oc__is_real(state->dtype);
}

double oc__gradcheck_weight(const oc__gradcheck *c, size_t output, int64_t element) {
    return 2.0 * oc__random_uniform(c->params.seed, 1000 + output, (uint64_t)element) - 1;
}

/* The sum of an output's elements, each with its weight. */
static oc_value *weighted(oc__gradcheck *c, size_t output, oc_error *err) {
    oc_value *y = c->graph->outputs[output].value;
    oc_tensor *weights = NULL;
    oc_error own = {0};
    if (oc_tensor_create(&weights, c->context, NULL, y->dtype, &y->shape, &own) != OC_OK)
        return oc__graph_fail(c->graph, err, own.status, "%s", own.text);
    for (int64_t i = 0; i < oc_tensor_get_count(weights); i++)
        oc__element_set(y->dtype, oc_tensor_get_data(weights), i, oc__gradcheck_weight(c, output, i));
    oc_value *constant = oc_graph_constant(c->graph, NULL, weights, err);
    oc_tensor_destroy(&weights);
    oc_value *sum = oc_reduce_sum(c->graph, oc_mul(c->graph, y, constant, err), NULL, err);
    return sum && sum->dtype != OC_F32 ? oc_cast(c->graph, sum, OC_F32, err) : sum;
}

static oc_status add_loss(oc__gradcheck *c, oc_value **loss, oc_error *err) {
    size_t outputs = c->graph->output_count;
    *loss = NULL;
    for (size_t i = 0; i < outputs; i++) {
        if (!oc__is_real(c->graph->outputs[i].value->dtype))
            continue;
        oc_value *sum = weighted(c, i, err);
        *loss = *loss ? oc_add(c->graph, *loss, sum, err) : sum;
        if (!*loss)
            return c->graph->error.status;
    }
    return *loss ? OC_OK : oc__fail(c->context, err, OC_ERROR_INVALID, "the network has no floating-point output");
}

static oc_status add_gradients(oc__gradcheck *c, oc_error *err) {
    oc_graph *graph = c->graph;
    oc_value *loss, **wrt = oc__arena_alloc(&graph->arena, 2 * sizeof(*wrt) * OC_MAX(graph->state_count, (size_t)1));
    size_t count = 0;
    if (!wrt)
        return oc__fail_memory(c->context, err, 2 * sizeof(*wrt) * graph->state_count);
    for (size_t i = 0; i < graph->state_count; i++)
        if (oc__gradcheck_checked(graph->states[i]))
            wrt[count++] = graph->states[i];
    if (!count)
        return oc__fail(c->context, err, OC_ERROR_INVALID, "the network has no trainable state");
    OC_TRY(add_loss(c, &loss, err));
    OC_TRY(oc_graph_gradients(graph, loss, wrt, count, wrt + count, err));
    for (size_t i = 0; i < count; i++) {
        const char *name = oc__arena_printf(&graph->arena, OC_GRADIENT_PREFIX "%s", wrt[i]->name);
        if (!name)
            return oc__fail_memory(c->context, err, 64);
        OC_TRY(oc_graph_output(graph, name, wrt[count + i], err));
    }
    return OC_OK;
}

oc_status oc__gradcheck_build(oc__gradcheck *c, const oc_graph *network, oc_error *err) {
    const oc__copy_params bound = {.bind = true, .dims = c->params.dims, .dim_count = c->params.dim_count,
                                   .default_dim = c->params.default_dim, .no_updates = true};
    OC_TRY(oc__graph_copy(&c->forward, network, &bound, err));
    OC_TRY(oc__graph_copy(&c->graph, c->forward, &bound, err));
    return add_gradients(c, err);
}
