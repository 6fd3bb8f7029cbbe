/* SPDX-License-Identifier: Apache-2.0 */
/* The placed graph as parts: each device's groups in their order, cut where something must be waited for or handed over. */
#include "plan/parts.h"

#include <string.h>

typedef struct cutter {
    oc_plan *plan;
    const oc_placement *p;
    const oc_graph *graph;
    int32_t *part_of;      /* by group */
    int32_t *open;         /* by device: the part that is still growing, or -1 */
    int32_t *block_of;     /* by value; -1: none */
    bool *exported;        /* by value */
    const bool *fixed;     /* by node: made of states and constants only; each part has its own */
    bool *nodes;           /* of the part that is being made */
    int32_t *first_node, *sorted; /* nodes by part */
    int32_t *met;          /* by value: the last part that was found to need it, plus one */
    double *free_at;       /* by device */
} cutter;

/* Groups join the open part of their device unless they wait for another device; what others wait for closes it. */
static oc_status find_parts(cutter *c, oc_error *err) {
    const oc_placement *p = c->p;
    bool *waits = oc__arena_alloc(&c->plan->arena, OC_MAX(p->group_count, (size_t)1)), *feeds;
    feeds = oc__arena_alloc(&c->plan->arena, OC_MAX(p->group_count, (size_t)1));
    if (!waits || !feeds)
        return oc__fail_memory(c->plan->context, err, p->group_count);
    for (size_t e = 0; e < p->edge_count; e++)
        if (p->device_of[p->edges[e].from] != p->device_of[p->edges[e].to])
            feeds[p->edges[e].from] = waits[p->edges[e].to] = true;
    for (size_t d = 0; d < p->device_count; d++)
        c->open[d] = -1;
    for (size_t i = 0; i < p->group_count; i++) {
        int32_t g = p->order[i], d = p->device_of[g];
        if (c->open[d] < 0 || waits[g]) {
            oc__part *part = oc__parts_add(c->plan, err);
            if (!part)
                return OC_ERROR_MEMORY;
            part->device = d;
            part->start = c->plan->parts->groups.start[g];
            c->open[d] = (int32_t)c->plan->parts->part_count - 1;
        }
        c->part_of[g] = c->open[d];
        c->plan->parts->parts[c->open[d]].seconds += oc__placement_seconds(p, g, d);
        if (feeds[g])
            c->open[d] = -1;
    }
    return OC_OK;
}

static int32_t part_of_node(const cutter *c, const oc_node *node) {
    return c->part_of[c->plan->parts->groups.group_of[node->id]];
}

static oc_status export_value(cutter *c, const oc_value *value, oc_error *err) {
    if (c->block_of[value->id] >= 0)
        return OC_OK;
    c->exported[value->id] = true;
    c->block_of[value->id] = oc__parts_add_block(c->plan, value->name, value->dtype, &value->shape, err);
    return c->block_of[value->id] < 0 ? OC_ERROR_MEMORY : OC_OK;
}

/* Values that leave their part. */
static oc_status find_exports(cutter *c, oc_error *err) {
    struct oc__parts *x = c->plan->parts;
    for (size_t i = 0; i < c->graph->input_count; i++)
        c->block_of[c->graph->inputs[i]->id] = x->input_block[i];
    for (size_t i = 0; i < c->graph->node_count; i++) {
        const oc_node *node = c->graph->nodes[i];
        for (int k = 0; !c->fixed[i] && k < node->in_count; k++) {
            const oc_value *value = node->in[k];
            if (value && value->kind == OC_VALUE_NODE && !c->fixed[value->producer->id] &&
                part_of_node(c, value->producer) != part_of_node(c, node))
                OC_TRY(export_value(c, value, err));
        }
    }
    for (size_t i = 0; i < c->graph->output_count; i++) {
        const oc_value *value = c->graph->outputs[i].value;
        if (value->kind == OC_VALUE_NODE)
            OC_TRY(export_value(c, value, err));
        else if (value->kind != OC_VALUE_INPUT)
            return oc__fail(c->plan->context, err, OC_ERROR_UNSUPPORTED, "output %s is a state or a constant, which several devices do not "
                            "give", c->graph->outputs[i].name);
        x->output_block[i] = c->block_of[value->id];
    }
    return OC_OK;
}

