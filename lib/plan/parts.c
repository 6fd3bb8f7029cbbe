/* SPDX-License-Identifier: Apache-2.0 */
/* Placing a plan on several devices: costs, a policy, parts. */
#include "plan/parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Several devices must promise this much before "auto" prefers them: predictions err. */
#define WORTH 0.95

int32_t oc__parts_add_block(oc_plan *plan, const char *name, oc_dtype dtype, const oc_shape *shape, oc_error *err) {
    struct oc__parts *x = plan->parts;
    oc__block block = {name, dtype, *shape};
    if (OC_ARRAY_PUSH(plan->context, x->blocks, x->block_count, x->block_capacity, block))
        return (int32_t)x->block_count - 1;
    oc__fail_memory(plan->context, err, sizeof(block));
    return -1;
}

oc__part *oc__parts_add(oc_plan *plan, oc_error *err) {
    struct oc__parts *x = plan->parts;
    oc__part part = {0};
    if (OC_ARRAY_PUSH(plan->context, x->parts, x->part_count, x->part_capacity, part))
        return &x->parts[x->part_count - 1];
    oc__fail_memory(plan->context, err, sizeof(part));
    return NULL;
}

static bool has_updates(const oc_graph *graph) {
    for (size_t i = 0; i < graph->state_count; i++)
        if (graph->states[i]->update)
            return true;
    return false;
}

oc_plan_params oc__part_params(const oc_plan *plan) {
    const oc_plan_params *p = &plan->params;
    return (oc_plan_params){.workspace_limit = p->workspace_limit, .tune = p->tune, .tune_limit = p->tune_limit, .no_fusion = p->no_fusion,
                            .reference = p->reference, .red_zones = p->red_zones, .half_weights = p->half_weights,
                            .state_changes = p->state_changes || has_updates(plan->graph)};
}

void oc__parts_free(oc_plan *plan) {
    struct oc__parts *x = plan->parts;
    if (!x)
        return;
    oc__crew_destroy(&x->crew);
    for (size_t i = 0; i < x->part_count; i++)
        oc_plan_destroy(&x->parts[i].plan);
    oc__free(plan->context, x->parts);
    oc__free(plan->context, x->blocks);
    oc__free(plan->context, x->blends);
    oc__groups_finish(&x->groups);
    oc__machine_finish(&x->machine);
    oc__free(plan->context, x);
    plan->parts = NULL;
}

static bool is(const oc_plan *plan, const char *policy) {
    return !plan->params.placer && plan->params.policy && !strcmp(plan->params.policy, policy);
}

static oc_status place_by(oc_plan *plan, const oc_policy *policy, oc_error *err) {
    oc_placement *p = &plan->parts->groups.placement;
    oc_error own = {0};
    oc_status status = policy->place(policy, p, &own);
    if (status != OC_OK)
        return oc__fail(plan->context, err, status, "policy %s: %s", policy->name, own.text[0] ? own.text : oc_status_text(status));
    plan->parts->policy = policy->name;
    for (size_t g = 0; g < p->group_count; g++)
        if (p->device_of[g] < 0 || (size_t)p->device_of[g] >= p->device_count)
            return oc__fail(plan->context, err, OC_ERROR_INVALID, "policy %s put group %zu (%s) on device %d; there are %zu", policy->name,
                            g, p->names[g], p->device_of[g], p->device_count);
    return OC_OK;
}

/* A caller's policy is not trusted with the order. */
static oc_status check_order(const oc_plan *plan, oc_error *err) {
    const oc_placement *p = &plan->parts->groups.placement;
    int32_t *at = oc__alloc_array(plan->context, OC_MAX(p->group_count, (size_t)1), sizeof(*at));
    if (!at)
        return oc__fail_memory(plan->context, err, p->group_count * sizeof(*at));
    bool right = true;
    for (size_t i = 0; i < p->group_count && right; i++) {
        right = p->order[i] >= 0 && (size_t)p->order[i] < p->group_count && at[p->order[i]] == 0;
        if (right)
            at[p->order[i]] = (int32_t)i + 1;
    }
    for (size_t e = 0; e < p->edge_count && right; e++)
        right = at[p->edges[e].from] < at[p->edges[e].to];
    oc__free(plan->context, at);
    return right ? OC_OK
                 : oc__fail(plan->context, err, OC_ERROR_INVALID, "policy %s gave an order in which a group comes before what it needs, "
                            "twice or not at all", plan->parts->policy);
}

