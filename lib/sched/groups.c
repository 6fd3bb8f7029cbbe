/* SPDX-License-Identifier: Apache-2.0 */
/* A graph as a placement: what is too small to be sent anywhere alone joins what it depends on. */
#include <math.h>
#include <string.h>

#include "graph/graph.h"
#include "sched/machine.h"

/* A node lighter than this share of the whole, or than so many seconds, makes no group of its own. */
#define LIGHT_SHARE (1.0 / 400)
#define LIGHT_SECONDS 20e-6

typedef struct grouper {
    const oc_graph *graph;
    const oc__machine *machine;
    oc__groups *out;
    const double **seconds; /* by node id */
    double *sums;           /* [group * device_count + device] */
    const int32_t *apart;   /* by node id; may be NULL */
    int32_t *apart_of;      /* by group */
    double light;
    size_t count;
} grouper;

static bool is_fixed(const grouper *w, const oc_value *value) {
    return value->kind == OC_VALUE_CONSTANT || value->kind == OC_VALUE_STATE ||
           (value->kind == OC_VALUE_NODE && w->out->fixed[value->producer->id]);
}

static void find_fixed(grouper *w) {
    for (size_t i = 0; i < w->graph->node_count; i++) {
        const oc_node *node = w->graph->nodes[i];
        w->out->fixed[i] = !(node->op->flags & OC_OP_RANDOM);
        for (int k = 0; k < node->in_count && w->out->fixed[i]; k++)
            w->out->fixed[i] = !node->in[k] || is_fixed(w, node->in[k]);
    }
}

static double least(const grouper *w, const double *seconds) {
    double best = INFINITY;
    for (size_t d = 0; d < w->machine->device_count; d++)
        best = fmin(best, seconds[d]);
    return best;
}

static oc_status find_costs(grouper *w, oc__costs_table *costs, const int *uses, oc_error *err) {
    double sum = 0;
    for (size_t i = 0; i < w->graph->node_count; i++) {
        w->seconds[i] = oc__costs_of(costs, w->graph->nodes[i], uses);
        if (!w->seconds[i])
            return oc__fail_memory(w->graph->context, err, w->machine->device_count * sizeof(double));
        double seconds = w->out->fixed[i] ? 0 : least(w, w->seconds[i]);
        if (isinf(seconds))
            return oc__fail(w->graph->context, err, OC_ERROR_UNSUPPORTED, "%s%s%s can be computed on none of the devices",
                            w->graph->nodes[i]->name ? w->graph->nodes[i]->name : "", w->graph->nodes[i]->name ? ": " : "",
                            w->graph->nodes[i]->op->name);
        sum += seconds;
    }
    w->light = fmax(LIGHT_SECONDS, sum * LIGHT_SHARE);
    return OC_OK;
}

/* The one group that all operands of a node come from; -1: none, -2: several. */
static int32_t only_source(const grouper *w, const oc_node *node) {
    int32_t source = -1;
    for (int k = 0; k < node->in_count; k++) {
        const oc_value *value = node->in[k];
        if (!value || value->kind != OC_VALUE_NODE || w->out->fixed[value->producer->id])
            continue;
        int32_t group = w->out->group_of[value->producer->id];
        source = source == -1 || source == group ? group : -2;
    }
    return source;
}

/* Fixed producers go where they are first needed. */
static void claim_fixed(grouper *w, const oc_node *node, int32_t group) {
    for (int k = 0; k < node->in_count; k++) {
        const oc_value *value = node->in[k];
        if (value && value->kind == OC_VALUE_NODE && w->out->fixed[value->producer->id] && w->out->group_of[value->producer->id] < 0) {
            w->out->group_of[value->producer->id] = group;
            claim_fixed(w, value->producer, group);
        }
    }
}

static bool possible_together(const grouper *w, int32_t group, size_t node) {
    if (w->apart && w->apart[node] >= 0 && w->apart[node] != w->apart_of[group])
        return false;
    for (size_t d = 0; d < w->machine->device_count; d++)
        if (!isinf(w->sums[(size_t)group * w->machine->device_count + d] + w->seconds[node][d]))
            return true;
    return false;
}

