/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that the model defines: their nodes take the place of the call. */
#include <string.h>

#include "onnx/control.h"

static bool same_domain(const char *a, const char *b) {
    bool own = a[0] == 0 || strcmp(a, "ai.onnx") == 0;
    return own ? b[0] == 0 || strcmp(b, "ai.onnx") == 0 : strcmp(a, b) == 0;
}

const oc__onnx_function *oc__onnx_function_find(const oc__onnx_reader *reader, const oc__onnx_node *node) {
    for (size_t i = 0; i < reader->model.function_count; i++) {
        const oc__onnx_function *function = &reader->model.functions[i];
        if (strcmp(function->name, node->type) == 0 && same_domain(function->domain, node->domain))
            return function;
    }
    return NULL;
}

bool oc__onnx_function_freezes(const oc__onnx_reader *reader, const oc__onnx_function *function, int index) {
    int64_t opset = function->opset < 0 ? reader->model.opset : function->opset;
    for (size_t i = 0; index < function->in_count && i < function->body.node_count; i++) {
        const oc__onnx_node *node = &function->body.nodes[i];
        const oc__onnx_rule *rule = oc__onnx_rule_find(reader->context, node, opset, NULL);
        for (int k = 0; rule != NULL && k < OC_MIN(node->in_count, 32); k++)
            if ((rule->frozen_inputs >> k & 1) != 0 && strcmp(node->in[k], function->in[index]) == 0)
                return true;
    }
    return false;
}

static bool left_out(const oc__onnx_scope *scope, const char *name) {
    int at = 0;
    if (scope->function == NULL || name[0] == 0)
        return false;
    while (at < scope->function->in_count && strcmp(scope->function->in[at], name) != 0)
        at++;
    return at < scope->function->in_count && (at >= scope->call->in_count || scope->call->in[at][0] == 0);
}

/* The caller's attribute, or the one the function has for callers without; NULL: neither. */
static const oc__onnx_attr *referred(const oc__onnx_scope *scope, const char *name) {
    const oc__onnx_node defaults = {.attrs = scope->function->defaults, .attr_count = scope->function->default_count};
    const oc__onnx_attr *attr = oc__onnx_attr_find(scope->call, name);
    return attr != NULL ? attr : oc__onnx_attr_find(&defaults, name);
}

static oc_status copy_node(oc__onnx_reader *reader, const oc__onnx_node *node, oc__onnx_node **out, oc_error *err) {
    oc__arena *arena = &reader->model.arena;
    oc__onnx_node *copy = oc__arena_alloc(arena, sizeof(*copy));
    oc__onnx_attr *attrs = oc__arena_alloc(arena, (size_t)node->attr_count * sizeof(*attrs) + 1);
    const char **in = oc__arena_alloc(arena, (size_t)node->in_count * sizeof(*in) + 1);
    if (copy == NULL || attrs == NULL || in == NULL)
        return oc__fail_memory(reader->context, err, sizeof(*copy));
    *copy = *node;
    copy->attrs = attrs;
    copy->in = in;
    copy->attr_count = 0;
    *out = copy;
    return OC_OK;
}

oc_status oc__onnx_function_node(oc__onnx_reader *reader, const oc__onnx_node *node, const oc__onnx_node **out, oc_error *err) {
    const oc__onnx_scope *scope = reader->scope;
    oc__onnx_node *copy;
    bool as_it_is = true;
    *out = node;
    for (int i = 0; i < node->attr_count; i++)
        as_it_is &= node->attrs[i].reference == NULL || node->attrs[i].reference[0] == 0;
    for (int i = 0; i < node->in_count; i++)
        as_it_is &= !left_out(scope, node->in[i]);
    if (as_it_is)
        return OC_OK;
    if (scope->function == NULL)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "an attribute refers to a function's, outside of functions");
    OC_TRY(copy_node(reader, node, &copy, err));
    for (int i = 0; i < node->in_count; i++)
        copy->in[i] = left_out(scope, node->in[i]) ? "" : node->in[i];
    while (copy->in_count > 0 && copy->in[copy->in_count - 1][0] == 0)
        copy->in_count--;
    for (int i = 0; i < node->attr_count; i++) {
        const oc__onnx_attr *attr = &node->attrs[i], *from = attr;
        if (attr->reference != NULL && attr->reference[0] != 0)
            from = referred(scope, attr->reference);
        if (from == NULL)
            continue;
        copy->attrs[copy->attr_count] = *from;
        copy->attrs[copy->attr_count++].name = attr->name;
    }
    *out = copy;
    return OC_OK;
}


static oc_status read_function(oc__onnx_reader *reader, const oc__onnx_function *function, const oc__onnx_node *node,
                               oc__onnx_binding *const *in, oc__onnx_binding **out, oc_error *err) {
    oc__onnx_graph *body = (oc__onnx_graph *)&function->body;
    for (int i = 0; i < node->in_count; i++)
        if (in[i] != NULL)
            OC_TRY(oc__onnx_alias(reader, function->in[i], in[i], err));
    for (int i = 0; i < node->out_count; i++)
        if (node->out[i][0] != 0)
            OC_TRY(oc__onnx_mark_used(reader, function->out[i], err));
    OC_TRY(oc__onnx_graph_prepare(reader, body, err));
    OC_TRY(oc__onnx_graph_read(reader, body, err));
    for (int i = 0; i < node->out_count; i++) {
        out[i] = oc__onnx_find(reader, function->out[i]);
        if (out[i] == NULL && node->out[i][0] != 0)
            return oc__fail(reader->context, err, OC_ERROR_FORMAT, "output '%.200s' of the function is made by no node",
                            function->out[i]);
    }
    return OC_OK;
}

static oc_status check_call(oc__onnx_reader *reader, const oc__onnx_function *function, const oc__onnx_node *node,
                            oc_error *err) {
    if (node->in_count > function->in_count || node->out_count > function->out_count)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "it has %d inputs and %d outputs; its function has %d and %d",
                        node->in_count,
                        node->out_count, function->in_count, function->out_count);
    if (function->opset > OC_ONNX_OPSET_MAX)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "opset %lld of its function is not supported",
                        (long long)function->opset);
    for (const oc__onnx_scope *scope = reader->scope; scope != NULL; scope = scope->caller)
        if (scope->function == function)
            return oc__fail(reader->context, err, OC_ERROR_FORMAT, "the function calls itself");
    return OC_OK;
}

oc_status oc__onnx_function_call(oc__onnx_reader *reader, const oc__onnx_function *function, const oc__onnx_node *node,
                                 oc_error *err) {
    oc__onnx_binding **in, **out;
    oc__onnx_scope scope;
    OC_TRY(check_call(reader, function, node, err));
    OC_TRY(oc__onnx_control_inputs(reader, node, &in, err));
    OC_TRY(oc__onnx_control_list(reader, (size_t)node->out_count, &out, err));
    oc_status status = oc__onnx_scope_enter(reader, &scope, NULL, err);
    scope.function = function;
    scope.call = node;
    if (function->opset >= 0)
        scope.opset = function->opset;
    if (status == OC_OK)
        status = read_function(reader, function, node, in, out, err);
    oc__onnx_scope_leave(reader);
    return status == OC_OK ? oc__onnx_control_give(reader, node, out, err) : status;
}
