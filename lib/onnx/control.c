/* SPDX-License-Identifier: Apache-2.0 */
/* If whose condition is known: its branch. Loop whose rounds are known: its body, that often. */
#include "onnx/control.h"

#include <math.h>
#include <string.h>

#include "op/rig.h"

oc_status oc__onnx_control_list(oc__onnx_reader *reader, size_t count, oc__onnx_binding ***out, oc_error *err) {
    *out = oc__arena_alloc(&reader->model.arena, count * sizeof(**out) + 1);
    return *out != NULL ? OC_OK : oc__fail_memory(reader->context, err, count * sizeof(**out));
}

oc_status oc__onnx_control_inputs(oc__onnx_reader *reader, const oc__onnx_node *node, oc__onnx_binding ***out, oc_error *err) {
    OC_TRY(oc__onnx_control_list(reader, (size_t)node->in_count, out, err));
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i][0] == 0)
            continue;
        (*out)[i] = oc__onnx_find(reader, node->in[i]);
        if ((*out)[i] == NULL)
            return oc__fail(reader->context, err, OC_ERROR_FORMAT, "it uses '%.200s', which nothing before it makes",
                            node->in[i]);
    }
    return OC_OK;
}

oc_status oc__onnx_control_body(oc__onnx_reader *reader, const oc__onnx_node *node, const char *name, oc__onnx_graph **out,
                                oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(node, name);
    if (attr == NULL || attr->graph == NULL)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "it has no graph '%s'", name);
    *out = attr->graph;
    return OC_OK;
}

oc_status oc__onnx_control_give(oc__onnx_reader *reader, const oc__onnx_node *node, oc__onnx_binding *const *out, oc_error *err) {
    for (int i = 0; i < node->out_count; i++)
        if (node->out[i][0] != 0)
            OC_TRY(oc__onnx_alias(reader, node->out[i], out[i], err));
    return OC_OK;
}

oc_status oc__onnx_control_round(oc__onnx_reader *reader, int64_t rounds, oc_error *err) {
    if (rounds <= OC_ONNX_MAX_ROUNDS)
        return OC_OK;
    return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "it runs %lld rounds or more; at most %d are unrolled",
                    (long long)rounds,
                    OC_ONNX_MAX_ROUNDS);
}

/* A number that has to be known now. */
static oc_status number_of(oc__onnx_reader *reader, oc__onnx_binding *binding, const char *what, double *out, oc_error *err) {
    OC_TRY(oc__onnx_binding_see(reader, binding, err));
    if (binding->tensor == NULL || binding->symbols != 0)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "%s, '%.200s', is not known while the model is read", what,
                        binding->name);
    if (oc_tensor_get_count(binding->tensor) != 1)
        return oc__fail(reader->context, err, OC_ERROR_SHAPE, "%s, '%.200s', is not one element", what, binding->name);
    *out = oc__element_get(oc_tensor_get_dtype(binding->tensor), oc_tensor_get_data(binding->tensor), 0);
    return OC_OK;
}

static oc_status read_if(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err) {
    oc__onnx_binding **in, **out;
    oc__onnx_graph *branch;
    double condition;
    if (node->in_count != 1)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "it has %d inputs", node->in_count);
    OC_TRY(oc__onnx_control_inputs(reader, node, &in, err));
    OC_TRY(number_of(reader, in[0], "its condition", &condition, err));
    OC_TRY(oc__onnx_control_body(reader, node, condition != 0 ? "then_branch" : "else_branch", &branch, err));
    OC_TRY(oc__onnx_control_list(reader, (size_t)node->out_count, &out, err));
    OC_TRY(oc__onnx_body_read(reader, branch, NULL, 0, out, node->out_count, err));
    return oc__onnx_control_give(reader, node, out, err);
}

/* The lists of a loop: in and out of its body, and what each round gave to be stacked. */
typedef struct loop {
    oc__onnx_reader *reader;
    oc__onnx_graph *body;
    oc__onnx_binding *condition; /* NULL: none is asked for */
    oc__onnx_binding **in, **out, **stacked;
    int carried, scanned;
    int64_t trip; /* INT64_MAX: no number */
} loop;