static oc_status place_pinned(oc_plan *plan, oc_error *err) {
    struct oc__parts *x = plan->parts;
    int32_t *pinned = oc__arena_alloc(&plan->arena, sizeof(*pinned) * OC_MAX(plan->graph->node_count, (size_t)1));
    if (!pinned)
        return oc__fail_memory(plan->context, err, plan->graph->node_count * sizeof(*pinned));
    OC_TRY(oc__pins_read(plan->graph, plan->params.pins, plan->params.pin_count, (size_t)plan->device_count, pinned, err));
    oc__groups_finish(&x->groups);
    OC_TRY(oc__groups_init(&x->groups, plan->graph, &x->machine, pinned, err));
    x->policy = "pinned";
    return oc__place_pinned(&x->groups, plan->graph, pinned, err);
}

/* As parts, which know more than groups of what goes over the host; what was cut is thrown away again. Machines that are only
 * described have the links that they are said to have. */
static double present_seconds(oc_plan *plan) {
    struct oc__parts *x = plan->parts;
    size_t blocks = x->block_count;
    x->predicted = oc_placement_predict(&x->groups.placement, x->groups.start, x->groups.finish);
    if (!x->machine.devices)
        return x->predicted;
    double seconds = oc__parts_cut(plan, false, NULL) == OC_OK ? x->predicted : INFINITY;
    x->block_count = blocks;
    x->part_count = 0;
    return seconds;
}

static void scale_links(oc_plan *plan, double factor) {
    oc__machine *m = &plan->parts->machine;
    for (size_t i = 0; i < m->device_count * m->device_count; i++) {
        m->latency[i] *= factor;
        m->rate[i] /= factor;
    }
}

/* What is kept of a placement while others are tried. */
typedef struct choice {
    int32_t *device_of, *order;
    double seconds;
} choice;

/* `share`: of the time of what is there, that it must be below. */
static void keep_better(oc_plan *plan, choice *best, double seconds, double share) {
    const oc_placement *p = &plan->parts->groups.placement;
    if (!(seconds < best->seconds * share))
        return;
    best->seconds = seconds;
    memcpy(best->device_of, p->device_of, p->group_count * sizeof(*p->device_of));
    memcpy(best->order, p->order, p->group_count * sizeof(*p->order));
}

/* Groups know a transfer's time, parts also what it costs the devices: so links are made dearer, step by step, and the placement that
 * is best as parts is taken; one device, where others do not promise enough. */
static oc_status place_heft(oc_plan *plan, double *single, double *best_seconds, oc_error *err) {
    oc_placement *p = &plan->parts->groups.placement;
    size_t bytes = OC_MAX(p->group_count, (size_t)1) * sizeof(int32_t);
    choice best = {oc__arena_alloc(&plan->arena, bytes), oc__arena_alloc(&plan->arena, bytes), INFINITY};
    if (!best.device_of || !best.order)
        return oc__fail_memory(plan->context, err, bytes);
    *single = INFINITY;
    if (place_by(plan, &oc__policy_single, NULL) == OC_OK)
        keep_better(plan, &best, *single = present_seconds(plan), 1);
    for (double factor = 1; factor <= (plan->parts->machine.devices ? 16 : 1); factor *= 4) {
        scale_links(plan, factor);
        oc_status status = place_by(plan, &oc__policy_heft, err);
        scale_links(plan, 1 / factor);
        OC_TRY(status);
        keep_better(plan, &best, present_seconds(plan), best.seconds < *single ? 1 : WORTH);
    }
    memcpy(p->device_of, best.device_of, p->group_count * sizeof(*p->device_of));
    memcpy(p->order, best.order, p->group_count * sizeof(*p->order));
    *best_seconds = best.seconds;
    return OC_OK;
}

