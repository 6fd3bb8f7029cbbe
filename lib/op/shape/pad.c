/* SPDX-License-Identifier: Apache-2.0 */
/* Elements added to, or cut from, the ends of axes. */
#include <ocelli/op/index.h>

#include "op/rig.h"
#include "op/shape/shape.h"

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_pad_params, begin, OC_MAX_RANK),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_pad_params, end, OC_MAX_RANK),
                                   OC_FIELD(OC_FIELD_F32, oc_pad_params, value), OC_FIELD(OC_FIELD_I32, oc_pad_params, mode),
                                   {NULL}};

#define FAR ((int64_t)1 << 53)

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc_pad_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    if ((int)params->mode < OC_PAD_CONSTANT || params->mode > OC_PAD_WRAP)
        return oc__infer_fail(inference, err, "%d is no mode", (int)params->mode);
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = *x;
    for (int i = 0; i < x->rank; i++) {
        int64_t size = x->dims[i], begin = params->begin[i], end = params->end[i];
        if (begin == 0 && end == 0)
            continue;
        if (begin > FAR || begin < -FAR || end > FAR || end < -FAR)
            return oc__infer_fail(inference, err, "the padding of axis %d is beyond 2^53", i);
        if (size >= 0 && (size + begin < 0 || size + end < 0 || size + begin + end < 0))
            return oc__infer_fail(inference, err, "more is cut off axis %d than it has", i);
        if (params->mode == OC_PAD_REFLECT && size >= 0 && (begin >= OC_MAX(size, 1) || end >= OC_MAX(size, 1)))
            return oc__infer_fail(inference, err, "axis %d is too short to be reflected so far", i);
        if (params->mode >= OC_PAD_EDGE && size == 0 && (begin > 0 || end > 0))
            return oc__infer_fail(inference, err, "axis %d has no edge", i);
        inference->out[0].shape.dims[i] = oc__dim_window(inference->symbols, size, 1, 1, 1, begin, end, false);
    }
    return OC_OK;
}

/* The box that is copied as it is. */
static oc__move inside_of(const oc__problem *problem) {
    const oc_pad_params *params = problem->params;
    const oc_shape *x = &problem->in[0].shape, *shape = &problem->out[0].shape;
    oc__move move = {.rank = shape->rank};
    oc__row_strides(x, move.src);
    oc__row_strides(shape, move.dst);
    for (int i = 0; i < shape->rank; i++) {
        int64_t begin = params->begin[i], end = params->end[i];
        move.size[i] = x->dims[i] + OC_MIN(begin, 0) + OC_MIN(end, 0);
        move.src_at += OC_MAX(-begin, 0) * move.src[i];
        move.dst_at += OC_MAX(begin, 0) * move.dst[i];
    }
    return move;
}

/* The index in front of the padding that an index stands for; -1: none. */
static int64_t source_index(const oc_pad_params *params, int axis, int64_t size, int64_t index) {
    index -= params->begin[axis];
    if (index >= 0 && index < size)
        return index;
    if (params->mode == OC_PAD_CONSTANT)
        return -1;
    if (params->mode == OC_PAD_EDGE)
        return index < 0 ? 0 : size - 1;
    if (params->mode == OC_PAD_WRAP)
        return (index % size + size) % size;
    return index < 0 ? -index : 2 * (size - 1) - index;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    const oc_pad_params *params = problem->params;
    const oc_shape *x = &problem->in[0].shape, *shape = &problem->out[0].shape;
    int64_t strides[OC_MAX_RANK], count = oc__count(shape);
    oc__row_strides(x, strides);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at = 0;
        for (int k = shape->rank - 1; k >= 0; k--) {
            int64_t index = source_index(params, k, x->dims[k], rest % shape->dims[k]);
            rest /= shape->dims[k];
            at = index < 0 || at < 0 ? -1 : at + index * strides[k];
        }
        out[0][i] = at < 0 ? oc__as_type(problem->out[0].dtype, params->value) : in[0][at];
    }
    return OC_OK;
}

/* Where the elements along one axis come from. */
static oc_value *sources(oc_graph *graph, const oc_pad_params *params, int axis, int64_t size, oc_error *err) {
    int64_t count = size + params->begin[axis] + params->end[axis];
    oc_tensor *list = NULL;
    if (oc_tensor_create(&list, graph->context, NULL, OC_I64, &OC_SHAPE(count), err) != OC_OK)
        return NULL;
    for (int64_t i = 0; i < count; i++)
        ((int64_t *)oc_tensor_get_data(list))[i] = source_index(params, axis, size, i);
    oc_value *indices = oc_graph_constant(graph, NULL, list, err);
    oc_tensor_destroy(&list);
    return indices;
}

