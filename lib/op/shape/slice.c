/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a value by indices, and "slice_bwd" (diff, like): the part put back into zeros. */
#include "op/shape/shape.h"

#define FAR ((int64_t)1 << 53) /* farther than any size; exact as a double, for problem texts */

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_slice_params, begin, OC_MAX_RANK),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_slice_params, end, OC_MAX_RANK),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_slice_params, step, OC_MAX_RANK), {NULL}};

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

void oc__slice_axis(const oc_slice_params *params, int axis, int64_t size, int64_t *first, int64_t *count) {
    int64_t step = params->step[axis], begin = params->begin[axis], end = params->end[axis];
    *first = 0;
    *count = size;
    if (step == 0)
        return;
    begin += begin < 0 ? size : 0;
    end += end < 0 ? size : 0;
    if (step > 0) {
        begin = clamp(begin, 0, size);
        end = clamp(end, 0, size);
        *count = end > begin ? (end - begin + step - 1) / step : 0;
    } else {
        begin = clamp(begin, -1, size - 1);
        end = clamp(end, -1, size - 1);
        *count = begin > end ? (begin - end - step - 1) / -step : 0;
    }
    *first = begin;
}

/* The size of a part of a size that is a symbol: only what cannot run into either end is known. */
static bool symbolic_size(oc__symbols *symbols, const oc_slice_params *params, int axis, int64_t size, int64_t *out) {
    int64_t begin = params->begin[axis], end = params->end[axis], step = params->step[axis];
    *out = size;
    if (step == 0 || (begin == 0 && end == FAR && step == 1))
        return true;
    if (step < 0 || begin < 0 || (end >= 0 && end != FAR))
        return false;
    *out = oc__dim_window(symbols, size, 1, step, 1, -begin, end < 0 ? end : 0, false);
    return true;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    oc_slice_params *params = inference->params;
    const oc_shape *x = &inference->in[0].shape;
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = *x;
    for (int i = 0; i < x->rank; i++) {
        int64_t first, *size = &inference->out[0].shape.dims[i];
        params->begin[i] = clamp(params->begin[i], -FAR, FAR);
        params->end[i] = clamp(params->end[i], -FAR, FAR);
        params->step[i] = clamp(params->step[i], -FAR, FAR);
        if (x->dims[i] >= 0)
            oc__slice_axis(params, i, x->dims[i], &first, size);
        else if (!symbolic_size(inference->symbols, params, i, x->dims[i], size))
            return oc__infer_fail(inference, err, "how much of axis %d is taken depends on its size, which is no number", i);
    }
    return OC_OK;
}

static oc_status infer_bwd(oc__inference *inference, oc_error *err) {
    inference->out[0].dtype = inference->in[0].dtype;
    inference->out[0].shape = inference->in[1].shape;
    if (inference->in[0].shape.rank != inference->in[1].shape.rank)
        return oc__infer_fail(inference, err, "the numbers of axes differ");
    for (int i = 0; i < inference->in[1].shape.rank; i++) {
        int64_t part = inference->in[0].shape.dims[i], whole = inference->in[1].shape.dims[i], first, count;
        if (part < 0 || whole < 0)
            continue;
        oc__slice_axis(inference->params, i, whole, &first, &count);
        if (part != count)
            return oc__infer_fail(inference, err, "axis %d of a part of %lld elements has %lld, not %lld", i, (long long)whole,
                                  (long long)count, (long long)part);
    }
    return OC_OK;
}

/* From the whole to the part; for slice_bwd both ends are exchanged. */
static oc__move move_of(const oc__problem *problem) {
    bool forward = problem->op == &oc__op_slice;
    const oc_slice_params *params = problem->params;
    const oc_shape *whole = forward ? &problem->in[0].shape : &problem->out[0].shape;
    const oc_shape *part = forward ? &problem->out[0].shape : &problem->in[0].shape;
    int64_t strides[OC_MAX_RANK], at = 0, dense[OC_MAX_RANK];
    oc__move move = {.rank = part->rank};
    oc__row_strides(whole, strides);
    oc__row_strides(part, dense);
    for (int i = 0; i < part->rank; i++) {
        int64_t first, count;
        oc__slice_axis(params, i, whole->dims[i], &first, &count);
        at += first * strides[i];
        strides[i] *= params->step[i] ? params->step[i] : 1;
        move.size[i] = count;
        move.src[i] = forward ? strides[i] : dense[i];
        move.dst[i] = forward ? dense[i] : strides[i];
    }
    *(forward ? &move.src_at : &move.dst_at) = at;
    return move;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    (void)context, (void)err;
    oc__move move = move_of(problem);
    int64_t count = oc__count(&problem->out[0].shape);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = 0;
    oc__move_host(&move, in[0], out[0]);
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    g->diff_in[0] = oc__node2(g->graph, &oc__op_slice_bwd, g->node->params, g->diff_out[0], g->node->in[0], err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status gradient_bwd(oc__gradient *g, oc_error *err) {
    if (!g->wanted[0])
        return OC_OK;
    g->diff_in[0] = oc_slice(g->graph, g->diff_out[0], g->node->params, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status record(const oc__recording *recording, bool fast, oc_error *err) {
    const oc__problem *problem = recording->problem;
    uint64_t bytes = oc__desc_bytes(&problem->out[0]);
    if (problem->op == &oc__op_slice_bwd && bytes)
        oc__step_fill(recording->steps, recording->out[0].place, bytes, "", 1);
    return oc__move_record(recording, move_of(problem), recording->in[0].place, recording->out[0].place,
                           oc_dtype_size(problem->in[0].dtype), fast, err);
}

static oc_status record_fast(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static const oc__solver rows = {.name = "slice.rows", .flags = OC_SOLVER_LONE, .applicable = oc__move_applicable, .estimate = oc__move_estimate,
                                .record = record_fast};
static const oc__solver ref = {.name = "slice.ref", .applicable = oc__move_ref_applicable, .estimate = oc__ref_estimate,
                               .record = record_ref};
static const oc__solver *const solvers[] = {&rows, &ref, NULL};

const oc__op oc__op_slice = {
    .name = "slice", .in_min = 1, .in_max = 1, .out_count = 1, .flags = OC_OP_EXACT, .params_size = sizeof(oc_slice_params),
    .fields = fields, .infer = infer, .gradient = gradient, .batch = OC_BATCH_NONE("it may cut the batch"), .host = host,
    .solvers = solvers, .onnx = oc__slice_onnx};
const oc__op oc__op_slice_bwd = {
    .name = "slice_bwd", .in_min = 2, .in_max = 2, .out_count = 1, .flags = OC_OP_EXACT | OC_OP_SHAPE_ONLY, .like_operand = 1,
    .params_size = sizeof(oc_slice_params), .fields = fields, .infer = infer_bwd, .gradient = gradient_bwd,
    .batch = OC_BATCH_NONE("it may cut the batch"), .host = host, .solvers = solvers};

oc_value *oc_slice(oc_graph *graph, oc_value *x, const oc_slice_params *params, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_slice, params, &x, 1, err);
}
