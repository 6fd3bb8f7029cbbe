/* SPDX-License-Identifier: Apache-2.0 */
/* AffineGrid, Col2Im and CenterCropPad in ONNX. */
#include <string.h>

#include <ocelli/op/layer.h>
#include <ocelli/op/shape.h>

#include "op/onnx_rule.h"

static oc_status read_grid(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    int64_t size[OC_MAX_RANK];
    int count;
    (void)memory;
    OC_TRY(oc__onnx_ints(reading, 1, size, OC_MAX_RANK, &count, NULL, err));
    if (count != reading->in[0]->shape.dims[1] + 2 || reading->in[0]->shape.rank != 3)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "%d sizes do not fit the maps", count);
    bool corners = oc__onnx_attr_int(reading->node, "align_corners", 0) != 0;
    return oc__onnx_give(reading, oc_affine_grid(reading->graph, reading->in[0], size + 2, corners, err), err);
}

static oc_status read_fold(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    int64_t size[3], kernel[3], pads[6];
    oc_conv_params params = {.groups = 0};
    int axes, count;
    (void)memory;
    OC_TRY(oc__onnx_ints(reading, 1, size, 3, &axes, NULL, err));
    OC_TRY(oc__onnx_ints(reading, 2, kernel, 3, &count, NULL, err));
    if (count != axes)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "an image of %d axes and windows of %d", axes, count);
    OC_TRY(oc__onnx_list(reading, "strides", axes, 1, params.stride, err));
    OC_TRY(oc__onnx_list(reading, "dilations", axes, 1, params.dilation, err));
    OC_TRY(oc__onnx_list(reading, "pads", 2 * axes, 0, pads, err));
    memcpy(params.pad_begin, pads, (size_t)axes * sizeof(*pads));
    memcpy(params.pad_end, pads + axes, (size_t)axes * sizeof(*pads));
    return oc__onnx_give(reading, oc_fold_windows(reading->graph, reading->in[0], size, kernel, axes, &params, err), err);
}

/* What is cut or added is halved; where it is odd, one more at the end. */
static oc_status read_center(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc__onnx_attr *axes = oc__onnx_attr_find(reading->node, "axes");
    const oc_shape *x = &reading->in[0]->shape;
    int64_t size[OC_MAX_RANK];
    oc_pad_params pad = {.value = 0};
    int count;
    (void)memory;
    OC_TRY(oc__onnx_ints(reading, 1, size, OC_MAX_RANK, &count, NULL, err));
    if (axes != NULL ? axes->kind != OC_ONNX_INTS || axes->count != (size_t)count : count != x->rank)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "%d sizes do not fit the axes", count);
    for (int i = 0; i < count; i++) {
        int64_t axis = axes != NULL ? axes->ints[i] + (axes->ints[i] < 0 ? x->rank : 0) : i;
        if (axis < 0 || axis >= x->rank)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld of %d axes", (long long)axis, x->rank);
        int64_t from = x->dims[axis];
        if (from < 0 || size[i] < 0 || size[i] > (int64_t)1 << 48)
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "axis %lld has a size that is not a number",
                                   (long long)axis);
        int64_t more = size[i] - from; /* begins at the middle, rounded down, of what is cut or added */
        pad.begin[axis] = more < 0 ? -(-more / 2) : more / 2;
        pad.end[axis] = more - pad.begin[axis];
    }
    return oc__onnx_give(reading, oc_pad(reading->graph, reading->in[0], &pad, err), err);
}

static const oc__onnx_attr_rule corners[] = {OC_ONNX_ATTR_HOOK("align_corners"), {NULL}};
static const oc__onnx_attr_rule axes[] = {OC_ONNX_ATTR_HOOK("axes"), {NULL}};
static const oc__onnx_attr_rule window[] = {OC_ONNX_ATTR_HOOK("strides"), OC_ONNX_ATTR_HOOK("dilations"),
                                            OC_ONNX_ATTR_HOOK("pads"), {NULL}};

#define READ(type_, since_, inputs, params_, attrs_, reader) \
    {.type = type_, .since = since_, .in_min = inputs, .in_max = inputs, .out_max = 1, .use = OC_ONNX_READ_ONLY, \
     .param_inputs = params_, .attrs = attrs_, .read = reader}

extern const oc__onnx_rule oc__layer_onnx[];
const oc__onnx_rule oc__layer_onnx[] = {READ("AffineGrid", 20, 2, 2, corners, read_grid),
                                        READ("Col2Im", 18, 3, 6, window, read_fold),
                                        READ("CenterCropPad", 18, 2, 2, axes, read_center), {NULL}};
