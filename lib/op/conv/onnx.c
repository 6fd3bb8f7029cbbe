/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution in ONNX: Conv, ConvTranspose. */
#include <string.h>

#include <ocelli/op/conv.h>

#include "op/conv/conv.h"

/* The window, with the weights' sizes, as params. */
static oc_status params_of(const oc__onnx_reading *reading, oc_conv_params *params, oc__onnx_window *window, oc_error *err) {
    const oc_shape *weights = &reading->in[1]->shape;
    if (weights->rank != reading->in[0]->shape.rank || weights->rank < 3)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "source and weights have %d and %d axes", reading->in[0]->shape.rank,
                               weights->rank);
    OC_TRY(oc__onnx_window_read(reading, &weights->dims[2], window, err));
    *params = (oc_conv_params){.groups = oc__onnx_attr_int(reading->node, "group", 1)};
    if (params->groups < 1)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "group = %lld", (long long)params->groups);
    memcpy(params->stride, window->stride, sizeof(params->stride));
    memcpy(params->dilation, window->dilation, sizeof(params->dilation));
    memcpy(params->pad_begin, window->pad_begin, sizeof(params->pad_begin));
    memcpy(params->pad_end, window->pad_end, sizeof(params->pad_end));
    return OC_OK;
}

static oc_value *bias_of(const oc__onnx_reading *reading) {
    return oc__onnx_has_in(reading, 2) ? reading->in[2] : NULL;
}

static oc_status read_conv(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_conv_params params;
    oc__onnx_window window;
    (void)memory;
    OC_TRY(params_of(reading, &params, &window, err));
    return oc__onnx_give(reading, oc_conv(reading->graph, reading->in[0], reading->in[1], bias_of(reading), &params, err), err);
}

static oc_status list_of(const oc__onnx_reading *reading, const char *name, int axes, int64_t out[3], bool *given, oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, name);
    *given = attr != NULL;
    if (attr != NULL && (attr->kind != OC_ONNX_INTS || (int)attr->count < axes))
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "attribute '%s' should have %d entries", name, axes);
    for (int i = 0; i < axes; i++)
        out[i] = attr != NULL ? attr->ints[attr->count - (size_t)axes + (size_t)i] : 0;
    return OC_OK;
}

/* output_shape, or automatic padding to stride * size, decides about the padding. */
static oc_status pad_to_shape(const oc__onnx_reading *reading, oc_conv_params *p, const oc__onnx_window *w, int64_t more[3], oc_error *err) {
    const char *mode = oc__onnx_attr_text(reading->node, "auto_pad", "NOTSET");
    bool same = strncmp(mode, "SAME", 4) == 0, given;
    int64_t wanted[3];
    OC_TRY(list_of(reading, "output_shape", w->axes, wanted, &given, err));
    for (int i = 0; i < w->axes && (same || given); i++) {
        int64_t size = reading->in[0]->shape.dims[2 + i], to = given ? wanted[i] : size * w->stride[i];
        int64_t total = w->stride[i] * (size - 1) + more[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - to;
        if (size < 0)
            return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "it needs image sizes that are numbers");
        if (total < 0) { /* what lacks is added at the end */
            more[i] -= total;
            total = 0;
        }
        p->pad_begin[i] = strcmp(mode, "SAME_UPPER") == 0 ? total / 2 : total - total / 2;
        p->pad_end[i] = total - p->pad_begin[i];
    }
    return OC_OK;
}

static oc_status read_transpose(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_conv_params params;
    oc__onnx_window window;
    int64_t more[3] = {0};
    bool given;
    (void)memory;
    OC_TRY(params_of(reading, &params, &window, err));
    OC_TRY(list_of(reading, "output_padding", window.axes, more, &given, err));
    OC_TRY(pad_to_shape(reading, &params, &window, more, err));
    return oc__onnx_give(reading, oc_conv_transpose(reading->graph, reading->in[0], reading->in[1], bias_of(reading), &params, more, err), err);
}

/* The gradient of a convolution with respect to its source, which is what ConvTranspose is. */
static oc_status write_transpose(oc__onnx_writing *writing, oc_error *err) {
    const oc_node *source = writing->source;
    const oc_conv_params *p = source->params;
    const int64_t *from = source->in[0]->shape.dims + 2, *kernel = source->in[1]->shape.dims + 2, *to = source->out[0]->shape.dims + 2;
    int64_t more[2];
    for (int i = 0; i < 2; i++) {
        more[i] = to[i] - (from[i] - 1) * p->stride[i] - p->dilation[i] * (kernel[i] - 1) - 1 + p->pad_begin[i] + p->pad_end[i];
        if (from[i] < 1 || to[i] < 1)
            return oc__fail(writing->context, err, OC_ERROR_UNSUPPORTED, "a transposed convolution of images whose sizes are no numbers has "
                            "no form in ONNX");
    }
    oc__onnx_node *node = oc__onnx_emit(writing, "ConvTranspose");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
    oc__onnx_emit_ints(writing, node, "output_padding", more, 2);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {
    OC_ONNX_ATTR_2D("strides", oc_conv_params, stride, 1), OC_ONNX_ATTR_2D("dilations", oc_conv_params, dilation, 1),
    OC_ONNX_ATTR_PADS_2D(oc_conv_params),                  OC_ONNX_ATTR_I64("group", oc_conv_params, groups, 1),
    OC_ONNX_ATTR_HOOK("kernel_shape"),                     OC_ONNX_ATTR_HOOK("auto_pad"),
    {NULL}};

static const oc__onnx_attr_rule hooks[] = {OC_ONNX_ATTR_HOOK("strides"), OC_ONNX_ATTR_HOOK("dilations"), OC_ONNX_ATTR_HOOK("pads"),
                                           OC_ONNX_ATTR_HOOK("group"), OC_ONNX_ATTR_HOOK("kernel_shape"), OC_ONNX_ATTR_HOOK("auto_pad"),
                                           OC_ONNX_ATTR_HOOK("output_padding"), OC_ONNX_ATTR_HOOK("output_shape"), {NULL}};

const oc__onnx_rule oc__conv_onnx[] = {
    {.type = "Conv", .op = "conv2d", .since = 1, .in_min = 2, .in_max = 3, .out_max = 1, .use = OC_ONNX_READ_ONLY, .floats = true,
     .attrs = hooks, .read = read_conv},
    {.type = "ConvTranspose", .op = "conv2d", .since = 1, .in_min = 2, .in_max = 3, .out_max = 1, .use = OC_ONNX_READ_ONLY, .floats = true,
     .attrs = hooks, .read = read_transpose},
    {.type = "Conv", .op = "conv2d", .since = 1, .out_max = 1, .use = OC_ONNX_WRITE_ONLY, .attrs = attrs},
    {.type = "ConvTranspose", .op = "conv2d_bwd_data", .since = 1, .out_max = 1, .use = OC_ONNX_WRITE_ONLY, .shape_free = true,
     .attrs = attrs, .write = write_transpose},
    {NULL}};
