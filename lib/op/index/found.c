/* SPDX-License-Identifier: Apache-2.0 */
/* What is found in data: "non_zero" (x) to (rank, count), "non_max_suppression" (boxes, scores) to (count, 3). How many there are is
 * said when the node is made; where fewer are found the rest is -1. */
#include <math.h>
#include <string.h>

#include "op/index/index.h"
#include "op/rig.h"

typedef oc_suppression_params found_params;

static const oc__field fields[] = {OC_FIELD(OC_FIELD_I64, found_params, count), OC_FIELD(OC_FIELD_I64, found_params, most),
                                   OC_FIELD(OC_FIELD_F32, found_params, overlap), OC_FIELD(OC_FIELD_F32, found_params, score),
                                   OC_FIELD(OC_FIELD_BOOL, found_params, center), {NULL}};

extern const oc__onnx_rule oc__found_onnx[];

static oc_status infer_zero(oc__inference *inference, oc_error *err) {
    const found_params *params = inference->params;
    if (params->count < 0)
        return oc__infer_fail(inference, err, "%lld elements", (long long)params->count);
    inference->out[0].dtype = OC_I64;
    inference->out[0].shape = OC_SHAPE(inference->in[0].shape.rank, params->count);
    return OC_OK;
}

static oc_status infer_boxes(oc__inference *inference, oc_error *err) {
    const found_params *params = inference->params;
    const oc_shape *boxes = &inference->in[0].shape, *scores = &inference->in[1].shape;
    if (params->count < 0 || boxes->rank != 3 || scores->rank != 3 || boxes->dims[2] != 4 || boxes->dims[0] != scores->dims[0] ||
        boxes->dims[1] != scores->dims[2] || inference->in[0].dtype != OC_F32 || inference->in[1].dtype != OC_F32)
        return oc__infer_fail(inference, err, "it takes boxes (N, boxes, 4) and scores (N, classes, boxes) of f32");
    inference->out[0].dtype = OC_I64;
    inference->out[0].shape = OC_SHAPE(params->count, 3);
    return OC_OK;
}

static oc_status host_zero(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                           oc_error *err) {
    const oc_shape *x = &problem->in[0].shape;
    int64_t count = problem->out[0].shape.dims[1], total = oc__count(x), found = 0;
    for (int64_t i = 0; i < count * x->rank; i++)
        out[0][i] = -1;
    for (int64_t i = 0; i < total && found < count; i++) {
        int64_t rest = i;
        if (in[0][i] == 0)
            continue;
        for (int k = x->rank - 1; k >= 0; k--) {
            out[0][k * count + found] = (double)(rest % x->dims[k]);
            rest /= x->dims[k];
        }
        found++;
    }
    (void)context, (void)err;
    return OC_OK;
}

static void corners(const double *box, bool center, double low[2], double high[2]) {
    for (int i = 0; i < 2; i++) {
        low[i] = center ? box[i] - box[2 + i] / 2 : fmin(box[i], box[2 + i]);
        high[i] = center ? box[i] + box[2 + i] / 2 : fmax(box[i], box[2 + i]);
    }
}

/* The share of what both cover in what either covers. */
static double overlap_of(const double *a, const double *b, bool center) {
    double al[2], ah[2], bl[2], bh[2], both = 1, one = 1, other = 1;
    corners(a, center, al, ah);
    corners(b, center, bl, bh);
    for (int i = 0; i < 2; i++) {
        both *= fmax(fmin(ah[i], bh[i]) - fmax(al[i], bl[i]), 0);
        one *= ah[i] - al[i];
        other *= bh[i] - bl[i];
    }
    return both > 0 ? both / (one + other - both) : 0;
}

/* The box of the next lower score; -1: none. */
static int64_t next_box(const double *scores, int64_t boxes, double threshold, double last, int64_t last_box) {
    int64_t best = -1;
    for (int64_t i = 0; i < boxes; i++) {
        double s = scores[i];
        bool below = s < last || (s == last && i > last_box);
        if (s > threshold && below && (best < 0 || s > scores[best]))
            best = i;
    }
    return best;
}

