/* SPDX-License-Identifier: Apache-2.0 */
/* Parts in ONNX: Slice, whose lists are attributes before opset 10 and Split, which becomes slices. */
#include "op/shape/shape.h"

static oc_status get_list(const oc__onnx_reading *reading, int index, const char *name, int64_t *out, int *count, oc_error *err) {
    OC_TRY(oc__onnx_axes(reading, index, name, out, count, err));
    if (*count < 0 && index < 3)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "%s is missing", name);
    return OC_OK;
}

static oc_status read_slice(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    int64_t starts[OC_MAX_RANK], ends[OC_MAX_RANK], axes[OC_MAX_RANK], steps[OC_MAX_RANK];
    int count, end_count, axis_count, step_count;
    oc_slice_params *params = memory;
    int rank = reading->in[0]->shape.rank;
    OC_TRY(get_list(reading, 1, "starts", starts, &count, err));
    OC_TRY(get_list(reading, 2, "ends", ends, &end_count, err));
    OC_TRY(get_list(reading, 3, "axes", axes, &axis_count, err));
    OC_TRY(get_list(reading, 4, "steps", steps, &step_count, err));
    if (end_count != count || (axis_count >= 0 && axis_count != count) || (step_count >= 0 && step_count != count) || count > rank)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "its lists differ in length");
    for (int i = 0; i < count; i++) {
        int64_t axis = axis_count < 0 ? i : axes[i] < 0 ? axes[i] + rank : axes[i], step = step_count < 0 ? 1 : steps[i];
        if (axis < 0 || axis >= rank || params->step[axis] != 0 || step == 0)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "an axis is out of range or given twice, or a step is 0");
        params->begin[axis] = starts[i];
        params->end[axis] = ends[i];
        params->step[axis] = step;
    }
    return oc__onnx_give(reading, oc_slice(reading->graph, reading->in[0], params, err), err);
}

static oc_status write_slice(oc__onnx_writing *writing, oc_error *err) {
    const oc_slice_params *params = writing->source->params;
    int64_t lists[4][OC_MAX_RANK]; /* starts, ends, axes, steps */
    int count = 0;
    (void)err;
    for (int i = 0; i < writing->source->in[0]->shape.rank; i++) {
        if (params->step[i] == 0)
            continue;
        lists[0][count] = params->begin[i];
        lists[1][count] = params->end[i];
        lists[2][count] = i;
        lists[3][count++] = params->step[i];
    }
    oc__onnx_node *node = oc__onnx_emit(writing, "Slice");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    for (int i = 0; i < 4; i++)
        oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, lists[i], count));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    return OC_OK;
}

/* The sizes of the parts: given, or equal ones. */
static oc_status part_sizes(const oc__onnx_reading *reading, int64_t total, int64_t *sizes, oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, "split");
    int count = reading->node->out_count, given = attr != NULL ? (int)attr->count : -1;
    if (oc__onnx_has_in(reading, 1))
        OC_TRY(oc__onnx_ints(reading, 1, sizes, OC_VARIADIC, &given, NULL, err));
    for (int i = 0; attr != NULL && attr->kind == OC_ONNX_INTS && i < given && i < count; i++)
        sizes[i] = attr->ints[i];
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        int64_t each = reading->opset < 18 ? total / count : (total + count - 1) / count; /* since 18 the last one is smaller */
        if (given < 0)
            sizes[i] = OC_MIN(each, total - sum);
        sum += OC_MIN(OC_MAX(sizes[i], 0), total);
    }
    if ((given >= 0 && given != count) || sum != total)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "its parts do not add up to %lld", (long long)total);
    return OC_OK;
}

static oc_status read_split(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    int64_t sizes[OC_VARIADIC], axis = oc__onnx_attr_int(reading->node, "axis", 0), start = 0;
    const oc_shape *shape = &reading->in[0]->shape;
    oc_slice_params *params = memory;
    axis += axis < 0 ? shape->rank : 0;
    if (axis < 0 || axis >= shape->rank || reading->node->out_count > OC_VARIADIC)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "its axis is out of range");
    if (shape->dims[axis] < 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "the size of its axis is not a number");
    OC_TRY(part_sizes(reading, shape->dims[axis], sizes, err));
    for (int i = 0; i < reading->node->out_count; i++) {
        params->begin[axis] = start;
        params->end[axis] = start += sizes[i];
        params->step[axis] = 1;
        reading->out[i] = oc_slice(reading->graph, reading->in[0], params, err);
        if (reading->out[i] == NULL)
            return oc__onnx_give(reading, NULL, err);
    }
    return OC_OK;
}

static const oc__onnx_attr_rule slice[] = {OC_ONNX_ATTR_HOOK("starts"), OC_ONNX_ATTR_HOOK("ends"), OC_ONNX_ATTR_HOOK("axes"), {NULL}};
static const oc__onnx_attr_rule split[] = {OC_ONNX_ATTR_HOOK("axis"), OC_ONNX_ATTR_HOOK("num_outputs"), OC_ONNX_ATTR_HOOK("split"), {NULL}};

const oc__onnx_rule oc__slice_onnx[] = {
    {.type = "Slice", .since = 1, .in_min = 1, .in_max = 5, .out_max = 1, .param_inputs = 30, .attrs = slice, .read = read_slice,
     .write = write_slice},
    {.type = "Split", .since = 1, .in_min = 1, .in_max = 2, .out_max = OC_VARIADIC, .use = OC_ONNX_READ_ONLY, .param_inputs = 2,
     .attrs = split, .read = read_split},
    {NULL}};
