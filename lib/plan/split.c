/* SPDX-License-Identifier: Apache-2.0 */
/* The batch cut in proportion to speed: every device has the whole graph, for its share of the rows. */
#include "plan/parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BATCH "ocelli.batch"

int64_t oc__split_batch(const oc_graph *graph) {
    int64_t batch = graph->input_count && graph->inputs[0]->shape.rank ? graph->inputs[0]->shape.dims[0] : 0;
    for (size_t i = 1; i < graph->input_count; i++)
        if (!graph->inputs[i]->shape.rank || graph->inputs[i]->shape.dims[0] != batch)
            return 0;
    return batch;
}

/* What a device takes for `rows` of `batch` rows: its launches cost the same for any number. */
static double seconds_for(const oc_plan *plan, const oc__groups *groups, size_t d, int64_t rows, int64_t batch) {
    const oc__speed *speed = &plan->parts->machine.speeds[d];
    double all = oc__placement_single(&groups->placement, (int32_t)d);
    double fixed = fmin((double)plan->graph->node_count * speed->launch + speed->wait, all);
    return rows ? fixed + (all - fixed) * (double)rows / (double)batch : 0;
}

double oc__split_predict(const oc_plan *plan, const oc__groups *groups, int64_t batch, int64_t *shares) {
    size_t devices = (size_t)plan->device_count;
    memset(shares, 0, devices * sizeof(*shares));
    double most = 0;
    for (int64_t row = 0; row < batch; row++) {
        size_t best = 0;
        double least = INFINITY;
        for (size_t d = 0; d < devices; d++) {
            double seconds = seconds_for(plan, groups, d, shares[d] + 1, batch);
            if (plan->params.shares)
                seconds = plan->params.shares[d] > 0 ? (double)(shares[d] + 1) / plan->params.shares[d] : INFINITY;
            if (seconds < least) {
                least = seconds;
                best = d;
            }
        }
        shares[best]++;
    }
    for (size_t d = 0; d < devices; d++)
        most = fmax(most, seconds_for(plan, groups, d, shares[d], batch));
    return batch > 1 ? most : INFINITY;
}

/* The graph with its batch a symbol again, if its shapes follow that. */
static oc_status with_symbol(oc_plan *plan, const oc_graph *original, oc_graph **out, char why[OC_WHY]) {
    const oc_plan_params *p = &plan->params;
    oc_error own = {0};
    oc__copy_params copy = {.bind = true, .dims = p->dims, .dim_count = p->dim_count, .default_dim = p->default_dim,
                            .outputs = p->output_count ? p->outputs : NULL, .output_count = p->output_count,
                            .no_updates = p->no_updates, .batch = BATCH};
    oc_status status = oc__graph_copy(out, original, &copy, &own);
    if (status == OC_OK && p->inference)
        status = oc__pass_inference(*out, &own);
    if (status != OC_OK)
        snprintf(why, OC_WHY, "%.180s", own.text);
    return status;
}

static bool all_can_be_cut(const oc_graph *graph, int64_t symbol, char why[OC_WHY]) {
    for (size_t i = 0; i < graph->node_count; i++)
        if (!oc__batch_can_be_cut(graph->nodes[i], symbol, why))
            return false;
    for (size_t i = 0; i < graph->output_count; i++) {
        const oc_shape *shape = &graph->outputs[i].value->shape;
        if (!shape->rank || shape->dims[0] != symbol) {
            snprintf(why, OC_WHY, "output %.80s has no batch axis in front", graph->outputs[i].name);
            return false;
        }
    }
    for (size_t i = 0; i < graph->state_count; i++)
        if (graph->states[i]->update) {
            snprintf(why, OC_WHY, "the graph changes its state");
            return false;
        }
    return true;
}

static oc_status add_blocks(oc_plan *plan, oc_error *err) {
    for (size_t i = 0; i < plan->output_count; i++) {
        const oc__plan_end *end = &plan->outputs[i];
        plan->parts->output_block[i] = oc__parts_add_block(plan, end->name, end->value->dtype, &end->value->shape, err);
        if (plan->parts->output_block[i] < 0)
            return OC_ERROR_MEMORY;
    }
    return OC_OK;
}

static oc__port *ports_of(oc_plan *plan, const oc__plan_end *ends, size_t count, const int32_t *blocks, int64_t first, int64_t rows) {
    oc__port *ports = oc__arena_alloc(&plan->arena, (count + 1) * sizeof(*ports));
    for (size_t i = 0; ports && i < count; i++)
        ports[i] = (oc__port){ends[i].name, blocks[i], first, rows};
    return ports;
}

static oc_status add_replica(oc_plan *plan, const oc_graph *graph, int32_t device, int64_t first, int64_t rows, oc_error *err) {
    const oc_dim_binding dim = {BATCH, rows};
    oc_plan_params params = oc__part_params(plan);
    params.dims = &dim;
    params.dim_count = 1;
    oc__part *part = oc__parts_add(plan, err);
    if (!part)
        return OC_ERROR_MEMORY;
    part->device = device;
    OC_TRY(oc_plan_create(&part->plan, graph, &plan->devices[device], 1, &params, err));
    part->in = ports_of(plan, plan->inputs, plan->input_count, plan->parts->input_block, first, rows);
    part->out = ports_of(plan, plan->outputs, plan->output_count, plan->parts->output_block, first, rows);
    part->in_count = plan->input_count;
    part->out_count = plan->output_count;
    return part->in && part->out ? OC_OK : oc__fail_memory(plan->context, err, plan->input_count * sizeof(oc__port));
}

static oc_status add_replicas(oc_plan *plan, const oc_graph *graph, int64_t batch, oc_error *err) {
    struct oc__parts *x = plan->parts;
    int64_t first = 0;
    x->policy = "split";
    x->shares = oc__arena_alloc(&plan->arena, (size_t)plan->device_count * sizeof(*x->shares));
    if (!x->shares)
        return oc__fail_memory(plan->context, err, (size_t)plan->device_count * sizeof(*x->shares));
    x->predicted = x->interval = oc__split_predict(plan, &x->groups, batch, x->shares);
    OC_TRY(add_blocks(plan, err));
    for (int d = 0; d < plan->device_count; d++) {
        if (!x->shares[d] || plan->params.forecast)
            continue;
        OC_TRY(add_replica(plan, graph, d, first, x->shares[d], err));
        x->parts[x->part_count - 1].seconds = seconds_for(plan, &x->groups, (size_t)d, x->shares[d], batch);
        first += x->shares[d];
    }
    return OC_OK;
}

oc_status oc__parts_split(oc_plan *plan, const oc_graph *original, bool *possible, char why[OC_WHY], oc_error *err) {
    int64_t batch = oc__split_batch(plan->graph);
    oc_graph *graph = NULL;
    *possible = false;
    if (batch < 2) {
        snprintf(why, OC_WHY, "the inputs have no first axis of one size, of 2 at least");
        return OC_OK;
    }
    if (with_symbol(plan, original, &graph, why) != OC_OK)
        return OC_OK;
    int64_t symbol = oc__symbols_intern(&graph->symbols, BATCH);
    *possible = symbol != INT64_MIN && all_can_be_cut(graph, symbol, why);
    oc_status status = *possible ? add_replicas(plan, graph, batch, err) : OC_OK;
    oc_graph_destroy(&graph);
    return status;
}
