/* SPDX-License-Identifier: Apache-2.0 */
/* The batch cut in proportion to speed: every device has the graph for its share of the rows. In training each gives its part of the
 * sums over the batch; these are added in the order of the devices; what follows is after.c's. */
#include "plan/split.h"

#include "graph/sync.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BATCH "ocelli.batch"

/* The first input whose first axis is a symbol; -1: none. */
static int64_t symbolic_input(const oc_graph *graph) {
    for (size_t i = 0; i < graph->input_count; i++)
        if (graph->inputs[i]->shape.rank && graph->inputs[i]->shape.dims[0] < 0)
            return (int64_t)i;
    return -1;
}

int64_t oc__split_batch(const oc_graph *original, const oc_graph *bound) {
    int64_t symbolic = symbolic_input(original);
    if (symbolic >= 0)
        return bound->inputs[symbolic]->shape.dims[0];
    int64_t batch = bound->input_count && bound->inputs[0]->shape.rank ? bound->inputs[0]->shape.dims[0] : 0;
    for (size_t i = 1; i < bound->input_count; i++)
        if (!bound->inputs[i]->shape.rank || bound->inputs[i]->shape.dims[0] != batch)
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
static oc_status with_symbol(oc__splitter *s, const oc_graph *original, char why[OC_WHY]) {
    oc_error own = {0};
    oc__copy_params copy = oc__plan_copy_params(&s->plan->params);
    int64_t symbolic = symbolic_input(original);
    char buffer[24];
    s->symbol = BATCH;
    if (symbolic >= 0)
        s->symbol = copy.keep = oc__symbols_text(&original->symbols, original->inputs[symbolic]->shape.dims[0], buffer);
    else
        copy.batch = BATCH;
    s->symbol = oc__arena_strdup(&s->plan->arena, s->symbol);
    oc_status status = s->symbol ? oc__graph_copy(&s->graph, original, &copy, &own) : OC_ERROR_MEMORY;
    if (status == OC_OK && s->plan->params.inference)
        status = oc__pass_inference(s->graph, &own);
    if (status != OC_OK)
        snprintf(why, OC_WHY, "%.180s", own.text);
    else
        s->size = oc__symbols_intern(&s->graph->symbols, s->symbol);
    return status;
}

void oc__split_want_same(const oc__splitter *s, bool *nodes, const oc_value *value) {
    if (value && value->kind == OC_VALUE_NODE && oc__split_role(s, value) == OC_ROLE_SAME)
        nodes[value->producer->id] = true;
}

static void mark_nodes(oc__splitter *s) {
    for (size_t i = 0; i < s->graph->node_count; i++) {
        oc__role role = oc__split_role(s, s->graph->nodes[i]->out[0]);
        s->first[i] = role == OC_ROLE_ROWS || role == OC_ROLE_LOCAL || role == OC_ROLE_SHARE;
        s->after[i] = role == OC_ROLE_AFTER;
    }
    for (size_t i = 0; i < s->graph->output_count; i++)
        oc__split_want_same(s, s->after, s->graph->outputs[i].value);
    for (size_t i = 0; i < s->graph->state_count; i++)
        oc__split_want_same(s, s->after, s->graph->states[i]->update);
    for (size_t i = s->graph->node_count; i-- > 0;)
        for (int k = 0; k < s->graph->nodes[i]->in_count; k++) {
            if (s->first[i])
                oc__split_want_same(s, s->first, s->graph->nodes[i]->in[k]);
            if (s->after[i])
                oc__split_want_same(s, s->after, s->graph->nodes[i]->in[k]);
        }
}

static void leaves(oc__splitter *s, const oc_value *value) {
    if (value && value->kind == OC_VALUE_NODE)
        (s->first[value->producer->id] && oc__split_role(s, value) != OC_ROLE_SAME ? s->exported : s->exported_after)[value->id] = true;
}

/* From the device that does most of what follows on the sums to one that shares the updates. */
static bool goes_over(const oc__splitter *s, const oc_value *value, size_t to) {
    return value->kind == OC_VALUE_NODE && oc__split_role(s, value) == OC_ROLE_AFTER && s->shared_with[value->producer->id] < 0 &&
           s->shared_with[to] >= 0;
}

static void mark_exports(oc__splitter *s) {
    for (size_t i = 0; i < s->graph->node_count; i++)
        for (int k = 0; s->after[i] && k < s->graph->nodes[i]->in_count; k++) {
            const oc_value *value = s->graph->nodes[i]->in[k];
            if (value && (oc__split_role(s, value) == OC_ROLE_SHARE || goes_over(s, value, i)))
                leaves(s, value);
        }
    for (size_t i = 0; i < s->graph->output_count; i++)
        leaves(s, s->graph->outputs[i].value);
    for (size_t i = 0; i < s->graph->state_count; i++)
        if (s->graph->states[i]->update && oc__split_role(s, s->graph->states[i]->update) == OC_ROLE_SHARE)
            leaves(s, s->graph->states[i]->update);
}

static oc_status add_blocks(oc__splitter *s, oc_error *err) {
    struct oc__parts *x = s->plan->parts;
    for (size_t i = 0; i < s->graph->input_count; i++)
        s->block[s->graph->inputs[i]->id] = x->input_block[i];
    for (size_t i = 0; i < s->graph->value_count; i++) {
        const oc_value *value = s->graph->values[i];
        oc_shape shape = value->shape;
        if (!s->exported[i] && !s->exported_after[i])
            continue;
        if (oc__split_role(s, value) == OC_ROLE_ROWS)
            shape.dims[0] = s->batch;
        s->block[i] = oc__parts_add_block(s->plan, value->name, value->dtype, &shape, err);
        if (s->block[i] < 0)
            return OC_ERROR_MEMORY;
    }
    for (size_t i = 0; i < s->graph->output_count; i++)
        x->output_block[i] = s->block[s->graph->outputs[i].value->id];
    return OC_OK;
}

static oc_status add_port(oc_plan *plan, oc__port **ports, size_t *count, const char *name, int32_t block, int64_t first, int64_t rows,
                          oc_error *err) {
    oc__port port = {oc__arena_strdup(&plan->arena, name), block, first, rows};
    if (!port.name)
        return oc__fail_memory(plan->context, err, strlen(name));
    (*ports)[(*count)++] = port;
    return OC_OK;
}

oc_status oc__split_add_ports(oc__splitter *s, oc__part *part, const bool *exported, int64_t first, int64_t rows, const int32_t *own,
                              oc_error *err) {
    oc_plan *plan = s->plan;
    char name[OC_CUT_NAME];
    part->in = oc__arena_alloc(&plan->arena, (part->plan->input_count + 1) * sizeof(*part->in));
    part->out = oc__arena_alloc(&plan->arena, (part->plan->output_count + 1) * sizeof(*part->out));
    if (!part->in || !part->out)
        return oc__fail_memory(plan->context, err, part->plan->input_count * sizeof(*part->in));
    for (size_t i = 0; i < s->graph->value_count; i++) {
        const oc_value *value = s->graph->values[i];
        bool in_rows = oc__split_role(s, value) == OC_ROLE_ROWS;
        const char *wanted = value->kind == OC_VALUE_INPUT ? value->name : oc__cut_name(value, name);
        for (size_t k = 0; s->block[i] >= 0 && !exported[i] && k < part->plan->input_count; k++)
            if (!strcmp(part->plan->inputs[k].name, wanted))
                OC_TRY(add_port(plan, &part->in, &part->in_count, wanted, s->block[i], first, in_rows ? rows : -1, err));
        if (exported[i])
            OC_TRY(add_port(plan, &part->out, &part->out_count, wanted, own && !in_rows ? own[i] : s->block[i], first, in_rows ? rows : -1, err));
    }
    return OC_OK;
}

oc_status oc__split_build(oc__splitter *s, const oc__copy_params *copy, oc__part *part, oc_error *err) {
    oc_plan_params params = oc__part_params(s->plan);
    oc_graph *graph;
    OC_TRY(oc__graph_copy(&graph, s->graph, copy, err));
    oc_status status = oc_plan_create(&part->plan, graph, &s->plan->devices[part->device], 1, &params, err);
    oc_graph_destroy(&graph);
    return status;
}

/* A device's rows; its shares of sums go to blocks of its own, which blends bring together. */
static oc_status add_replica(oc__splitter *s, int32_t device, int64_t first, int64_t rows, oc_error *err) {
    struct oc__parts *x = s->plan->parts;
    const oc_dim_binding dim = {s->symbol, rows};
    const oc__copy_params copy = {.bind = true, .dims = &dim, .dim_count = 1, .nodes = s->first, .exported = s->exported};
    int32_t *own = oc__arena_alloc(&s->plan->arena, (s->graph->value_count + 1) * sizeof(*own));
    oc__part *part = oc__parts_add(s->plan, err);
    if (!part || !own)
        return OC_ERROR_MEMORY;
    part->device = device;
    part->seconds = seconds_for(s->plan, &x->groups, (size_t)device, rows, s->batch);
    OC_TRY(oc__split_build(s, &copy, part, err));
    size_t blend = 0;
    for (size_t i = 0; i < s->graph->value_count; i++) {
        const oc_value *value = s->graph->values[i];
        if (!s->exported[i] || oc__split_role(s, value) != OC_ROLE_SHARE)
            continue;
        own[i] = oc__parts_add_block(s->plan, value->name, value->dtype, &value->shape, err);
        if (own[i] < 0)
            return OC_ERROR_MEMORY;
        oc__blend *b = &x->blends[blend++];
        b->from[b->count] = own[i];
        b->weights[b->count++] = s->roles.mean[i] ? (double)rows / (double)s->batch : 1;
    }
    part = &x->parts[x->part_count - 1];
    return oc__split_add_ports(s, part, s->exported, first, rows, own, err);
}

static oc_status add_blends(oc__splitter *s, oc_error *err) {
    struct oc__parts *x = s->plan->parts;
    size_t devices = (size_t)s->plan->device_count;
    for (size_t i = 0; i < s->graph->value_count; i++) {
        if (!s->exported[i] || s->roles.of[i] != OC_ROLE_SHARE)
            continue;
        oc__blend blend = {s->block[i], oc__arena_alloc(&s->plan->arena, devices * sizeof(int32_t)),
                           oc__arena_alloc(&s->plan->arena, devices * sizeof(double)), 0};
        if (!blend.from || !blend.weights || !OC_ARRAY_PUSH(s->plan->context, x->blends, x->blend_count, x->blend_capacity, blend))
            return oc__fail_memory(s->plan->context, err, sizeof(blend));
    }
    return OC_OK;
}

static oc_status add_parts(oc__splitter *s, oc_error *err) {
    struct oc__parts *x = s->plan->parts;
    oc__arena *arena = &s->plan->arena;
    size_t values = s->graph->value_count + 1, nodes = s->graph->node_count + 1;
    s->first = oc__arena_alloc(arena, nodes);
    s->after = oc__arena_alloc(arena, nodes);
    s->exported = oc__arena_alloc(arena, values);
    s->exported_after = oc__arena_alloc(arena, values);
    s->block = oc__arena_alloc(arena, values * sizeof(*s->block));
    if (!s->first || !s->after || !s->exported || !s->exported_after || !s->block)
        return oc__fail_memory(s->plan->context, err, values * sizeof(*s->block));
    memset(s->block, -1, values * sizeof(*s->block));
    mark_nodes(s);
    OC_TRY(oc__split_share_updates(s, err));
    mark_exports(s);
    OC_TRY(add_blocks(s, err));
    OC_TRY(add_blends(s, err));
    int64_t first = 0;
    for (int32_t d = 0; d < s->plan->device_count; first += x->shares[d++])
        if (x->shares[d])
            OC_TRY(add_replica(s, d, first, x->shares[d], err));
    return oc__split_add_after(s, err);
}

/* What replicas wait for each other. */
static double meeting_seconds(const oc__splitter *s) {
    const struct oc__parts *x = s->plan->parts;
    double slowest = 0, sum = 0;
    for (int32_t d = 0; d < s->plan->device_count; d++)
        slowest = x->shares[d] ? fmax(slowest, 2 * x->machine.speeds[d].host_latency + OC_HAND_OVER) : slowest;
    for (size_t i = 0; i < s->graph->node_count; i++)
        sum += oc__node_is(s->graph->nodes[i], "replica_sum") ? slowest : 0;
    return sum;
}

static oc_status share(oc__splitter *s, oc_error *err) {
    struct oc__parts *x = s->plan->parts;
    double speed = 0; /* all rows shared without loss */
    x->policy = "split";
    x->shares = oc__arena_alloc(&s->plan->arena, (size_t)s->plan->device_count * sizeof(*x->shares));
    if (!x->shares)
        return oc__fail_memory(s->plan->context, err, (size_t)s->plan->device_count * sizeof(*x->shares));
    double alone = oc__split_predict(s->plan, &x->groups, s->batch, x->shares); /* fills the shares */
    x->predicted = x->interval = alone + meeting_seconds(s);
    for (int32_t d = 0; d < s->plan->device_count; d++)
        speed += 1 / oc__placement_single(&x->groups.placement, d);
    x->bound = fmin(1 / speed, x->predicted);
    return s->plan->params.forecast ? OC_OK : add_parts(s, err);
}

/* Batch normalization by the statistics of all rows. */
static oc_status synchronize(oc__splitter *s, bool *possible, char why[OC_WHY], oc_error *err) {
    const oc__sync_params params = {.batch = s->size, .rows = s->batch, .mean = s->roles.mean};
    OC_TRY(oc__pass_sync_norm(s->graph, &params, err));
    *possible = oc__roles_find(&s->roles, s->graph, s->size, &s->plan->arena, why);
    return OC_OK;
}

oc_status oc__parts_split(oc_plan *plan, const oc_graph *original, bool *possible, char why[OC_WHY], oc_error *err) {
    oc__splitter s = {.plan = plan, .batch = oc__split_batch(original, plan->graph)};
    *possible = false;
    if (plan->device_count > OC_MOST_REPLICAS && !plan->params.forecast) {
        snprintf(why, OC_WHY, "there are more than %d devices", OC_MOST_REPLICAS);
        return OC_OK;
    }
    if (s.batch < 2) {
        snprintf(why, OC_WHY, "the inputs have no first axis of one size, of 2 at least");
        return OC_OK;
    }
    oc_status status = with_symbol(&s, original, why);
    *possible = status == OC_OK && oc__roles_find(&s.roles, s.graph, s.size, &plan->arena, why);
    if (*possible && plan->params.sync_norm)
        status = synchronize(&s, possible, why, err);
    if (status == OC_ERROR_MEMORY || (status == OC_OK && (!s.roles.of || !s.roles.mean)))
        status = oc__fail_memory(plan->context, err, sizeof(*s.graph));
    else
        status = *possible ? share(&s, err) : OC_OK;
    oc_graph_destroy(&s.graph);
    return status;
}
