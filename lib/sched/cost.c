/* SPDX-License-Identifier: Apache-2.0 */
/* What a node is expected to take on each device: the fastest solver's measured time, or its estimate set right by what the device
 * was calibrated to; on a device that is only described, the roofline. */
#include <math.h>
#include <ocelli/op/shape.h>
#include <string.h>

#include "graph/graph.h"
#include "op/rig.h"
#include "op/tune.h"
#include "sched/machine.h"

/* Shares of its peaks that a described device is taken to reach. */
#define USUAL_FLOPS 0.7
#define USUAL_BYTES 0.7

typedef struct oc__cost_entry {
    struct oc__cost_entry *next;
    const char *key;
    double *joined;   /* the same of a concat whose parts are made where they belong; NULL: not asked for yet */
    double seconds[]; /* by device */
} oc__cost_entry;

static oc_status read_histories(oc__costs_table *costs, oc_error *err) {
    const oc__machine *m = costs->machine;
    costs->histories = oc__arena_alloc(&costs->arena, m->device_count * sizeof(*costs->histories));
    if (!costs->histories)
        return oc__fail_memory(costs->arena.context, err, m->device_count * sizeof(*costs->histories));
    for (size_t d = 0; d < m->device_count; d++)
        OC_TRY(oc__history_read(&costs->histories[d], m->devices[d], &costs->arena, err));
    return OC_OK;
}

oc_status oc__costs_init(oc__costs_table *costs, oc_context *context, const oc__machine *machine, oc_error *err) {
    *costs = (oc__costs_table){.machine = machine, .slot_count = 4096};
    oc__arena_init(&costs->arena, context);
    costs->slots = oc__arena_alloc(&costs->arena, costs->slot_count * sizeof(*costs->slots));
    if (!costs->slots)
        return oc__fail_memory(context, err, costs->slot_count * sizeof(*costs->slots));
    return machine->devices ? read_histories(costs, err) : OC_OK;
}

void oc__costs_finish(oc__costs_table *costs) {
    for (size_t d = 0; costs->histories && d < costs->machine->device_count; d++)
        oc__history_finish(&costs->histories[d], costs->arena.context);
    oc__arena_finish(&costs->arena);
}

double oc__least_estimate(oc_device *device, const oc__problem *problem, const oc__solver **solver, bool *measured) {
    oc__candidate candidates[OC_MAX_CANDIDATES];
    double least = INFINITY;
    int count = oc__candidates(device, problem, false, candidates);
    *solver = NULL;
    *measured = false;
    for (int i = 0; i < count; i++) {
        if (candidates[i].refused || !(candidates[i].seconds < least))
            continue;
        least = candidates[i].seconds;
        *solver = candidates[i].solver;
        *measured = candidates[i].measured;
    }
    return least;
}

static double on_device(const oc__costs_table *costs, size_t d, const oc__problem *problem, const char *key) {
    const oc__speed *speed = &costs->machine->speeds[d];
    const oc__solver *solver;
    bool measured;
    double estimate = oc__least_estimate(costs->machine->devices[d], problem, &solver, &measured);
    if (isinf(estimate))
        return estimate;
    oc__cost cost = oc__problem_cost(problem);
    bool compute = cost.flops / speed->flops > cost.bytes / speed->bytes;
    return oc__history_predict(&costs->histories[d], key, estimate, &cost, solver->name,
                               measured ? 1 : compute ? speed->compute_factor : speed->memory_factor);
}

static double described(const oc__speed *speed, const oc__problem *problem) {
    oc__cost cost = oc__problem_cost(problem);
    return fmax(cost.flops / (speed->flops * USUAL_FLOPS), cost.bytes / (speed->bytes * USUAL_BYTES)) + speed->launch;
}

/* Devices that say the same of themselves are taken to be the same. */
static size_t twin_of(const oc__machine *m, size_t device) {
    for (size_t d = 0; d < device; d++)
        if (!strcmp(oc__device_key(m->devices[d]), oc__device_key(m->devices[device])))
            return d;
    return device;
}