/* Joining the only group that a node depends on makes no cycle, for nothing else leads from there to the node. */
static void assign(grouper *w) {
    size_t devices = w->machine->device_count;
    for (size_t i = 0; i < w->graph->node_count; i++) {
        const oc_node *node = w->graph->nodes[i];
        if (w->out->fixed[i])
            continue;
        int32_t group = only_source(w, node);
        bool joins = group >= 0 && possible_together(w, group, i) &&
                     (least(w, w->seconds[i]) < w->light || least(w, w->sums + (size_t)group * devices) < w->light);
        if (!joins) {
            group = (int32_t)w->count++;
            w->apart_of[group] = w->apart ? w->apart[i] : -1;
        }
        w->out->group_of[i] = group;
        for (size_t d = 0; d < devices; d++)
            w->sums[(size_t)group * devices + d] += w->seconds[i][d];
        claim_fixed(w, node, group);
    }
    for (size_t i = 0; i < w->graph->node_count; i++) /* fixed nodes whose value only the outputs want */
        if (w->out->group_of[i] < 0) {
            w->count = OC_MAX(w->count, (size_t)1);
            w->out->group_of[i] = 0;
        }
}

static uint64_t value_bytes(const oc_value *value) {
    oc__desc desc = oc__desc_plain(value->dtype, &value->shape);
    return oc__desc_bytes(&desc);
}

/* Edges: each value once for each group that needs it; host transfers; memory. */
typedef struct linker {
    grouper *w;
    oc_placement_edge *edges;
    int32_t *seen;      /* by value: the last group that was met needing it, plus one */
    uint64_t *memory, *host_in, *host_out;
    size_t edge_count;
} linker;

static void link_operand(linker *l, const oc_value *value, int32_t group) {
    if (l->seen[value->id] == group + 1)
        return;
    l->seen[value->id] = group + 1;
    uint64_t bytes = value_bytes(value);
    if (value->kind == OC_VALUE_INPUT)
        l->host_in[group] += bytes;
    else if (value->kind != OC_VALUE_NODE)
        l->memory[group] += bytes;
    else if (l->w->out->group_of[value->producer->id] != group && !l->w->out->fixed[value->producer->id])
        l->edges[l->edge_count++] = (oc_placement_edge){l->w->out->group_of[value->producer->id], group, bytes};
}

static oc_status link_groups(grouper *w, oc_error *err) {
    oc__arena *arena = &w->out->arena;
    size_t operands = 1, n = OC_MAX(w->count, (size_t)1);
    for (size_t i = 0; i < w->graph->node_count; i++)
        operands += (size_t)w->graph->nodes[i]->in_count;
    linker l = {.w = w, .edges = oc__arena_alloc(arena, operands * sizeof(*l.edges)),
                .seen = oc__arena_alloc(arena, (w->graph->value_count + 1) * sizeof(*l.seen)),
                .memory = oc__arena_alloc(arena, n * sizeof(*l.memory)), .host_in = oc__arena_alloc(arena, n * sizeof(*l.host_in)),
                .host_out = oc__arena_alloc(arena, n * sizeof(*l.host_out))};
    if (!l.edges || !l.seen || !l.memory || !l.host_in || !l.host_out)
        return oc__fail_memory(w->graph->context, err, operands * sizeof(*l.edges));
    for (size_t i = 0; i < w->graph->node_count; i++) {
        const oc_node *node = w->graph->nodes[i];
        int32_t group = w->out->group_of[i];
        for (int k = 0; k < node->in_count; k++)
            if (node->in[k])
                link_operand(&l, node->in[k], group);
        for (int k = 0; k < node->out_count; k++)
            l.memory[group] += value_bytes(node->out[k]);
    }
    for (size_t i = 0; i < w->graph->output_count; i++) {
        const oc_value *value = w->graph->outputs[i].value;
        if (value->kind == OC_VALUE_NODE)
            l.host_out[w->out->group_of[value->producer->id]] += value_bytes(value);
    }
    oc_placement *p = &w->out->placement;
    p->edges = l.edges;
    p->edge_count = l.edge_count;
    p->memory = l.memory;
    p->host_in = l.host_in;
    p->host_out = l.host_out;
    return OC_OK;
}