/* Up to `count` of (image, class, box); returns how many there are. NULL: only counts, all of them, with `chosen` to work in. */
static int64_t suppress(const found_params *p, const oc_shape *shape, const double *boxes, const double *scores, int64_t count,
                        double *out, int64_t *chosen) {
    int64_t total = 0, number = shape->dims[2];
    for (int64_t line = 0; line < shape->dims[0] * shape->dims[1]; line++) {
        const double *own = boxes + line / shape->dims[1] * number * 4, *s = scores + line * number;
        int64_t kept = 0, box = -1;
        double last = INFINITY;
        while (kept < p->most && total < count && (box = next_box(s, number, p->score, last, box)) >= 0) {
            bool apart = true;
            last = s[box];
            for (int64_t k = 0; k < kept && apart; k++)
                apart = !(overlap_of(own + box * 4, own + chosen[k] * 4, p->center) > p->overlap);
            if (!apart)
                continue;
            if (out) {
                out[total * 3] = (double)(line / shape->dims[1]);
                out[total * 3 + 1] = (double)(line % shape->dims[1]);
                out[total * 3 + 2] = (double)box;
            }
            chosen[kept++] = box;
            total++;
        }
    }
    return total;
}

static oc_status host_boxes(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                            oc_error *err) {
    const found_params *params = problem->params;
    int64_t count = problem->out[0].shape.dims[0];
    int64_t *chosen = oc__alloc_array(context, (size_t)problem->in[1].shape.dims[2] + 1, sizeof(*chosen));
    if (!chosen)
        return oc__fail_memory(context, err, sizeof(*chosen));
    for (int64_t i = 0; i < count * 3; i++)
        out[0][i] = -1;
    suppress(params, &problem->in[1].shape, in[0], in[1], count, out[0], chosen);
    oc__free(context, chosen);
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    (void)g, (void)err;
    return OC_OK;
}

static oc_status record_zero(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    oc__steps *steps = recording->steps;
    int64_t count = problem->out[0].shape.dims[1];
    if (oc__count(&problem->out[0].shape) == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, "#define ZERO\n");
    oc__step *step = oc__step_kernel(steps, "found.cl", defines.text, "non_zero_ref");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    oc__step_i64(steps, step, oc__count(&problem->in[0].shape));
    oc__step_i64(steps, step, count);
    oc__step_i32(steps, step, problem->in[0].shape.rank);
    oc__step_sizes(steps, step, &problem->in[0].shape);
    oc__step_range_items(step, recording->caps, (uint64_t)count);
    return oc__record_end(recording, &defines, err);
}

static oc_status record_boxes(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const found_params *params = problem->params;
    const oc_shape *scores = &problem->in[1].shape;
    oc__steps *steps = recording->steps;
    if (params->count == 0)
        return OC_OK;
    oc__step *step = oc__step_kernel(steps, "found.cl", params->center ? "#define CENTER\n" : "", "non_max_suppression_ref");
    for (int i = 0; i < 2; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    int64_t args[] = {scores->dims[0] * scores->dims[1], scores->dims[1], scores->dims[2], params->count, params->most};
    for (size_t i = 0; i < OC_COUNT(args); i++)
        oc__step_i64(steps, step, args[i]);
    oc__step_f32(steps, step, params->overlap);
    oc__step_f32(steps, step, params->score);
    oc__step_range_single(step, 1, 1, 1);
    return oc__steps_check(steps, err);
}

static bool zero_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, oc__count(&problem->in[0].shape), why);
}

static bool boxes_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    int64_t scores = oc__count(&problem->in[1].shape);
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, scores * OC_MIN(scores, 1 << 20), why);
}

#define FOUND(op_name, operands, rule, host_, solver_applicable, recorder) \
    static const oc__solver op_name##_ref = {.name = #op_name ".ref", .applicable = solver_applicable, .estimate = oc__ref_estimate, \
                                             .record = recorder}; \
    static const oc__solver *const op_name##_solvers[] = {&op_name##_ref, NULL}; \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = operands, .in_max = operands, .out_count = 1, .flags = OC_OP_EXACT, \
                                     .params_size = sizeof(found_params), .fields = fields, .infer = rule, .gradient = gradient, \
                                     .batch = OC_BATCH_NONE("results of all images are in one list"), .host = host_, \
                                     .solvers = op_name##_solvers, .onnx = oc__found_onnx};
FOUND(non_zero, 1, infer_zero, host_zero, zero_applicable, record_zero)
FOUND(non_max_suppression, 2, infer_boxes, host_boxes, boxes_applicable, record_boxes)

oc_value *oc_non_zero(oc_graph *graph, oc_value *x, int64_t count, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_non_zero, &(found_params){.count = count}, &x, 1, err);
}

oc_value *oc_non_max_suppression(oc_graph *graph, oc_value *boxes, oc_value *scores, const oc_suppression_params *params,
                                 oc_error *err) {
    found_params own = params ? *params : (found_params){0};
    own.most = own.most ? own.most : own.count;
    return oc__node2(graph, &oc__op_non_max_suppression, &own, boxes, scores, err);
}

