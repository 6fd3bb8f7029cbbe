/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "onnx/reader.h"

/* A node with the bindings of its inputs. */
typedef struct visit {
    oc__onnx_reader *reader;
    oc__onnx_reading reading;
    oc__onnx_binding **in;
} visit;

static bool is_param(const oc__onnx_rule *rule, int index) {
    return rule != NULL && index < 32 && (rule->param_inputs >> index & 1) != 0;
}

static bool is_peeked(const oc__onnx_rule *rule, int index) {
    return rule != NULL && index < 32 && (rule->peeked_inputs >> index & 1) != 0;
}

static oc_status prepare(visit *v, oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err) {
    oc__arena *arena = &reader->model.arena;
    size_t in = (size_t)node->in_count, out = (size_t)node->out_count;
    *v = (visit){.reader = reader};
    v->reading = (oc__onnx_reading){.context = reader->context, .graph = reader->graph, .node = node,
                                    .opset = (int)reader->scope->opset};
    v->reading.rule = oc__onnx_rule_find(reader->context, node, reader->scope->opset, &v->reading.op);
    v->in = oc__arena_alloc(arena, in * sizeof(*v->in) + 1);
    v->reading.in = oc__arena_alloc(arena, in * sizeof(oc_value *) + 1);
    v->reading.out = oc__arena_alloc(arena, out * sizeof(oc_value *) + 1);
    oc__onnx_known *known = oc__arena_alloc(arena, in * sizeof(*known) + 1);
    bool *used = oc__arena_alloc(arena, out + 1);
    if (v->in == NULL || v->reading.in == NULL || v->reading.out == NULL || known == NULL || used == NULL)
        return oc__fail_memory(reader->context, err, in * sizeof(*known));
    for (size_t i = 0; i < out; i++)
        used[i] = oc__onnx_is_used(reader, node->out[i]);
    v->reading.known = known;
    v->reading.out_used = used;
    return OC_OK;
}

static oc_status check_counts(const visit *v, oc_error *err) {
    const oc__onnx_rule *rule = v->reading.rule;
    const oc__onnx_node *node = v->reading.node;
    if (node->out_count < 1)
        return oc__onnx_refuse(&v->reading, err, OC_ERROR_FORMAT, "it has no output");
    if (rule == NULL)
        return OC_OK;
    if (node->in_count < rule->in_min || (rule->in_max != OC_VARIADIC && node->in_count > rule->in_max))
        return oc__onnx_refuse(&v->reading, err, OC_ERROR_FORMAT, "it has %d inputs", node->in_count);
    for (int i = 0; i < rule->in_min; i++)
        if (!oc__onnx_has_in(&v->reading, i))
            return oc__onnx_refuse(&v->reading, err, OC_ERROR_FORMAT, "input %d is missing", i);
    for (int i = rule->out_max; i < node->out_count; i++)
        if (v->reading.out_used[i])
            return oc__onnx_refuse(&v->reading, err, OC_ERROR_UNSUPPORTED, "output %d is not supported", i);
    return OC_OK;
}

static bool must_see(const visit *v, int index) {
    return is_param(v->reading.rule, index) || is_peeked(v->reading.rule, index) ||
           strcmp(v->reading.node->type, "ConstantOfShape") == 0;
}

static bool made_later(const oc__onnx_reader *reader, const char *name) {
    const oc__onnx_graph *graph = &reader->model.graph;
    for (size_t i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].out_count; k++)
            if (strcmp(graph->nodes[i].out[k], name) == 0)
                return true;
    return false;
}

static oc_status look_up(visit *v, oc_error *err) {
    const oc__onnx_node *node = v->reading.node;
    oc__onnx_known *known = (oc__onnx_known *)v->reading.known;
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i][0] == 0)
            continue;
        oc__onnx_binding *binding = v->in[i] = oc__onnx_find(v->reader, node->in[i]);
        if (binding == NULL)
            return oc__onnx_refuse(&v->reading, err, OC_ERROR_FORMAT, "it uses '%.200s', which %s", node->in[i],
                                   made_later(v->reader, node->in[i]) ? "is made only by itself or by a node behind it"
                                                                      : "nothing before it makes");
        if (must_see(v, i))
            OC_TRY(oc__onnx_binding_see(v->reader, binding, err));
        else if (binding->constant)
            OC_TRY(oc__onnx_binding_load(v->reader, binding, err));
        if (binding->tensor != NULL)
            known[i] = (oc__onnx_known){binding->tensor, binding->symbols};
        v->reading.in[i] = binding->value;
    }
    return OC_OK;
}

/* Whether all inputs are constants: 2, 1 if some of them hold symbols, 0 if not. */
static int constant_inputs(const visit *v) {
    bool symbols = false;
    for (int i = 0; i < v->reading.node->in_count; i++) {
        if (v->in[i] == NULL)
            continue;
        bool known = is_param(v->reading.rule, i) ? v->reading.known[i].tensor != NULL : v->in[i]->constant;
        if (!known || v->in[i]->evaluated)
            return 0;
        symbols |= v->in[i]->symbols != 0;
    }
    return symbols ? 1 : 2;
}

static oc_status bind_tensors(visit *v, oc_tensor **tensors, uint64_t symbols, oc_error *err) {
    const oc__onnx_node *node = v->reading.node;
    oc_status status = OC_OK;
    for (int i = 0; i < node->out_count; i++) {
        oc_tensor *tensor = tensors[i];
        tensors[i] = NULL;
        if (status == OC_OK && tensor != NULL && node->out[i][0] != 0)
            status = oc__onnx_bind_tensor(v->reader, node->out[i], tensor, symbols, err);
        else
            oc_tensor_destroy(&tensor);
    }
    return status;
}