/* The best of single, heft and split by prediction; several devices only where they promise enough. */
static oc_status place_auto(oc_plan *plan, const oc_graph *original, bool *split, oc_error *err) {
    int64_t *shares = oc__arena_alloc(&plan->arena, sizeof(*shares) * (size_t)plan->device_count), batch = oc__split_batch(original, plan->graph);
    double together, alone, cut = INFINITY;
    if (!shares)
        return oc__fail_memory(plan->context, err, sizeof(*shares) * (size_t)plan->device_count);
    OC_TRY(place_heft(plan, &alone, &together, err));
    if (batch > 1)
        cut = oc__split_predict(plan, &plan->parts->groups, batch, shares);
    oc__log(plan->context, OC_LOG_DEBUG, "auto: single %.3g ms, heft %.3g ms, split %.3g ms", alone * 1e3, together * 1e3, cut * 1e3);
    if (cut < alone * WORTH && cut <= together) {
        char why[OC_WHY];
        OC_TRY(oc__parts_split(plan, original, split, why, err));
        if (*split)
            return OC_OK;
        oc__log(plan->context, OC_LOG_INFO, "the batch is not split: %s", why);
    }
    return together < alone * WORTH || isinf(alone) ? OC_OK : place_by(plan, &oc__policy_single, err);
}

static oc_status place_split(oc_plan *plan, const oc_graph *original, oc_error *err) {
    char why[OC_WHY];
    bool possible;
    OC_TRY(oc__parts_split(plan, original, &possible, why, err));
    return possible ? OC_OK : oc__fail(plan->context, err, OC_ERROR_UNSUPPORTED, "the batch cannot be split: %s", why);
}

/* A graph that changes its state lies where the state is, unless the batch is split. */
static oc_status choose_policy(oc_plan *plan, const oc_graph *original, bool *split, oc_error *err) {
    *split = is(plan, "split");
    if (*split)
        return place_split(plan, original, err);
    if (has_updates(plan->graph)) {
        if (!plan->params.placer && plan->params.policy && strcmp(plan->params.policy, "auto") && strcmp(plan->params.policy, "single"))
            return oc__fail(plan->context, err, OC_ERROR_UNSUPPORTED, "policy %s: a graph that changes its state runs on one device, or "
                            "with policy split", plan->params.policy);
        memset(plan->parts->groups.placement.device_of, 0, plan->parts->groups.placement.group_count * sizeof(int32_t));
        plan->parts->policy = "single"; /* the first device: there the caller's state is */
        return OC_OK;
    }
    if (is(plan, "pinned"))
        return place_pinned(plan, err);
    if (is(plan, "auto"))
        return place_auto(plan, original, split, err);
    double single, best;
    if (is(plan, "heft"))
        return place_heft(plan, &single, &best, err);
    const oc_policy *policy = plan->params.placer ? plan->params.placer
                                                  : oc_policy_find(plan->params.policy ? plan->params.policy : "single");
    OC_TRY(place_by(plan, policy, err));
    return check_order(plan, err);
}

