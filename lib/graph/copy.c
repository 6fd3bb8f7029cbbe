/* SPDX-License-Identifier: Apache-2.0 */
/* A graph of its own for a plan: symbols bound, shapes inferred anew, what nobody asked for left out. */
#include <string.h>

#include "graph/graph.h"

typedef struct copier {
    oc_graph *to;
    const oc_graph *from;
    const oc__copy_params *params;
    oc_value **map;    /* by id of the original's values */
    bool *wanted;      /* by id of the original's nodes */
    bool *leaf;        /* by id of the original's values: is an input, constant or state of the copy */
} copier;

static bool output_wanted(const copier *c, const char *name) {
    if (!c->params->outputs)
        return true;
    for (size_t i = 0; i < c->params->output_count; i++)
        if (!strcmp(c->params->outputs[i], name))
            return true;
    return false;
}

static bool updates_wanted(const copier *c) {
    return !c->params->no_updates && !c->params->outputs;
}

static bool is_updated(const copier *c, size_t state) {
    return c->from->states[state]->update && (!c->params->updated || c->params->updated[state]);
}

static void want(copier *c, const oc_value *value) {
    if (value->kind != OC_VALUE_NODE || (c->params->nodes && !c->params->nodes[value->producer->id]))
        c->leaf[value->id] = true;
    else
        c->wanted[value->producer->id] = true;
}

/* Only certain nodes, and what they need. */
static void mark_part(copier *c) {
    for (size_t i = 0; i < c->from->node_count; i++) {
        const oc_node *node = c->from->nodes[i];
        c->wanted[i] = c->params->nodes[i];
        for (int k = 0; c->wanted[i] && k < node->in_count; k++)
            if (node->in[k])
                want(c, node->in[k]);
    }
    for (size_t i = 0; c->params->updates && i < c->from->state_count; i++)
        if (is_updated(c, i)) {
            want(c, c->from->states[i]);
            want(c, c->from->states[i]->update);
        }
}

/* Marks the nodes that outputs and updates need, last first. */
static void mark(copier *c) {
    for (size_t i = 0; i < c->from->value_count; i++)
        c->leaf[i] = c->from->values[i]->kind == OC_VALUE_INPUT || c->from->values[i]->kind == OC_VALUE_CONSTANT;
    for (size_t i = 0; i < c->from->output_count; i++)
        if (output_wanted(c, c->from->outputs[i].name))
            want(c, c->from->outputs[i].value);
    for (size_t i = 0; updates_wanted(c) && i < c->from->state_count; i++) {
        if (c->from->states[i]->update) {
            c->leaf[c->from->states[i]->id] = true;
            want(c, c->from->states[i]->update);
        }
    }
    for (size_t i = c->from->node_count; i-- > 0;) {
        const oc_node *node = c->from->nodes[i];
        for (int k = 0; c->wanted[i] && k < node->in_count; k++)
            if (node->in[k])
                want(c, node->in[k]);
    }
}

/* A size of the copy: bound to a number, or the symbol of the same text. */
static oc_status copy_dim(copier *c, const char *name, int64_t *dim, oc_error *err) {
    if (*dim >= 0)
        return OC_OK;
    char buffer[24];
    const char *text = oc__symbols_text(&c->from->symbols, *dim, buffer);
    if (!c->params->bind || (c->params->keep && !strcmp(text, c->params->keep))) {
        *dim = oc__symbols_intern(&c->to->symbols, text);
        return *dim == INT64_MIN ? oc__fail_memory(c->to->context, err, strlen(text)) : OC_OK;
    }
    for (size_t i = 0; i < c->params->dim_count; i++) {
        if (!strcmp(c->params->dims[i].name, text)) {
            *dim = c->params->dims[i].size;
            return *dim >= 0 ? OC_OK
                             : oc__fail(c->to->context, err, OC_ERROR_INVALID, "the size %s cannot be %lld", text, (long long)*dim);
        }
    }
    *dim = c->params->default_dim;
    return *dim > 0 ? OC_OK
                    : oc__fail(c->to->context, err, OC_ERROR_INVALID, "input %s: the size named %s is not bound to a number", name, text);
}

/* What another part makes is an input here. */
static oc_status copy_cut(copier *c, const oc_value *value, oc_error *err) {
    char name[OC_CUT_NAME];
    c->map[value->id] = oc_graph_input(c->to, oc__cut_name(value, name), value->dtype, &value->shape, err);
    return c->map[value->id] ? OC_OK : c->to->error.status;
}

static oc_status copy_leaf(copier *c, const oc_value *value, oc_error *err) {
    oc_shape shape = value->shape;
    if (value->kind == OC_VALUE_NODE)
        return copy_cut(c, value, err);
    if (c->params->batch && value->kind == OC_VALUE_INPUT && shape.rank > 0 &&
        (shape.dims[0] = oc__symbols_intern(&c->to->symbols, c->params->batch)) == INT64_MIN)
        return oc__fail_memory(c->to->context, err, 64);
    for (int i = c->params->batch && value->kind == OC_VALUE_INPUT; i < shape.rank; i++)
        OC_TRY(copy_dim(c, value->name ? value->name : "", &shape.dims[i], err));
    oc_value *copy = oc__value_add(c->to, value->kind, value->name, value->dtype, &shape);
    if (!copy)
        return oc__fail_memory(c->to->context, err, sizeof(*copy));
    copy->init = value->init;
    c->map[value->id] = copy;
    if (!value->data)
        return OC_OK;
    return oc_tensor_view(&copy->data, value->data, 0, oc_tensor_get_shape(value->data), NULL, err);
}

