/* SPDX-License-Identifier: Apache-2.0 */
/* Scan: its body, once for each element of the scanned axis. */
#include "onnx/control.h"

typedef struct scan {
    oc__onnx_reader *reader;
    const oc__onnx_node *node;
    oc__onnx_graph *body;
    int states, scanned, results; /* states, scanned inputs, scanned outputs */
    bool batched;                 /* opset 8: axis 0 is the batch, axis 1 is scanned */
} scan;

static int64_t entry(const scan *s, const char *name, int index, int64_t otherwise) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(s->node, name);
    return attr != NULL && attr->kind == OC_ONNX_INTS && (size_t)index < attr->count ? attr->ints[index] : otherwise;
}

/* The number of elements along an axis, the same for all; *rounds is -1 at first. */
static oc_status measure(const scan *s, const oc__onnx_binding *in, int64_t axis, int64_t *rounds, oc_error *err) {
    const oc_shape *shape = oc__onnx_shape_of(in);
    if (shape != NULL && axis < 0)
        axis += shape->rank;
    if (shape == NULL || axis < 0 || axis >= shape->rank)
        return oc__fail(s->reader->context, err, OC_ERROR_SHAPE, "'%.200s' has no axis %lld to go along", in->name,
                        (long long)axis);
    if (shape->dims[axis] < 0)
        return oc__fail(s->reader->context, err, OC_ERROR_UNSUPPORTED,
                        "how many rounds it runs is not known: the size of '%.200s' is no number",
                        in->name);
    if (*rounds >= 0 && *rounds != shape->dims[axis])
        return oc__fail(s->reader->context, err, OC_ERROR_SHAPE, "'%.200s' has %lld elements to go along, others have %lld",
                        in->name,
                        (long long)shape->dims[axis], (long long)*rounds);
    *rounds = shape->dims[axis];
    return oc__onnx_control_round(s->reader, *rounds, err);
}

static int64_t in_axis(const scan *s, const oc__onnx_binding *in, int index) {
    const oc_shape *shape = oc__onnx_shape_of(in);
    int64_t axis = s->batched ? 0 : entry(s, "scan_input_axes", index, 0);
    return axis < 0 && shape != NULL ? axis + shape->rank : axis;
}

static oc_status fill_inputs(const scan *s, oc__onnx_binding *const *in, int64_t round, int64_t rounds, oc__onnx_binding **to,
                             oc_error *err) {
    for (int k = 0; k < s->scanned; k++) {
        bool backwards = entry(s, s->batched ? "directions" : "scan_input_directions", k, 0) != 0;
        oc__onnx_binding *from = in[s->states + k];
        OC_TRY(oc__onnx_take(s->reader, from, in_axis(s, from, k), backwards ? rounds - 1 - round : round, &to[s->states + k],
                             err));
    }
    return OC_OK;
}

/* in[]: states and scanned inputs; out[]: states and scanned outputs. */
static oc_status run(const scan *s, oc__onnx_binding *const *in, oc__onnx_binding **out, oc_error *err) {
    oc__onnx_binding **now, **stacked;
    int64_t rounds = -1;
    for (int k = 0; k < s->scanned; k++)
        OC_TRY(measure(s, in[s->states + k], in_axis(s, in[s->states + k], k), &rounds, err));
    OC_TRY(oc__onnx_control_list(s->reader, (size_t)(s->states + s->scanned), &now, err));
    OC_TRY(oc__onnx_control_list(s->reader, (size_t)s->results * (size_t)rounds, &stacked, err));
    for (int k = 0; k < s->states; k++)
        out[k] = in[k];
    for (int64_t i = 0; i < rounds; i++) {
        for (int k = 0; k < s->states; k++)
            now[k] = out[k];
        OC_TRY(fill_inputs(s, in, i, rounds, now, err));
        OC_TRY(oc__onnx_body_read(s->reader, s->body, now, s->states + s->scanned, out, s->states + s->results, err));
        for (int k = 0; k < s->results; k++)
            stacked[k * rounds + i] = out[s->states + k];
    }
    for (int k = 0; k < s->results; k++)
        OC_TRY(oc__onnx_stack(s->reader, stacked + k * rounds, rounds, s->batched ? 0 : entry(s, "scan_output_axes", k, 0),
                              !s->batched && entry(s, "scan_output_directions", k, 0) != 0, &s->body->outputs[s->states + k],
                              &out[s->states + k], err));
    return OC_OK;
}

/* One after another, and stacked along axis 0. */
static oc_status run_batch(const scan *s, oc__onnx_binding *const *in, oc__onnx_binding **out, oc_error *err) {
    int ins = s->states + s->scanned, outs = s->states + s->results;
    oc__onnx_binding **one, **results;
    int64_t batch = -1;
    for (int k = 0; k < ins; k++)
        OC_TRY(measure(s, in[k], 0, &batch, err));
    OC_TRY(oc__onnx_control_list(s->reader, (size_t)(ins + outs), &one, err));
    OC_TRY(oc__onnx_control_list(s->reader, (size_t)batch * (size_t)outs, &results, err));
    for (int64_t b = 0; b < batch; b++) {
        for (int k = 0; k < ins; k++)
            OC_TRY(oc__onnx_take(s->reader, in[k], 0, b, &one[k], err));
        OC_TRY(run(s, one, one + ins, err));
        for (int k = 0; k < outs; k++)
            results[k * batch + b] = one[ins + k];
    }
    for (int k = 0; k < outs; k++)
        OC_TRY(oc__onnx_stack(s->reader, results + k * batch, batch, 0, false, &s->body->outputs[k], &out[k], err));
    return OC_OK;
}

oc_status oc__onnx_read_scan(oc__onnx_reader *reader, const oc__onnx_node *node, oc_error *err) {
    scan s = {.reader = reader, .node = node, .batched = reader->scope->opset == 8};
    oc__onnx_binding **in, **out;
    int64_t scanned = oc__onnx_attr_int(node, "num_scan_inputs", 0);
    int first = s.batched ? 1 : 0;
    if (scanned < 1 || scanned > node->in_count - first)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "it scans %lld of %d inputs", (long long)scanned,
                        node->in_count - first);
    s.scanned = (int)scanned;
    s.states = node->in_count - first - s.scanned;
    s.results = node->out_count - s.states;
    if (s.results < 0)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "it has %d states and %d outputs", s.states, node->out_count);
    if (first == 1 && node->in[0][0] != 0)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "lengths of sequences are not supported");
    OC_TRY(oc__onnx_control_body(reader, node, "body", &s.body, err));
    if (s.body->output_count != (size_t)node->out_count)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "its body has %zu outputs, it has %d", s.body->output_count,
                        node->out_count);
    OC_TRY(oc__onnx_control_inputs(reader, node, &in, err));
    for (int i = first; i < node->in_count; i++)
        if (in[i] == NULL)
            return oc__fail(reader->context, err, OC_ERROR_FORMAT, "input %d is missing", i);
    OC_TRY(oc__onnx_control_list(reader, (size_t)node->out_count, &out, err));
    OC_TRY(s.batched ? run_batch(&s, in + first, out, err) : run(&s, in, out, err));
    return oc__onnx_control_give(reader, node, out, err);
}
