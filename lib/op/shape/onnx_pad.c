/* SPDX-License-Identifier: Apache-2.0 */
/* Pad in ONNX, and what cutting off can do of Slice and Split. */
#include <string.h>

#include <ocelli/op/shape.h>

#include "op/onnx_rule.h"

static oc_status read_amounts(const oc__onnx_reading *reading, oc_pad_params *params, oc_error *err)
{
    int64_t amounts[2 * OC_MAX_RANK];
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, "pads");
    int rank = reading->in[0]->shape.rank, count = -1;
    if (oc__onnx_has_in(reading, 1))
        OC_TRY(oc__onnx_ints(reading, 1, amounts, 2 * OC_MAX_RANK, &count, NULL, err));
    else if (attr != NULL && attr->kind == OC_ONNX_INTS && attr->count <= OC_COUNT(amounts)) {
        count = (int)attr->count;
        for (int i = 0; i < count; i++)
            amounts[i] = attr->ints[i];
    }
    if (count != 2 * rank)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "pads does not fit %d axes", rank);
    for (int i = 0; i < rank; i++) {
        params->begin[i] = amounts[i];
        params->end[i] = amounts[rank + i];
    }
    return OC_OK;
}

static oc_status read_pad(const oc__onnx_reading *reading, void *memory, oc_error *err)
{
    oc_pad_params *params = memory;
    const char *mode = oc__onnx_attr_text(reading->node, "mode", "constant");
    double value = oc__onnx_attr_float(reading->node, "value", 0);
    OC_TRY(read_amounts(reading, params, err));
    if (oc__onnx_has_in(reading, 2))
        OC_TRY(oc__onnx_number(reading, 2, &value, err));
    params->value = (float)value;
    if (strcmp(mode, "reflect") == 0)
        params->mode = OC_PAD_REFLECT;
    else if (strcmp(mode, "edge") == 0)
        params->mode = OC_PAD_EDGE;
    else if (strcmp(mode, "constant") != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "mode '%.40s' is not supported", mode);
    return oc__onnx_give(reading, oc_pad(reading->graph, reading->in[0], params, err), err);
}

static oc_status write_pad(oc__onnx_writing *writing, oc_error *err)
{
    static const char *const modes[] = {"constant", "reflect", "edge"};
    const oc_pad_params *params = writing->source->params;
    const oc_value *x = writing->source->in[0];
    int64_t amounts[2 * OC_MAX_RANK];
    int rank = x->shape.rank;
    (void)err;
    for (int i = 0; i < rank; i++) {
        amounts[i] = params->begin[i];
        amounts[rank + i] = params->end[i];
    }
    oc__onnx_node *node = oc__onnx_emit(writing, "Pad");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, amounts, 2 * rank));
    if (params->mode == OC_PAD_CONSTANT && params->value != 0)
        oc__onnx_emit_in(writing, node, oc__onnx_number_literal(writing, x->dtype, params->value));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (params->mode != OC_PAD_CONSTANT)
        oc__onnx_emit_text(writing, node, "mode", modes[params->mode]);
    return OC_OK;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* [start, end) of an axis as what is cut off before and behind. False: that depends on a size that is no number. */
static bool cut(int64_t size, int64_t start, int64_t end, int64_t *before, int64_t *behind)
{
    if (size >= 0) {
        start = clamp(start < 0 ? start + size : start, 0, size);
        end = clamp(end < 0 ? end + size : end, start, size);
        *before = -start;
        *behind = end - size;
        return true;
    }
    *before = -OC_MAX(start, 0);
    *behind = OC_MIN(end, 0);
    return start >= 0 && (end < 0 ? end > INT32_MIN : end >= INT32_MAX);
}

/* A list from an input, or from the attribute that had its place before opset 10. */
static oc_status slice_list(const oc__onnx_reading *reading, int index, const char *name, int64_t *out, int *count, oc_error *err)
{
    OC_TRY(oc__onnx_axes(reading, index, name, out, count, err));
    if (*count < 0 && index < 3)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "%s is missing", name);
    return OC_OK;
}