static oc_status need_known(const oc__onnx_reading *reading, int count, oc_error *err) {
    for (int i = 0; i < count; i++)
        if (reading->known[i].tensor == NULL || reading->known[i].symbols != 0)
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "how much is found depends on '%s', which is not known while reading",
                                   reading->node->in[i]);
    return OC_OK;
}

static oc_status read_non_zero(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    found_params params = {0};
    (void)memory;
    OC_TRY(need_known(reading, 1, err));
    const oc_tensor *x = reading->known[0].tensor;
    for (int64_t i = 0; i < oc_tensor_get_count(x); i++)
        params.count += oc__element_get(oc_tensor_get_dtype(x), oc_tensor_get_data(x), i) != 0;
    return oc__onnx_give(reading, oc__graph_node1(reading->graph, &oc__op_non_zero, &params, reading->in, 1, err), err);
}

static oc_status count_boxes(const oc__onnx_reading *reading, found_params *params, oc_error *err) {
    const oc_shape *shape = oc_tensor_get_shape(reading->known[1].tensor), *boxes = oc_tensor_get_shape(reading->known[0].tensor);
    double *values[2] = {NULL, NULL};
    bool fits = shape->rank == 3 && boxes->rank == 3 && boxes->dims[0] == shape->dims[0] && boxes->dims[1] == shape->dims[2] && boxes->dims[2] == 4;
    if (!fits)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "boxes and scores do not fit each other");
    int64_t *chosen = oc__alloc_array(reading->context, (size_t)shape->dims[2] + 1, sizeof(*chosen));
    for (int i = 0; i < 2; i++) {
        const oc_tensor *tensor = reading->known[i].tensor;
        values[i] = oc__alloc_array(reading->context, (size_t)oc_tensor_get_count(tensor) + 1, sizeof(double));
        for (int64_t k = 0; values[i] != NULL && k < oc_tensor_get_count(tensor); k++)
            values[i][k] = oc__element_get(oc_tensor_get_dtype(tensor), oc_tensor_get_data(tensor), k);
    }
    bool memory = chosen != NULL && values[0] != NULL && values[1] != NULL;
    if (memory)
        params->count = suppress(params, shape, values[0], values[1], INT64_MAX, NULL, chosen);
    oc__free(reading->context, chosen);
    oc__free(reading->context, values[0]);
    oc__free(reading->context, values[1]);
    return memory ? OC_OK : oc__fail_memory(reading->context, err, sizeof(double));
}

static oc_status read_suppression(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    found_params params = {.score = -INFINITY, .center = oc__onnx_attr_int(reading->node, "center_point_box", 0) != 0};
    double most = 0, overlap = 0, score = -INFINITY;
    (void)memory;
    if (oc__onnx_has_in(reading, 2))
        OC_TRY(oc__onnx_number(reading, 2, &most, err));
    if (oc__onnx_has_in(reading, 3))
        OC_TRY(oc__onnx_number(reading, 3, &overlap, err));
    if (oc__onnx_has_in(reading, 4))
        OC_TRY(oc__onnx_number(reading, 4, &score, err));
    OC_TRY(need_known(reading, 2, err));
    params.most = (int64_t)fmin(most, 0x1p53);
    params.overlap = (float)overlap;
    params.score = (float)score;
    OC_TRY(count_boxes(reading, &params, err));
    return oc__onnx_give(reading, oc__graph_node1(reading->graph, &oc__op_non_max_suppression, &params, reading->in, 2, err), err);
}

static oc_status write_suppression(oc__onnx_writing *writing, oc_error *err) {
    const found_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "NonMaxSuppression");
    (void)err;
    for (int i = 0; i < 2; i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, OC_I64, (double)params->most));
    oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, OC_F32, params->overlap));
    if (params->score > -INFINITY)
        oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, OC_F32, params->score));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_int(writing, node, "center_point_box", params->center);
    return OC_OK;
}

static const oc__onnx_attr_rule center[] = {OC_ONNX_ATTR_HOOK("center_point_box"), {NULL}};

const oc__onnx_rule oc__found_onnx[] = {
    {.type = "NonZero", .op = "non_zero", .since = 9, .in_min = 1, .in_max = 1, .out_max = 1, .peeked_inputs = 1,
     .read = read_non_zero},
    {.type = "NonMaxSuppression", .op = "non_max_suppression", .since = 10, .in_min = 2, .in_max = 5, .out_max = 1,
     .param_inputs = 28,
     .peeked_inputs = 3, .attrs = center, .read = read_suppression, .write = write_suppression},
    {NULL}};
