/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients, the optimizer's states, and fused updates: what a step of training adds to a graph. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/shape.h>
#include <ocelli/train.h>
#include <string.h>

#include "graph/graph.h"
#include "op/update.h"
#include "train/minimize.h"

#define UPDATE_ELEMENTS (1 << 19) /* of a fused update, unless one parameter has more */

void oc_optimizer_hyper(const oc_optimizer *o, int64_t step, float hyper[OC_HYPER_COUNT]) {
    bool adagrad = o->kind == OC_ADAGRAD;
    float lr = adagrad ? (float)(o->lr / (1 + (double)(step - 1) * o->lr_decay)) : o->lr;
    const float values[OC_HYPER_COUNT] = {lr, o->momentum, o->weight_decay, o->beta1 != 0 ? o->beta1 : 0.9f,
                                          o->beta2 != 0 ? o->beta2 : o->kind == OC_RMSPROP ? 0.99f : 0.999f,
                                          o->epsilon != 0 ? o->epsilon : adagrad ? 1e-10f : 1e-8f, (float)step, 1, o->l1};
    memcpy(hyper, values, sizeof(values));
}

typedef struct builder {
    oc_graph *graph;
    oc_value **trainable;
    int count;
} builder;

static oc_status find_trainable(builder *b, oc_error *err) {
    oc_graph *graph = b->graph;
    b->trainable = oc__arena_alloc(&graph->arena, sizeof(*b->trainable) * OC_MAX(graph->state_count, (size_t)1));
    if (!b->trainable)
        return oc__fail_memory(graph->context, err, graph->state_count * sizeof(*b->trainable));
    for (size_t i = 0; i < graph->state_count; i++)
        if (!graph->states[i]->init.frozen && graph->states[i]->dtype == OC_F32)
            b->trainable[b->count++] = graph->states[i];
    return b->count ? OC_OK : oc__fail(graph->context, err, OC_ERROR_INVALID, "the graph has no trainable state");
}

/* Frozen zeros beside each parameter: "optimizer.m.conv1.weight". */
static oc_status add_moments(builder *b, const char *kind, oc_value **out, oc_error *err) {
    for (int i = 0; i < b->count; i++) {
        const oc_value *parameter = b->trainable[i];
        const char *name = oc__arena_printf(&b->graph->arena, "optimizer.%s.%s", kind, parameter->name);
        oc_init init = oc_init_params(.frozen = true);
        out[i] = name ? oc_graph_state(b->graph, name, OC_F32, &parameter->shape, &init, err) : NULL;
        if (!out[i])
            return name ? b->graph->error.status : oc__fail_memory(b->graph->context, err, 64);
    }
    return OC_OK;
}

/* One fused update of parameters `first` to `end`; moments[kind * count + i] are all of them. */
static oc_status add_update(builder *b, const oc_optimizer *optimizer, oc_value *hyper, oc_value *const *gradients,
                            oc_value *const *moments, int first, int end, oc_error *err) {
    oc_graph *graph = b->graph;
    const oc__update_rule *rule = &oc__update_rules[optimizer->kind];
    int n = end - first, operands = 1 + rule->kinds * n, results = (rule->kinds - 1) * n;
    oc_value **in = oc__arena_alloc(&graph->arena, sizeof(*in) * (size_t)(operands + results)), **out = in + operands;
    if (!in)
        return oc__fail_memory(graph->context, err, sizeof(*in) * (size_t)operands);
    in[0] = hyper;
    memcpy(in + 1, b->trainable + first, sizeof(*in) * (size_t)n);
    memcpy(in + 1 + n, gradients + first, sizeof(*in) * (size_t)n);
    for (int kind = 2; kind < rule->kinds; kind++)
        memcpy(in + 1 + kind * n, moments + (kind - 2) * b->count + first, sizeof(*in) * (size_t)n);
    oc__update_params params = {.count = n, .nesterov = optimizer->nesterov && optimizer->kind == OC_SGD, .l1 = optimizer->l1 != 0};
    OC_TRY(oc__graph_node(graph, rule->op, &params, in, operands, out, results, err));
    for (int i = 0; i < n; i++)
        OC_TRY(oc_graph_update(graph, in[1 + i], out[i], err));
    for (int i = 0; i < results - n; i++)
        OC_TRY(oc_graph_update(graph, in[1 + 2 * n + i], out[n + i], err));
    return OC_OK;
}

