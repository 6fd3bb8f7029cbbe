/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of convolutions' and poolings' windows. */
#include <string.h>

#include "op/onnx_rule.h"

/* Padding of one axis so that there are ceil(size / stride) windows. */
static bool same_padding(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t *total) {
    int64_t reach;
    if (!oc__mul_i64(kernel - 1, dilation, &reach))
        return false;
    if (size < 0 && stride != 1)
        return false;
    *total = stride == 1 ? reach : OC_MAX((size - 1) / stride * stride + reach + 1 - size, 0);
    return true;
}

static oc_status auto_pad(const oc__onnx_reading *reading, oc__onnx_window *w, oc_error *err) {
    const char *mode = oc__onnx_attr_text(reading->node, "auto_pad", "NOTSET");
    bool upper = strcmp(mode, "SAME_UPPER") == 0;
    if (strcmp(mode, "NOTSET") == 0)
        return OC_OK;
    if (!upper && strcmp(mode, "SAME_LOWER") != 0 && strcmp(mode, "VALID") != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "auto_pad is '%.40s'", mode);
    for (int i = 0; i < w->axes; i++) {
        w->pad_begin[i] = w->pad_end[i] = 0;
        if (strcmp(mode, "VALID") == 0)
            continue;
        int64_t size = reading->in[0]->shape.dims[2 + i], total;
        if (w->kernel[i] < 1 || w->stride[i] < 1 || w->dilation[i] < 1 || size > INT64_MAX / 4 || w->kernel[i] > INT32_MAX)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "kernel, stride or dilation is below 1");
        if (!same_padding(size, w->kernel[i], w->stride[i], w->dilation[i], &total))
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "auto_pad needs an image size that is a number");
        w->pad_begin[i] = upper ? total / 2 : total - total / 2;
        w->pad_end[i] = total - w->pad_begin[i];
    }
    return OC_OK;
}

oc_status oc__onnx_list(const oc__onnx_reading *reading, const char *name, int count, int64_t otherwise, int64_t *out,
                        oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, name);
    if (attr != NULL && (attr->kind != OC_ONNX_INTS || attr->count != (size_t)count))
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "attribute '%s' should have %d entries", name, count);
    for (int i = 0; i < count; i++)
        out[i] = attr != NULL ? attr->ints[i] : otherwise;
    return OC_OK;
}

oc_status oc__onnx_window_read(const oc__onnx_reading *reading, const int64_t *kernel, oc__onnx_window *out, oc_error *err) {
    int axes = reading->in[0]->shape.rank - 2;
    int64_t pads[6];
    *out = (oc__onnx_window){.axes = axes};
    if (axes < 1 || axes > 3)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "only one to three spatial axes are supported");
    if (kernel == NULL && oc__onnx_attr_find(reading->node, "kernel_shape") == NULL)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "kernel_shape is missing");
    OC_TRY(oc__onnx_list(reading, "kernel_shape", axes, 0, out->kernel, err));
    for (int i = 0; kernel != NULL && i < axes; i++) {
        if (oc__onnx_attr_find(reading->node, "kernel_shape") != NULL && out->kernel[i] != kernel[i])
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "kernel_shape is not that of the weights");
        out->kernel[i] = kernel[i];
    }
    OC_TRY(oc__onnx_list(reading, "strides", axes, 1, out->stride, err));
    OC_TRY(oc__onnx_list(reading, "dilations", axes, 1, out->dilation, err));
    OC_TRY(oc__onnx_list(reading, "pads", 2 * axes, 0, pads, err));
    for (int i = 0; i < axes; i++) {
        out->pad_begin[i] = pads[i];
        out->pad_end[i] = pads[axes + i];
    }
    return auto_pad(reading, out, err);
}