/* Nodes by part: a counting sort. */
static void sort_nodes(cutter *c) {
    size_t parts = c->plan->parts->part_count, nodes = c->graph->node_count;
    for (size_t i = 0; i < nodes; i++)
        c->first_node[part_of_node(c, c->graph->nodes[i]) + 1]++;
    for (size_t i = 0; i < parts; i++)
        c->first_node[i + 1] += c->first_node[i];
    for (size_t i = nodes; i-- > 0;)
        c->sorted[--c->first_node[part_of_node(c, c->graph->nodes[i]) + 1]] = (int32_t)i;
    for (size_t i = 0; i < parts; i++)
        c->first_node[i] = c->first_node[i + 1];
    c->first_node[parts] = (int32_t)nodes;
}

static oc_status add_need(cutter *c, oc__part *part, int32_t other, oc_error *err) {
    for (size_t i = 0; i < part->need_count; i++)
        if (part->needs[i] == other)
            return OC_OK;
    int32_t *needs = oc__arena_alloc(&c->plan->arena, (part->need_count + 1) * sizeof(*needs));
    if (!needs)
        return oc__fail_memory(c->plan->context, err, (part->need_count + 1) * sizeof(*needs));
    if (part->need_count)
        memcpy(needs, part->needs, part->need_count * sizeof(*needs));
    needs[part->need_count++] = other;
    part->needs = needs;
    return OC_OK;
}

static bool is_fixed(const cutter *c, const oc_value *value) {
    return value->kind == OC_VALUE_NODE && c->fixed[value->producer->id];
}

/* Operands that a part gets from elsewhere, each once; what fixed nodes need is fixed too. */
static oc_status add_inputs(cutter *c, int32_t index, const oc_node *node, oc_error *err) {
    oc__part *part = &c->plan->parts->parts[index];
    char name[OC_CUT_NAME];
    for (int k = 0; !c->fixed[node->id] && k < node->in_count; k++) {
        const oc_value *value = node->in[k];
        bool made = value && value->kind == OC_VALUE_NODE && !is_fixed(c, value) && part_of_node(c, value->producer) != index;
        if (!value || (!made && value->kind != OC_VALUE_INPUT) || c->met[value->id] == index + 1)
            continue;
        c->met[value->id] = index + 1;
        oc__port port = {made ? oc__arena_strdup(&c->plan->arena, oc__cut_name(value, name)) : value->name, c->block_of[value->id], 0, -1};
        if (!port.name)
            return oc__fail_memory(c->plan->context, err, sizeof(name));
        part->in[part->in_count++] = port;
        if (made)
            OC_TRY(add_need(c, part, part_of_node(c, value->producer), err));
    }
    return OC_OK;
}

static oc_status add_outputs(cutter *c, oc__part *part, const oc_node *node, oc_error *err) {
    char name[OC_CUT_NAME];
    for (int k = 0; k < node->out_count; k++) {
        const oc_value *value = node->out[k];
        if (!c->exported[value->id])
            continue;
        oc__port port = {oc__arena_strdup(&c->plan->arena, oc__cut_name(value, name)), c->block_of[value->id], 0, -1};
        if (!port.name)
            return oc__fail_memory(c->plan->context, err, sizeof(name));
        part->out[part->out_count++] = port;
    }
    return OC_OK;
}

static oc_status make_ports(cutter *c, int32_t index, oc_error *err) {
    oc__part *part = &c->plan->parts->parts[index];
    size_t ins = 1, outs = 1;
    for (int32_t i = c->first_node[index]; i < c->first_node[index + 1]; i++) {
        ins += (size_t)c->graph->nodes[c->sorted[i]]->in_count;
        outs += (size_t)c->graph->nodes[c->sorted[i]]->out_count;
    }
    part->in = oc__arena_alloc(&c->plan->arena, ins * sizeof(*part->in));
    part->out = oc__arena_alloc(&c->plan->arena, outs * sizeof(*part->out));
    if (!part->in || !part->out)
        return oc__fail_memory(c->plan->context, err, (ins + outs) * sizeof(*part->in));
    for (int32_t i = c->first_node[index]; i < c->first_node[index + 1]; i++) {
        OC_TRY(add_inputs(c, index, c->graph->nodes[c->sorted[i]], err));
        OC_TRY(add_outputs(c, part, c->graph->nodes[c->sorted[i]], err));
    }
    return OC_OK;
}

