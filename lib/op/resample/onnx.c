/* SPDX-License-Identifier: Apache-2.0 */
/* Resize, Upsample and GridSample in ONNX. */
#include <math.h>
#include <string.h>

#include <ocelli/op/resample.h>
#include <ocelli/op/shape.h>

#include "op/rig.h"
#include "op/resample/resample.h"

static bool number_of(const char *text, const char *const *names, int count, int *out) {
    for (int i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static oc_status params_of(const oc__onnx_reading *reading, oc_resize_params *params, oc_error *err) {
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const coordinates[] = {"half_pixel",   "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                              "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    const oc__onnx_node *node = reading->node;
    bool old = reading->opset < 11;
    int mode, coordinate, rounding;
    const char *name = oc__onnx_attr_text(node, "mode", "nearest");
    if (!number_of(strcmp(name, "bilinear") == 0 ? "linear" : name, modes, 3, &mode) ||
        !number_of(oc__onnx_attr_text(node, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"), coordinates, 7, &coordinate) ||
        !number_of(oc__onnx_attr_text(node, "nearest_mode", old ? "floor" : "round_prefer_floor"), roundings, 4, &rounding))
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "a mode of it is not known");
    *params = (oc_resize_params){.mode = (oc_resize_mode)mode, .coordinates = (oc_resize_coordinates)coordinate,
                                 .rounding = (oc_resize_rounding)rounding,
                                 .cubic_a = (float)oc__onnx_attr_float(node, "cubic_coeff_a", -0.75),
                                 .exclude_outside = oc__onnx_attr_int(node, "exclude_outside", 0) != 0,
                                 .antialias = oc__onnx_attr_int(node, "antialias", 0) != 0,
                                 .extrapolation = oc__onnx_attr_float(node, "extrapolation_value", 0)};
    return OC_OK;
}

/* The numbers of input i, if it is there and not empty; -1: it is not. Sizes may be symbols, which are negative. */
static oc_status list_of(const oc__onnx_reading *reading, int index, bool sizes, double out[2 * OC_MAX_RANK], int *count, oc_error *err) {
    const oc_tensor *tensor = oc__onnx_has_in(reading, index) ? reading->known[index].tensor : NULL;
    *count = -1;
    if (!oc__onnx_has_in(reading, index) || (tensor != NULL && oc_tensor_get_count(tensor) == 0))
        return OC_OK;
    uint64_t symbols = reading->known[index].symbols;
    if (tensor == NULL || (symbols != 0 && !sizes))
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "input %d is not a constant", index);
    if (oc_tensor_get_count(tensor) > 2 * OC_MAX_RANK)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "input %d is too long", index);
    *count = (int)oc_tensor_get_count(tensor);
    for (int i = 0; i < *count; i++)
        out[i] = oc__element_get(oc_tensor_get_dtype(tensor), oc_tensor_get_data(tensor), i);
    for (int i = 0; i < *count && sizes; i++)
        out[i] = symbols >> i & 1 ? out[i] : fmax(out[i], 0);
    return OC_OK;
}

typedef struct plan {
    double scales[2 * OC_MAX_RANK], sizes[2 * OC_MAX_RANK], roi[2 * OC_MAX_RANK];
    int64_t axes[OC_MAX_RANK];
    int scale_count, size_count, roi_count, axis_count;
} plan;

static oc_status lists_of(const oc__onnx_reading *reading, plan *p, oc_error *err) {
    const oc__onnx_attr *axes = oc__onnx_attr_find(reading->node, "axes"), *scales = oc__onnx_attr_find(reading->node, "scales");
    bool old = reading->opset < 11;
    int rank = reading->in[0]->shape.rank;
    bool given = axes != NULL && axes->kind == OC_ONNX_INTS && axes->count <= (size_t)rank;
    p->axis_count = given ? (int)axes->count : rank;
    for (int i = 0; i < p->axis_count; i++) {
        p->axes[i] = given ? axes->ints[i] + (axes->ints[i] < 0 ? rank : 0) : i;
        if (p->axes[i] < 0 || p->axes[i] >= rank)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld of %d axes", (long long)p->axes[i], rank);
    }
    p->roi_count = p->size_count = -1;
    OC_TRY(list_of(reading, old ? 1 : 2, false, p->scales, &p->scale_count, err));
    if (!old)
        OC_TRY(list_of(reading, 3, true, p->sizes, &p->size_count, err));
    if (!old)
        OC_TRY(list_of(reading, 1, false, p->roi, &p->roi_count, err));
    if (scales != NULL && scales->kind == OC_ONNX_FLOATS && scales->count <= OC_MAX_RANK) {
        p->scale_count = (int)scales->count;
        for (size_t i = 0; i < scales->count; i++)
            p->scales[i] = (double)scales->floats[i];
    }
    if (p->scale_count != p->axis_count && p->size_count != p->axis_count)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "neither scales nor sizes fit %d axes", p->axis_count);
    return OC_OK;
}

/* Policies that keep the ratio of sides: one scale for all axes. */
static void keep_ratio(const oc__onnx_reading *reading, plan *p) {
    const char *policy = oc__onnx_attr_text(reading->node, "keep_aspect_ratio_policy", "stretch");
    bool larger = strcmp(policy, "not_smaller") == 0;
    double scale = larger ? 0 : INFINITY;
    if (p->size_count < 0 || strcmp(policy, "stretch") == 0)
        return;
    for (int i = 0; i < p->axis_count; i++) {
        double own = p->sizes[i] / (double)reading->in[0]->shape.dims[p->axes[i]];
        scale = larger ? fmax(scale, own) : fmin(scale, own);
    }
    for (int i = 0; i < p->axis_count; i++) {
        p->sizes[i] = floor(scale * (double)reading->in[0]->shape.dims[p->axes[i]] + 0.5);
        p->scales[i] = scale;
    }
    p->scale_count = p->axis_count;
}

static oc_status read_resize(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_resize_params params;
    oc_value *x = reading->in[0];
    plan p = {.scale_count = 0};
    (void)memory;
    OC_TRY(params_of(reading, &params, err));
    OC_TRY(lists_of(reading, &p, err));
    keep_ratio(reading, &p);
    for (int i = 0; i < p.axis_count && x != NULL; i++) {
        int64_t from = x->shape.dims[p.axes[i]];
        bool scaled = p.scale_count == p.axis_count, same = p.size_count < 0 ? p.scales[i] == 1 : p.sizes[i] == (double)from;
        if (same && params.coordinates != OC_RESIZE_CROP)
            continue;
        if (from < 0 || (p.size_count > 0 && p.sizes[i] < 0))
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "axis %lld has a size that is not a number", (long long)p.axes[i]);
        params.scale = scaled ? p.scales[i] : 0;
        if (p.roi_count == 2 * p.axis_count) {
            params.roi_begin = p.roi[i];
            params.roi_end = p.roi[p.axis_count + i];
        }
        double to = p.size_count < 0 ? floor((double)from * p.scales[i]) : p.sizes[i];
        if (!(to >= 1 && to < 0x1p40))
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld would have %g elements", (long long)p.axes[i], to);
        x = oc_resize(reading->graph, x, p.axes[i], (int64_t)to, &params, err);
    }
    return oc__onnx_give(reading, x == reading->in[0] ? oc_identity(reading->graph, x, err) : x, err);
}