/* Padding is a gather along one axis after another; what came of an element twice comes back to it as a sum. */
static oc_status gradient_gathered(oc__gradient *g, oc_error *err) {
    const oc_pad_params *params = g->node->params;
    oc_value *x = g->node->in[0], *before[OC_MAX_RANK + 1] = {x}, *diff = g->diff_out[0];
    int rank = x->shape.rank;
    for (int i = 0; i < rank; i++) {
        oc_pad_params one = {.mode = params->mode};
        one.begin[i] = params->begin[i];
        one.end[i] = params->end[i];
        bool padded = one.begin[i] || one.end[i];
        if (padded && x->shape.dims[i] < 0)
            return oc__fail(g->graph->context, err, OC_ERROR_UNSUPPORTED, "pad: its gradient needs a size of axis %d that is a number", i);
        before[i + 1] = padded ? oc_pad(g->graph, before[i], &one, err) : before[i];
    }
    for (int i = rank - 1; i >= 0; i--) {
        if (!params->begin[i] && !params->end[i])
            continue;
        oc_value *indices = sources(g->graph, params, i, x->shape.dims[i], err);
        diff = oc__node3(g->graph, &oc__op_gather_bwd, &(oc_index_params){.axis = i}, diff, indices, before[i], err);
    }
    g->diff_in[0] = diff;
    return oc__gave(g->graph, diff);
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    oc_pad_params params = *(const oc_pad_params *)g->node->params;
    if (params.mode != OC_PAD_CONSTANT)
        return gradient_gathered(g, err);
    for (int i = 0; i < OC_MAX_RANK; i++) {
        params.begin[i] = -params.begin[i];
        params.end[i] = -params.end[i];
    }
    params.value = 0;
    g->diff_in[0] = oc_pad(g->graph, g->diff_out[0], &params, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static bool box_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    const oc_pad_params *params = problem->params;
    if (params->mode != OC_PAD_CONSTANT)
        return oc__refuse(why, "it is for constant padding");
    return oc__for_cpu(problem, caps, why);
}

static double box_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 1, 0.4) + caps->launch_seconds;
}

static oc_status record_box(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_pad_params *params = problem->params;
    size_t size = oc_dtype_size(problem->out[0].dtype);
    uint64_t bytes = oc__desc_bytes(&problem->out[0]);
    oc__move inside = inside_of(problem);
    uint64_t element[1] = {0};
    bool more = false;
    for (int i = 0; i < OC_MAX_RANK; i++)
        more = more || params->begin[i] > 0 || params->end[i] > 0;
    oc__element_set(problem->out[0].dtype, element, 0, params->value);
    if (bytes && more)
        oc__step_fill(recording->steps, recording->out[0].place, bytes, element, size);
    return oc__move_record(recording, inside, recording->in[0].place, recording->out[0].place, size, true, err);
}

static oc_status record(const oc__recording *recording, bool rows, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_pad_params *params = problem->params;
    const oc_shape *shape = &problem->out[0].shape;
    oc__steps *steps = recording->steps;
    int64_t count = oc__count(shape);
    if (count == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    if (rows)
        oc__string_printf(&defines, "#define ELEMENT %s\n", oc__element_type(problem->out[0].dtype));
    else
        oc__define_types(problem, &defines);
    oc__string_printf(&defines, "#define MODE %d\n", (int)params->mode);
    oc__step *step = oc__step_kernel(steps, "pad.cl", defines.text, rows ? "pad_rows" : "pad_ref");
    oc__step_desc(steps, step, recording->in[0].place, &problem->in[0]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    int64_t run = shape->rank ? shape->dims[shape->rank - 1] : 1;
    if (rows) {
        oc__step_rows(steps, step, count / run, run);
    } else {
        oc__step_i64(steps, step, count);
        oc__step_f32(steps, step, params->value);
    }
    oc__step_sizes(steps, step, shape);
    oc__step_sizes(steps, step, &problem->in[0].shape);
    oc__step_strides(steps, step, params->begin, shape->rank);
    if (!rows)
        oc__step_range_items(step, recording->caps, (uint64_t)count);
    return oc__record_end(recording, &defines, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static oc_status record_rows(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

/* Rows of the result, each from one row of the operand. */
static bool rows_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    const oc_pad_params *params = problem->params;
    if (params->mode == OC_PAD_CONSTANT)
        return oc__refuse(why, "constant padding is filled");
    return oc__for_cpu(problem, caps, why);
}

static double rows_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 1, 0.3);
}

static const oc__solver by_rows = {.name = "pad.rows", .flags = OC_SOLVER_LONE, .applicable = rows_applicable, .estimate = rows_estimate, .record = record_rows};
static const oc__solver box = {.name = "pad.box", .flags = OC_SOLVER_LONE, .applicable = box_applicable, .estimate = box_estimate, .record = record_box};
static const oc__solver ref = {.name = "pad.ref", .applicable = oc__move_ref_applicable, .estimate = oc__ref_estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&box, &by_rows, &ref, NULL};

const oc__op oc__op_pad = {
    .name = "pad", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_EXACT, .params_size = sizeof(oc_pad_params),
    .fields = fields, .infer = infer, .gradient = gradient, .batch = OC_BATCH_NONE("it may pad the batch"), .host = host,
    .solvers = solvers, .onnx = oc__pad_onnx};

oc_value *oc_pad(oc_graph *graph, oc_value *x, const oc_pad_params *params, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_pad, params, &x, 1, err);
}