static oc_status fill_machine(oc__groups *g, const oc__machine *m, oc_error *err) {
    oc_placement *p = &g->placement;
    double *host = oc__arena_alloc(&g->arena, 2 * m->device_count * sizeof(*host));
    uint64_t *capacity = oc__arena_alloc(&g->arena, m->device_count * sizeof(*capacity));
    if (!host || !capacity)
        return oc__fail_memory(g->arena.context, err, 2 * m->device_count * sizeof(*host));
    for (size_t d = 0; d < m->device_count; d++) {
        host[d] = m->speeds[d].host_latency;
        host[m->device_count + d] = m->speeds[d].host_rate;
        capacity[d] = m->speeds[d].memory;
    }
    p->device_count = m->device_count;
    p->latency = m->latency;
    p->rate = m->rate;
    p->host_latency = host;
    p->host_rate = host + m->device_count;
    p->capacity = capacity;
    return OC_OK;
}

static oc_status fill_groups(grouper *w, oc_error *err) {
    oc__groups *g = w->out;
    oc_placement *p = &g->placement;
    size_t n = OC_MAX(w->count, (size_t)1);
    const char **names = oc__arena_alloc(&g->arena, n * sizeof(*names));
    p->device_of = oc__arena_alloc(&g->arena, n * sizeof(*p->device_of));
    p->order = oc__arena_alloc(&g->arena, n * sizeof(*p->order));
    g->start = oc__arena_alloc(&g->arena, n * sizeof(*g->start));
    g->finish = oc__arena_alloc(&g->arena, n * sizeof(*g->finish));
    if (!names || !p->device_of || !p->order || !g->start || !g->finish)
        return oc__fail_memory(g->arena.context, err, n * sizeof(*names));
    p->group_count = w->count;
    p->seconds = w->sums;
    p->names = names;
    for (size_t i = w->graph->node_count; i-- > 0;)
        if (w->graph->nodes[i]->name && !w->out->fixed[i])
            names[g->group_of[i]] = w->graph->nodes[i]->name;
    for (size_t i = 0; i < n; i++) {
        names[i] = names[i] ? names[i] : "";
        p->order[i] = (int32_t)i;
    }
    return OC_OK;
}

static oc_status build(grouper *w, oc__costs_table *costs, oc_error *err) {
    size_t nodes = OC_MAX(w->graph->node_count, (size_t)1);
    w->seconds = oc__arena_alloc(&w->out->arena, nodes * sizeof(*w->seconds));
    w->out->fixed = oc__arena_alloc(&w->out->arena, nodes * sizeof(*w->out->fixed));
    w->sums = oc__arena_alloc(&w->out->arena, nodes * w->machine->device_count * sizeof(*w->sums));
    w->apart_of = oc__arena_alloc(&w->out->arena, nodes * sizeof(*w->apart_of));
    w->out->group_of = oc__arena_alloc(&w->out->arena, nodes * sizeof(*w->out->group_of));
    if (!w->seconds || !w->out->fixed || !w->sums || !w->apart_of || !w->out->group_of)
        return oc__fail_memory(w->graph->context, err, nodes * w->machine->device_count * sizeof(*w->sums));
    memset(w->out->group_of, -1, nodes * sizeof(*w->out->group_of));
    find_fixed(w);
    int *uses = oc__use_counts(w->graph);
    if (!uses)
        return oc__fail_memory(w->graph->context, err, w->graph->value_count * sizeof(*uses));
    oc_status status = find_costs(w, costs, uses, err);
    oc__free(w->graph->context, uses);
    OC_TRY(status);
    assign(w);
    OC_TRY(link_groups(w, err));
    OC_TRY(fill_machine(w->out, w->machine, err));
    return fill_groups(w, err);
}

oc_status oc__groups_init(oc__groups *out, const oc_graph *graph, const oc__machine *machine, const int32_t *apart, oc_error *err) {
    *out = (oc__groups){0};
    oc__arena_init(&out->arena, graph->context);
    oc__costs_table costs;
    grouper w = {.graph = graph, .machine = machine, .out = out, .apart = apart};
    oc_status status = oc__costs_init(&costs, graph->context, machine, err);
    if (status == OC_OK)
        status = build(&w, &costs, err);
    oc__costs_finish(&costs);
    if (status != OC_OK)
        oc__groups_finish(out);
    return status;
}

void oc__groups_finish(oc__groups *groups) {
    oc__arena_finish(&groups->arena);
}