static oc__cost_entry *make(oc__costs_table *costs, const oc__problem *problem, const char *key) {
    const oc__machine *m = costs->machine;
    oc__cost_entry *entry = oc__arena_alloc(&costs->arena, sizeof(*entry) + m->device_count * sizeof(double));
    if (!entry || !(entry->key = oc__arena_strdup(&costs->arena, key)))
        return NULL;
    for (size_t d = 0; d < m->device_count; d++) {
        size_t twin = m->devices ? twin_of(m, d) : d;
        if (twin < d)
            entry->seconds[d] = entry->seconds[twin];
        else
            entry->seconds[d] = m->devices ? on_device(costs, d, problem, key) : described(&m->speeds[d], problem);
    }
    return entry;
}

static oc__cost_entry *find(oc__costs_table *costs, const oc__problem *problem) {
    oc__string key;
    oc__string_init(&key, costs->arena.context);
    oc__find_key(problem, &key);
    oc__hash hash = oc__hash_init();
    oc__hash_add_text(&hash, key.text);
    oc__cost_entry **slot = &costs->slots[hash.a % costs->slot_count], *entry = *slot;
    while (entry && strcmp(entry->key, key.text))
        entry = entry->next;
    if (!entry && !key.failed && (entry = make(costs, problem, key.text))) {
        entry->next = *slot;
        *slot = entry;
        costs->count++;
    }
    oc__string_finish(&key);
    return entry;
}

/* Whether a plan can let the parts of a concat be made where they belong (plan/join.c). */
static bool is_joined(const oc_node *node) {
    if (node->op != &oc__op_concat)
        return false;
    const oc_axis_params *params = node->params;
    int64_t outer = 1, at = 0, size = (int64_t)oc_dtype_size(node->out[0]->dtype);
    for (int i = 0; i < (int)params->axis; i++)
        outer *= node->out[0]->shape.dims[i];
    for (int i = 0; i < node->op_in; i++) {
        if (node->in[i]->kind != OC_VALUE_NODE || at * size % OC_SEGMENT)
            return false;
        at += oc_shape_count(&node->in[i]->shape) / OC_MAX(outer, 1);
    }
    return outer == 1 || params->axis == 1;
}

/* Where a run has shown that it is copied after all, it costs what that took. */
static const double *joined_seconds(oc__costs_table *costs, oc__cost_entry *entry) {
    const oc__machine *m = costs->machine;
    if (entry->joined || !(entry->joined = oc__arena_alloc(&costs->arena, m->device_count * sizeof(double))))
        return entry->joined;
    for (size_t d = 0; d < m->device_count; d++)
        if (isinf(entry->seconds[d]) || (m->devices && oc__history_find(&costs->histories[twin_of(m, d)], entry->key, NULL)))
            entry->joined[d] = entry->seconds[d];
    return entry->joined;
}

const double *oc__costs_of(oc__costs_table *costs, const oc_node *node, const int *uses) {
    oc_context *context = costs->arena.context;
    if (node->op->flags & OC_OP_VIEW)
        return oc__arena_alloc(&costs->arena, costs->machine->device_count * sizeof(double)); /* zeros */
    oc__desc *descs = oc__alloc_array(context, (size_t)(node->in_count + node->out_count), sizeof(*descs));
    if (!descs)
        return NULL;
    oc__problem problem;
    oc__node_problem(node, descs, &problem);
    for (int i = 1; i < node->out_count; i++)
        if ((node->op->flags & OC_OP_OPTIONAL_OUTPUTS) && !uses[node->out[i]->id])
            problem.out[i].dtype = OC_DTYPE_NONE;
    oc__cost_entry *entry = find(costs, &problem);
    oc__free(context, descs);
    if (!entry)
        return NULL;
    return is_joined(node) ? joined_seconds(costs, entry) : entry->seconds;
}