static oc_status read_grid(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    static const char *const modes[] = {"nearest", "bilinear", "bicubic"}, *const new_modes[] = {"nearest", "linear", "cubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    const char *name = oc__onnx_attr_text(reading->node, "mode", reading->opset < 20 ? "bilinear" : "linear");
    int mode, padding;
    (void)memory;
    if ((!number_of(name, modes, 3, &mode) && !number_of(name, new_modes, 3, &mode)) ||
        !number_of(oc__onnx_attr_text(reading->node, "padding_mode", "zeros"), paddings, 3, &padding))
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "a mode of it is not known");
    oc_grid_params params = {(oc_resize_mode)mode, (oc_grid_padding)padding, oc__onnx_attr_int(reading->node, "align_corners", 0) != 0};
    return oc__onnx_give(reading, oc_grid_sample(reading->graph, reading->in[0], reading->in[1], &params, err), err);
}

static const oc__onnx_attr_rule resize[] = {OC_ONNX_ATTR_HOOK("mode"), OC_ONNX_ATTR_HOOK("coordinate_transformation_mode"),
                                            OC_ONNX_ATTR_HOOK("nearest_mode"), OC_ONNX_ATTR_HOOK("cubic_coeff_a"),
                                            OC_ONNX_ATTR_HOOK("exclude_outside"), OC_ONNX_ATTR_HOOK("extrapolation_value"),
                                            OC_ONNX_ATTR_HOOK("antialias"), OC_ONNX_ATTR_HOOK("axes"), OC_ONNX_ATTR_HOOK("scales"),
                                            OC_ONNX_ATTR_HOOK("keep_aspect_ratio_policy"), {NULL}};
static const oc__onnx_attr_rule grid[] = {OC_ONNX_ATTR_HOOK("mode"), OC_ONNX_ATTR_HOOK("padding_mode"), OC_ONNX_ATTR_HOOK("align_corners"),
                                          {NULL}};

#define READ(type_, since_, most, params_, attrs_, reader) \
    {.type = type_, .since = since_, .in_min = 1, .in_max = most, .out_max = 1, .use = OC_ONNX_READ_ONLY, \
     .param_inputs = params_, .attrs = attrs_, .read = reader}

const oc__onnx_rule oc__resample_onnx[] = {READ("Resize", 10, 4, 14, resize, read_resize), READ("Upsample", 7, 2, 2, resize, read_resize),
                                           READ("GridSample", 16, 2, 0, grid, read_grid), {NULL}};