static oc_status keeps_on(const loop *l, bool *on, oc_error *err) {
    double condition = 1;
    if (l->condition != NULL)
        OC_TRY(number_of(l->reader, l->in[1], "its condition", &condition, err));
    *on = condition != 0;
    return OC_OK;
}

static oc_status run_rounds(loop *l, int64_t *rounds, oc_error *err) {
    for (int64_t i = 0; i < l->trip; i++) {
        bool on;
        *rounds = i;
        OC_TRY(keeps_on(l, &on, err));
        if (!on)
            return OC_OK;
        OC_TRY(oc__onnx_control_round(l->reader, i + 1, err));
        OC_TRY(oc__onnx_number_binding(l->reader, OC_I64, i, &l->in[0], err));
        OC_TRY(oc__onnx_body_read(l->reader, l->body, l->in, l->carried + 2, l->out, 1 + l->carried + l->scanned, err));
        if (l->condition != NULL)
            l->in[1] = l->out[0];
        memcpy(l->in + 2, l->out + 1, (size_t)l->carried * sizeof(*l->in));
        for (int k = 0; k < l->scanned; k++)
            l->stacked[(size_t)k * OC_ONNX_MAX_ROUNDS + (size_t)i] = l->out[1 + l->carried + k];
        *rounds = i + 1;
    }
    return OC_OK;
}

static oc_status loop_init(loop *l, oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err) {
    oc__onnx_binding **in;
    double trip = INFINITY;
    *l = (loop){.reader = reader, .carried = OC_MAX(node->in_count - 2, 0), .trip = INT64_MAX};
    l->scanned = node->out_count - l->carried;
    if (l->scanned < 0)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "it has %d inputs and %d outputs", node->in_count,
                        node->out_count);
    OC_TRY(oc__onnx_control_body(reader, node, "body", &l->body, err));
    OC_TRY(oc__onnx_control_inputs(reader, node, &in, err));
    OC_TRY(oc__onnx_control_list(reader, (size_t)l->carried + 2, &l->in, err));
    OC_TRY(oc__onnx_control_list(reader, (size_t)node->out_count + 1, &l->out, err));
    OC_TRY(oc__onnx_control_list(reader, (size_t)l->scanned * OC_ONNX_MAX_ROUNDS, &l->stacked, err));
    if (node->in_count > 0 && in[0] != NULL)
        OC_TRY(number_of(reader, in[0], "its trip count", &trip, err));
    if (trip < 0x1p62)
        l->trip = (int64_t)trip;
    l->condition = node->in_count > 1 ? in[1] : NULL;
    OC_TRY(oc__onnx_number_binding(reader, OC_BOOL, 1, &l->in[1], err));
    for (int i = node->in_count > 1 && in[1] != NULL ? 1 : 2; i < node->in_count; i++)
        if ((l->in[i] = in[i]) == NULL)
            return oc__fail(reader->context, err, OC_ERROR_FORMAT, "input %d is missing", i);
    return OC_OK;
}

static oc_status read_loop(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err) {
    loop l;
    int64_t rounds = 0;
    OC_TRY(loop_init(&l, reader, node, err));
    OC_TRY(run_rounds(&l, &rounds, err));
    memcpy(l.out, l.in + 2, (size_t)l.carried * sizeof(*l.out));
    if (l.body->output_count != (size_t)(1 + l.carried + l.scanned))
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "its body has %zu outputs", l.body->output_count);
    for (int k = 0; k < l.scanned; k++)
        if (node->out[l.carried + k][0] != 0)
            OC_TRY(oc__onnx_stack(reader, l.stacked + (size_t)k * OC_ONNX_MAX_ROUNDS, rounds, 0, false,
                                  &l.body->outputs[1 + l.carried + k], &l.out[l.carried + k], err));
    return oc__onnx_control_give(reader, node, l.out, err);
}

oc__onnx_control oc__onnx_control_find(const oc__onnx_node *node, int64_t opset) {
    static const struct {
        const char *type;
        int since;
        oc__onnx_control read;
    } controls[] = {{"If", 1, read_if}, {"Loop", 1, read_loop}, {"Scan", 8, oc__onnx_read_scan}};
    for (size_t i = 0; i < OC_COUNT(controls); i++)
        if (oc__onnx_is_default(node) && strcmp(node->type, controls[i].type) == 0 && opset >= controls[i].since)
            return controls[i].read;
    return NULL;
}