static double port_seconds(const cutter *c, const oc__speed *speed, const oc__port *ports, size_t count) {
    double seconds = count ? speed->host_latency : 0;
    for (size_t i = 0; i < count; i++) {
        const oc__block *block = &c->plan->parts->blocks[ports[i].block];
        double bytes = (double)oc_shape_count(&block->shape) * (double)oc_dtype_size(block->dtype);
        seconds += OC_HOST_PASSES * bytes / speed->host_rate;
        if (oc__is_cut_name(ports[i].name) && block->shape.rank > 2)
            seconds += OC_LAYOUT_PASSES * bytes / speed->bytes;
    }
    return seconds;
}

/* The clock again, over parts: what goes over the host costs the device that reads or writes it, also between parts of one device. */
static void predict(cutter *c) {
    struct oc__parts *x = c->plan->parts;
    double end = 0;
    memset(c->free_at, 0, c->p->device_count * sizeof(*c->free_at));
    for (size_t i = 0; i < x->part_count; i++) {
        oc__part *part = &x->parts[i];
        const oc__speed *speed = &x->machine.speeds[part->device];
        part->seconds += OC_PART_SECONDS + port_seconds(c, speed, part->in, part->in_count) +
                         port_seconds(c, speed, part->out, part->out_count);
        part->start = c->free_at[part->device];
        for (size_t k = 0; k < part->need_count; k++) {
            const oc__part *need = &x->parts[part->needs[k]];
            double ready = need->start + need->seconds + (need->device == part->device ? 0 : OC_HAND_OVER);
            part->start = part->start > ready ? part->start : ready;
        }
        c->free_at[part->device] = part->start + part->seconds;
        end = end > c->free_at[part->device] ? end : c->free_at[part->device];
    }
    x->predicted = end;
}

/* The part's nodes, and the fixed ones they need. */
static void mark_nodes(cutter *c, int32_t part) {
    for (size_t i = 0; i < c->graph->node_count; i++)
        c->nodes[i] = part_of_node(c, c->graph->nodes[i]) == part;
    for (size_t i = c->graph->node_count; i-- > 0;) {
        const oc_node *node = c->graph->nodes[i];
        for (int k = 0; c->nodes[i] && k < node->in_count; k++)
            if (node->in[k] && is_fixed(c, node->in[k]))
                c->nodes[node->in[k]->producer->id] = true;
    }
}

static oc_status build_part(cutter *c, int32_t index, oc_error *err) {
    oc_graph *graph;
    oc_plan_params params = oc__part_params(c->plan);
    bool *mine = oc__alloc_array(c->plan->context, OC_MAX(c->graph->value_count, (size_t)1), sizeof(bool));
    if (!mine)
        return oc__fail_memory(c->plan->context, err, c->graph->value_count);
    mark_nodes(c, index);
    for (size_t i = 0; i < c->graph->value_count; i++) {
        const oc_value *value = c->graph->values[i];
        mine[i] = c->exported[i] && part_of_node(c, value->producer) == index;
    }
    const oc__copy_params copy = {.bind = true, .nodes = c->nodes, .exported = mine};
    oc_status status = oc__graph_copy(&graph, c->graph, &copy, err);
    oc__free(c->plan->context, mine);
    OC_TRY(status);
    oc__part *part = &c->plan->parts->parts[index];
    status = oc_plan_create(&part->plan, graph, &c->plan->devices[part->device], 1, &params, err);
    oc_graph_destroy(&graph);
    return status;
}