static oc_status set_ends(oc_plan *plan, oc_error *err) {
    struct oc__parts *x = plan->parts;
    const oc_graph *g = plan->graph;
    plan->inputs = oc__arena_alloc(&plan->arena, sizeof(*plan->inputs) * OC_MAX(g->input_count, (size_t)1));
    plan->outputs = oc__arena_alloc(&plan->arena, sizeof(*plan->outputs) * OC_MAX(g->output_count, (size_t)1));
    x->input_block = oc__arena_alloc(&plan->arena, sizeof(int32_t) * OC_MAX(g->input_count, (size_t)1));
    x->output_block = oc__arena_alloc(&plan->arena, sizeof(int32_t) * OC_MAX(g->output_count, (size_t)1));
    if (!plan->inputs || !plan->outputs || !x->input_block || !x->output_block)
        return oc__fail_memory(plan->context, err, sizeof(*plan->inputs) * (g->input_count + g->output_count));
    for (size_t i = 0; i < g->input_count; i++) {
        plan->inputs[i] = (oc__plan_end){g->inputs[i]->name, g->inputs[i], -1};
        x->input_block[i] = oc__parts_add_block(plan, g->inputs[i]->name, g->inputs[i]->dtype, &g->inputs[i]->shape, err);
        if (x->input_block[i] < 0)
            return OC_ERROR_MEMORY;
    }
    for (size_t i = 0; i < g->output_count; i++)
        plan->outputs[i] = (oc__plan_end){g->outputs[i].name, g->outputs[i].value, -1};
    plan->input_count = g->input_count;
    plan->output_count = g->output_count;
    return OC_OK;
}

static void sum_up(oc_plan *plan) {
    oc_plan_info *sum = &plan->info;
    for (size_t i = 0; i < plan->parts->part_count; i++) {
        oc_plan_info part = plan->parts->parts[i].plan->info;
        sum->arena_bytes += part.arena_bytes;
        sum->liveness_bytes += part.liveness_bytes;
        sum->derived_bytes += part.derived_bytes;
        sum->state_bytes += part.state_bytes;
        sum->step_count += part.step_count;
        sum->derived_count += part.derived_count;
        sum->program_count += part.program_count;
        plan->updates = plan->updates || plan->parts->parts[i].plan->updates;
    }
    sum->estimated_ms = plan->parts->predicted * 1e3;
}

static uint64_t crossing_bytes(const oc_placement *p) {
    uint64_t sum = 0;
    for (size_t e = 0; e < p->edge_count; e++)
        sum += p->device_of[p->edges[e].from] != p->device_of[p->edges[e].to] ? p->edges[e].bytes : 0;
    return sum;
}

static oc_status make_machine(oc_plan *plan, oc_error *err) {
    struct oc__parts *x = plan->parts;
    const oc_plan_params *p = &plan->params;
    bool calibrate = !p->placer && p->policy && strcmp(p->policy, "pinned");
    if (!p->machine)
        return oc__machine_of_devices(&x->machine, plan->devices, (size_t)plan->device_count, calibrate, err);
    OC_TRY(oc__machine_read(&x->machine, plan->context, p->machine, err));
    plan->device_count = (int)x->machine.device_count;
    return OC_OK;
}

static oc_status make_crew(oc_plan *plan, oc_error *err) {
    struct oc__parts *x = plan->parts;
    bool several = plan->params.wait_limit > 0;
    for (size_t i = 0; i < x->part_count; i++)
        several = several || x->parts[i].device != x->parts[0].device;
    return several ? oc__crew_create(&x->crew, plan->context, (size_t)plan->device_count, err) : OC_OK;
}

oc_status oc__parts_create(oc_plan *plan, const oc_graph *original, oc_error *err) {
    struct oc__parts *x = plan->parts = oc__alloc(plan->context, sizeof(*plan->parts));
    bool split;
    if (!x)
        return oc__fail_memory(plan->context, err, sizeof(*x));
    OC_TRY(make_machine(plan, err));
    OC_TRY(oc__groups_init(&x->groups, plan->graph, &x->machine, NULL, err));
    OC_TRY(set_ends(plan, err));
    x->bound = oc_placement_bound(&x->groups.placement);
    OC_TRY(choose_policy(plan, original, &split, err));
    if (!split) {
        x->predicted = oc_placement_predict(&x->groups.placement, x->groups.start, x->groups.finish);
        x->interval = oc_placement_interval(&x->groups.placement);
        x->transfer_bytes = crossing_bytes(&x->groups.placement);
    }
    if (!split && !plan->params.machine)
        OC_TRY(oc__parts_cut(plan, !plan->params.forecast, err));
    if (plan->params.forecast)
        return OC_OK;
    OC_TRY(make_crew(plan, err));
    sum_up(plan);
    return OC_OK;
}