static oc_status read_slice(const oc__onnx_reading *reading, void *memory, oc_error *err)
{
    int64_t starts[OC_MAX_RANK], ends[OC_MAX_RANK], axes[OC_MAX_RANK], steps[OC_MAX_RANK];
    int count, end_count, axis_count, step_count;
    oc_pad_params *params = memory;
    const oc_shape *shape = &reading->in[0]->shape;
    OC_TRY(slice_list(reading, 1, "starts", starts, &count, err));
    OC_TRY(slice_list(reading, 2, "ends", ends, &end_count, err));
    OC_TRY(slice_list(reading, 3, "axes", axes, &axis_count, err));
    OC_TRY(slice_list(reading, 4, "steps", steps, &step_count, err));
    if (end_count != count || (axis_count >= 0 && axis_count != count) || (step_count >= 0 && step_count != count) ||
        count > shape->rank)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "its lists differ in length");
    for (int i = 0; i < count; i++) {
        int64_t axis = axis_count < 0 ? i : axes[i] < 0 ? axes[i] + shape->rank : axes[i];
        if (axis < 0 || axis >= shape->rank)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld is out of range", (long long)axes[i]);
        if (step_count > 0 && steps[i] != 1)
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "only steps of 1 are supported");
        if (!cut(shape->dims[axis], starts[i], ends[i], &params->begin[axis], &params->end[axis]))
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "its bounds need a size that is a number");
    }
    return oc__onnx_give(reading, oc_pad(reading->graph, reading->in[0], params, err), err);
}

/* The sizes of the parts: given, or equal ones. */
static oc_status part_sizes(const oc__onnx_reading *reading, int64_t total, int64_t *sizes, oc_error *err)
{
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, "split");
    int count = reading->node->out_count, given = attr != NULL ? (int)attr->count : -1;
    if (oc__onnx_has_in(reading, 1))
        OC_TRY(oc__onnx_ints(reading, 1, sizes, OC_VARIADIC, &given, NULL, err));
    for (int i = 0; attr != NULL && attr->kind == OC_ONNX_INTS && i < given && i < count; i++)
        sizes[i] = attr->ints[i];
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        if (given < 0)
            sizes[i] = total / count;
        sum += clamp(sizes[i], 0, INT32_MAX);
    }
    if ((given >= 0 && given != count) || sum != total)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "its parts do not add up to %lld", (long long)total);
    return OC_OK;
}

static oc_status read_split(const oc__onnx_reading *reading, void *memory, oc_error *err)
{
    int64_t sizes[OC_VARIADIC], axis = oc__onnx_attr_int(reading->node, "axis", 0), start = 0;
    const oc_shape *shape = &reading->in[0]->shape;
    oc_pad_params *params = memory;
    axis += axis < 0 ? shape->rank : 0;
    if (axis < 0 || axis >= shape->rank || reading->node->out_count > OC_VARIADIC)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "its axis is out of range");
    if (shape->dims[axis] < 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "the size of its axis is not a number");
    OC_TRY(part_sizes(reading, shape->dims[axis], sizes, err));
    for (int i = 0; i < reading->node->out_count; i++) {
        params->begin[axis] = -start;
        start += sizes[i];
        params->end[axis] = start - shape->dims[axis];
        reading->out[i] = oc_pad(reading->graph, reading->in[0], params, err);
        if (reading->out[i] == NULL)
            return oc__onnx_give(reading, NULL, err);
    }
    return OC_OK;
}

static const oc__onnx_attr_rule pad[] = {OC_ONNX_ATTR_HOOK("mode"), OC_ONNX_ATTR_HOOK("pads"), OC_ONNX_ATTR_HOOK("value"), {NULL}};
static const oc__onnx_attr_rule slice[] = {OC_ONNX_ATTR_HOOK("starts"), OC_ONNX_ATTR_HOOK("ends"), OC_ONNX_ATTR_HOOK("axes"), {NULL}};
static const oc__onnx_attr_rule split[] = {OC_ONNX_ATTR_HOOK("axis"), OC_ONNX_ATTR_HOOK("split"), {NULL}};

const oc__onnx_rule oc__pad_onnx[] = {
    {.type = "Pad", .since = 2, .in_min = 1, .in_max = 3, .out_max = 1, .param_inputs = 6, .attrs = pad, .read = read_pad,
     .write = write_pad},
    {.type = "Slice", .since = 1, .in_min = 1, .in_max = 5, .out_max = 1, .use = OC_ONNX_READ_ONLY, .param_inputs = 30,
     .attrs = slice, .read = read_slice},
    {.type = "Split", .since = 2, .in_min = 1, .in_max = 2, .out_max = OC_VARIADIC, .use = OC_ONNX_READ_ONLY,
     .param_inputs = 2, .attrs = split, .read = read_split},
    {NULL}};