/* Computes the node now if that is possible. */
static oc_status try_fold(visit *v, bool *done, oc_error *err) {
    const oc__onnx_node *node = v->reading.node;
    uint64_t symbols = 0;
    oc_tensor **tensors = oc__arena_alloc(&v->reader->model.arena, (size_t)node->out_count * sizeof(*tensors) + 1);
    if (tensors == NULL)
        return oc__fail_memory(v->reader->context, err, sizeof(*tensors));
    int constant = constant_inputs(v);
    if (strcmp(node->type, "Constant") == 0)
        OC_TRY(oc__onnx_fold_constant(v->reader, &v->reading, &tensors[0], err));
    else if (strcmp(node->type, "ConstantOfShape") == 0)
        OC_TRY(oc__onnx_fold_constant_of_shape(v->reader, &v->reading, &tensors[0], err));
    else if (constant > 0 || strcmp(node->type, "Size") == 0 || strcmp(node->type, "Shape") == 0)
        OC_TRY(oc__onnx_fold_sizes(&v->reading, &tensors[0], &symbols, err));
    if (tensors[0] == NULL && constant == 2 && v->reading.rule != NULL && node->in_count > 0)
        OC_TRY(oc__onnx_fold_node(&v->reading, tensors, err));
    *done = tensors[0] != NULL;
    return bind_tensors(v, tensors, symbols, err);
}

oc_status oc__onnx_run_rule(const oc__onnx_reading *reading, oc_error *err) {
    const oc__onnx_rule *rule = reading->rule;
    const oc__op *op = reading->op;
    void *params = oc__alloc(reading->context, op->params_size + 1);
    if (params == NULL)
        return oc__fail_memory(reading->context, err, op->params_size);
    oc_status status = oc__onnx_attrs_read(reading, params, err);
    if (status == OC_OK && rule->adjust != NULL)
        status = rule->adjust(reading, params, err);
    if (status == OC_OK && rule->read != NULL)
        status = rule->read(reading, params, err);
    else if (status == OC_OK)
        status = oc__graph_node(reading->graph, op, params, reading->in, reading->node->in_count, reading->out,
                                OC_MIN(reading->node->out_count, rule->out_max), err);
    oc__free(reading->context, params);
    return status;
}

static oc_status take_operands(visit *v, oc_error *err) {
    for (int i = 0; i < v->reading.node->in_count; i++) {
        if (v->in[i] == NULL || is_param(v->reading.rule, i))
            continue;
        OC_TRY(oc__onnx_binding_value(v->reader, v->in[i], &v->reading.in[i], err));
        oc_dtype dtype = v->reading.in[i]->dtype;
        if (v->reading.rule->floats && !oc__is_float(dtype))
            return oc__onnx_refuse(&v->reading, err, OC_ERROR_UNSUPPORTED, "operands of %s are not supported", oc_dtype_name(dtype));
    }
    return OC_OK;
}

static oc_status bind_outputs(visit *v, oc_error *err) {
    const oc__onnx_node *node = v->reading.node;
    for (int i = 0; i < node->out_count; i++) {
        oc__onnx_binding *binding;
        oc_value *value = v->reading.out[i];
        if (node->out[i][0] == 0)
            continue;
        if (value == NULL && v->reading.out_used[i])
            return oc__onnx_refuse(&v->reading, err, OC_ERROR_UNSUPPORTED, "output %d is not supported", i);
        if (value == NULL)
            continue;
        OC_TRY(oc__onnx_bind(v->reader, node->out[i], &binding, err));
        binding->value = value;
        if (value->kind == OC_VALUE_NODE && value->name == NULL)
            oc_value_set_name(value, node->out[i]);
    }
    return OC_OK;
}

static void name_nodes(oc_graph *graph, size_t from, const char *name) {
    char *copy = name[0] == 0 || from == graph->node_count ? NULL : oc__arena_strdup(&graph->arena, name);
    for (size_t i = from; copy != NULL && i < graph->node_count; i++)
        graph->nodes[i]->name = copy;
}

static oc_status read_node(visit *v, oc_error *err) {
    bool done;
    OC_TRY(check_counts(v, err));
    OC_TRY(look_up(v, err));
    OC_TRY(try_fold(v, &done, err));
    if (done)
        return OC_OK;
    if (v->reading.rule == NULL)
        return oc__onnx_refuse(&v->reading, err, OC_ERROR_UNSUPPORTED, "only sizes and constants can go through it");
    OC_TRY(take_operands(v, err));
    OC_TRY(oc__onnx_run_rule(&v->reading, err));
    return bind_outputs(v, err);
}

static oc_status read_any(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err) {
    visit v;
    const oc__onnx_function *function = oc__onnx_function_find(reader, node);
    oc__onnx_control control = oc__onnx_control_find(node, reader->scope->opset);
    if (reader->scope->caller != NULL && ++reader->node_count > OC_ONNX_MAX_NODES)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "unrolled, the model has more than %d nodes",
                        OC_ONNX_MAX_NODES);
    if (function != NULL)
        return oc__onnx_function_call(reader, function, node, err);
    if (control != NULL)
        return control(reader, node, err);
    OC_TRY(prepare(&v, reader, node, err));
    return read_node(&v, err);
}

oc_status oc__onnx_read_node(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err) {
    size_t first = reader->graph->node_count;
    OC_TRY(oc__onnx_function_node(reader, node, &node, err));
    oc_status status = read_any(reader, node, err);
    if (status == OC_OK)
        name_nodes(reader->graph, first, node->name);
    else if (strncmp(err->text, "node '", 6) != 0) {
        const oc__onnx_reading reading = {.context = reader->context, .node = node};
        oc_error reason = *err;
        return oc__onnx_refuse(&reading, err, status, "%.380s", reason.text);
    }
    return status;
}