static oc_status copy_node(copier *c, const oc_node *node, oc_error *err) {
    oc_value **in = oc__arena_alloc(&c->to->arena, sizeof(*in) * (size_t)OC_MAX(node->in_count, 1));
    oc_value **out = oc__arena_alloc(&c->to->arena, sizeof(*out) * (size_t)OC_MAX(node->out_count, 1));
    if (!in || !out)
        return oc__fail_memory(c->to->context, err, sizeof(*in) * (size_t)node->in_count);
    for (int i = 0; i < node->in_count; i++)
        in[i] = node->in[i] ? c->map[node->in[i]->id] : NULL;
    oc_error own = {0};
    oc_status status = oc__graph_node(c->to, node->op, node->params, in, node->op_in, out, node->out_count, &own);
    if (status != OC_OK)
        return oc__fail(c->to->context, err, status, "%s%s%s", node->name ? node->name : "", node->name ? ": " : "", own.text);
    oc_node *copy = out[0]->producer;
    copy->name = node->name ? oc__arena_strdup(&c->to->arena, node->name) : NULL;
    copy->in = in; /* with those of prologue and epilogue */
    copy->in_count = node->in_count;
    copy->op_in = node->op_in;
    copy->pre = node->pre;
    copy->post = node->post;
    for (int i = 0; i < node->out_count; i++) {
        c->map[node->out[i]->id] = out[i];
        out[i]->name = node->out[i]->name ? oc__arena_strdup(&c->to->arena, node->out[i]->name) : NULL;
    }
    return OC_OK;
}

static oc_status copy_updates(copier *c, oc_error *err) {
    for (size_t i = 0; i < c->from->state_count; i++)
        if (is_updated(c, i))
            OC_TRY(oc_graph_update(c->to, c->map[c->from->states[i]->id], c->map[c->from->states[i]->update->id], err));
    return OC_OK;
}

static oc_status copy_ends(copier *c, oc_error *err) {
    for (size_t i = 0; i < c->from->output_count; i++)
        if (output_wanted(c, c->from->outputs[i].name))
            OC_TRY(oc_graph_output(c->to, c->from->outputs[i].name, c->map[c->from->outputs[i].value->id], err));
    for (size_t i = 0; c->params->outputs && i < c->params->output_count; i++) {
        size_t k = 0;
        while (k < c->to->output_count && strcmp(c->to->outputs[k].name, c->params->outputs[i]))
            k++;
        if (k == c->to->output_count)
            return oc__fail(c->to->context, err, OC_ERROR_NOT_FOUND, "there is no output named %s", c->params->outputs[i]);
    }
    if (updates_wanted(c))
        OC_TRY(copy_updates(c, err));
    for (size_t i = 0; i < c->from->metadata_count; i++)
        OC_TRY(oc_graph_set_metadata(c->to, c->from->metadata[i].key, c->from->metadata[i].text, err));
    return OC_OK;
}

#define CUT "ocelli.cut."

bool oc__is_cut_name(const char *name) {
    return !strncmp(name, CUT, strlen(CUT));
}

const char *oc__cut_name(const oc_value *value, char name[OC_CUT_NAME]) {
    oc__format(name, OC_CUT_NAME, CUT "%d", (int)value->id);
    return name;
}

/* Values that other parts or the caller want. */
static oc_status copy_exports(copier *c, oc_error *err) {
    char name[OC_CUT_NAME];
    for (size_t i = 0; i < c->from->value_count; i++)
        if (c->params->exported[i] && c->from->values[i]->kind == OC_VALUE_NODE && c->wanted[c->from->values[i]->producer->id])
            OC_TRY(oc_graph_output(c->to, oc__cut_name(c->from->values[i], name), c->map[i], err));
    return c->params->updates ? copy_updates(c, err) : OC_OK;
}

static oc_status copy_all(copier *c, oc_error *err) {
    (c->params->nodes ? mark_part : mark)(c);
    for (size_t i = 0; i < c->from->value_count; i++)
        if (c->leaf[i])
            OC_TRY(copy_leaf(c, c->from->values[i], err));
    for (size_t i = 0; i < c->from->node_count; i++)
        if (c->wanted[i])
            OC_TRY(copy_node(c, c->from->nodes[i], err));
    return c->params->nodes ? copy_exports(c, err) : copy_ends(c, err);
}

oc__copy_params oc__plan_copy_params(const oc_plan_params *p) {
    return (oc__copy_params){.bind = true, .dims = p->dims, .dim_count = p->dim_count, .default_dim = p->default_dim,
                             .outputs = p->output_count ? p->outputs : NULL, .output_count = p->output_count, .no_updates = p->no_updates};
}

oc_status oc__graph_copy(oc_graph **out, const oc_graph *graph, const oc__copy_params *params, oc_error *err) {
    oc_context *context = graph->context;
    OC_TRY(oc_graph_check(graph, err));
    copier c = {.from = graph, .params = params};
    OC_TRY(oc_graph_create(&c.to, context, err));
    c.map = oc__alloc_array(context, OC_MAX(graph->value_count, (size_t)1), sizeof(*c.map));
    c.leaf = oc__alloc_array(context, OC_MAX(graph->value_count, (size_t)1), sizeof(bool));
    c.wanted = oc__alloc_array(context, OC_MAX(graph->node_count, (size_t)1), sizeof(bool));
    oc_status status = c.map && c.leaf && c.wanted ? copy_all(&c, err)
                                                         : oc__fail_memory(context, err, graph->value_count * sizeof(*c.map));
    oc__free(context, c.map);
    oc__free(context, c.leaf);
    oc__free(context, c.wanted);
    if (status == OC_OK)
        *out = c.to;
    else
        oc_graph_destroy(&c.to);
    return status;
}