static oc_status cut(cutter *c, oc_error *err) {
    oc__arena *arena = &c->plan->arena;
    size_t values = OC_MAX(c->graph->value_count, (size_t)1), nodes = OC_MAX(c->graph->node_count, (size_t)1);
    c->part_of = oc__arena_alloc(arena, sizeof(int32_t) * OC_MAX(c->p->group_count, (size_t)1));
    c->open = oc__arena_alloc(arena, sizeof(int32_t) * c->p->device_count);
    c->block_of = oc__arena_alloc(arena, sizeof(int32_t) * values);
    c->exported = oc__arena_alloc(arena, values);
    c->nodes = oc__arena_alloc(arena, nodes);
    c->sorted = oc__arena_alloc(arena, sizeof(int32_t) * nodes);
    c->met = oc__arena_alloc(arena, sizeof(int32_t) * values);
    c->free_at = oc__arena_alloc(arena, sizeof(double) * c->p->device_count);
    if (!c->part_of || !c->open || !c->block_of || !c->exported || !c->nodes || !c->sorted || !c->met || !c->free_at)
        return oc__fail_memory(c->plan->context, err, values);
    c->fixed = c->plan->parts->groups.fixed;
    memset(c->block_of, -1, sizeof(int32_t) * values);
    OC_TRY(find_parts(c, err));
    OC_TRY(find_exports(c, err));
    c->first_node = oc__arena_alloc(arena, sizeof(int32_t) * (c->plan->parts->part_count + 2));
    if (!c->first_node)
        return oc__fail_memory(c->plan->context, err, sizeof(int32_t) * c->plan->parts->part_count);
    sort_nodes(c);
    for (size_t i = 0; i < c->plan->parts->part_count; i++)
        OC_TRY(make_ports(c, (int32_t)i, err));
    predict(c);
    return OC_OK;
}

/* All on one device: the whole graph is its part, under its own names. */
static oc_status keep_whole(oc_plan *plan, int32_t device, oc_error *err) {
    struct oc__parts *x = plan->parts;
    oc_plan_params params = oc__part_params(plan);
    oc__part *part = oc__parts_add(plan, err);
    if (!part)
        return OC_ERROR_MEMORY;
    part->device = device;
    part->seconds = x->predicted;
    part->in = oc__arena_alloc(&plan->arena, (plan->input_count + 1) * sizeof(*part->in));
    part->out = oc__arena_alloc(&plan->arena, (plan->output_count + 1) * sizeof(*part->out));
    if (!part->in || !part->out)
        return oc__fail_memory(plan->context, err, plan->input_count * sizeof(*part->in));
    OC_TRY(oc_plan_create(&part->plan, plan->graph, &plan->devices[device], 1, &params, err));
    for (size_t i = 0; i < plan->input_count; i++)
        part->in[part->in_count++] = (oc__port){plan->inputs[i].name, x->input_block[i], 0, -1};
    for (size_t i = 0; i < plan->output_count; i++) {
        const oc__plan_end *end = &plan->outputs[i];
        x->output_block[i] = oc__parts_add_block(plan, end->name, end->value->dtype, &end->value->shape, err);
        if (x->output_block[i] < 0)
            return OC_ERROR_MEMORY;
        part->out[part->out_count++] = (oc__port){end->name, x->output_block[i], 0, -1};
    }
    return OC_OK;
}

static bool several(const oc_placement *p) {
    for (size_t g = 1; g < p->group_count; g++)
        if (p->device_of[g] != p->device_of[0])
            return true;
    return false;
}

oc_status oc__parts_cut(oc_plan *plan, bool build, oc_error *err) {
    const oc_placement *p = &plan->parts->groups.placement;
    cutter c = {.plan = plan, .p = p, .graph = plan->graph};
    plan->parts->blend_at = SIZE_MAX;
    if (!several(p))
        return build ? keep_whole(plan, p->group_count ? p->device_of[0] : 0, err) : OC_OK;
    OC_TRY(cut(&c, err));
    for (size_t i = 0; build && i < plan->parts->part_count; i++)
        OC_TRY(build_part(&c, (int32_t)i, err));
    return OC_OK;
}