/* Where the fused update that begins with parameter `first` ends: several devices can share the work, and none takes long. */
static int end_of_update(const builder *b, int first) {
    int64_t elements = oc_shape_count(&b->trainable[first++]->shape);
    while (first < b->count && (elements += oc_shape_count(&b->trainable[first]->shape)) <= UPDATE_ELEMENTS)
        first++;
    return first;
}

static oc_status add_updates(builder *b, const oc_optimizer *optimizer, oc_value **gradients, oc_error *err) {
    oc_graph *graph = b->graph;
    const oc__update_rule *rule = &oc__update_rules[optimizer->kind];
    oc_value **moments = oc__arena_alloc(&graph->arena, sizeof(*moments) * (size_t)(rule->kinds * b->count));
    if (!moments)
        return oc__fail_memory(graph->context, err, sizeof(*moments) * (size_t)(rule->kinds * b->count));
    oc_value *hyper = oc_graph_input(graph, OC_HYPER_NAME, OC_F32, &OC_SHAPE(OC_HYPER_COUNT), err);
    hyper = oc__clip_gradients(graph, optimizer, hyper, gradients, b->count, err);
    if (!hyper)
        return graph->error.status;
    for (int i = 0; i < rule->kinds - 2; i++)
        OC_TRY(add_moments(b, rule->moments[i], moments + i * b->count, err));
    for (int first = 0, end; first < b->count; first = end) {
        end = end_of_update(b, first);
        OC_TRY(add_update(b, optimizer, hyper, gradients, moments, first, end, err));
    }
    return OC_OK;
}

/* Gradients become sums with those of the runs before; the states take them, or zeros where they are used up. */
static oc_status add_sums(builder *b, bool used, oc_value **gradients, oc_error *err) {
    oc_graph *graph = b->graph;
    oc_value **sums = oc__arena_alloc(&graph->arena, sizeof(*sums) * (size_t)b->count);
    if (!sums)
        return oc__fail_memory(graph->context, err, sizeof(*sums) * (size_t)b->count);
    OC_TRY(add_moments(b, "gradient", sums, err));
    for (int i = 0; i < b->count; i++) {
        gradients[i] = oc_add(graph, sums[i], gradients[i], err);
        oc_value *zero = used ? oc_expand(graph, oc_graph_scalar(graph, OC_F32, 0, err), &sums[i]->shape, err) : NULL;
        OC_TRY(oc_graph_update(graph, sums[i], used ? zero : gradients[i], err));
    }
    return OC_OK;
}

oc_status oc__minimize(oc_graph *graph, oc_value *loss, const oc_optimizer *optimizer, oc__minimize_kind kind, oc_value **gradients,
                       oc_error *err) {
    if (!loss) {
        oc__graph_pass_error(graph, err);
        return graph->error.status;
    }
    builder b = {.graph = graph};
    if ((unsigned)optimizer->kind >= OC_UPDATE_RULES)
        return oc__fail(graph->context, err, OC_ERROR_INVALID, "%d is no kind of optimizer", (int)optimizer->kind);
    OC_TRY(find_trainable(&b, err));
    oc_value **own = oc__arena_alloc(&graph->arena, sizeof(*own) * (size_t)b.count);
    if (!own)
        return oc__fail_memory(graph->context, err, sizeof(*own) * (size_t)b.count);
    OC_TRY(oc_graph_gradients(graph, loss, b.trainable, (size_t)b.count, own, err));
    if (kind != OC_MINIMIZE_NOW)
        OC_TRY(add_sums(&b, kind == OC_MINIMIZE_GATHERED, own, err));
    if (gradients)
        memcpy(gradients, own, sizeof(*own) * (size_t)b.count);
    return kind == OC_MINIMIZE_GATHER ? OC_OK : add_updates(&b, optimizer, own, err);
}

oc_status oc_minimize(oc_graph *graph, oc_value *loss, const oc_optimizer *optimizer, oc_value **gradients, oc_error *err) {
    return oc__minimize(graph, loss, optimizer, OC_MINIMIZE_NOW, gradients, err);
}
