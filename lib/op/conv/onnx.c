/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution in ONNX: Conv. */
#include <ocelli/op/conv.h>

#include "op/conv/conv.h"

static oc_status adjust(const oc__onnx_reading *reading, void *memory, oc_error *err)
{
    oc_conv_params *params = memory;
    const oc_shape *weights = &reading->in[1]->shape;
    const oc__onnx_attr *kernel = oc__onnx_attr_find(reading->node, "kernel_shape");
    if (weights->rank != 4 || reading->in[0]->shape.rank != 4)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "only convolutions with two spatial axes are supported");
    if (kernel != NULL && (kernel->kind != OC_ONNX_INTS || kernel->count != 2 || kernel->ints[0] != weights->dims[2] ||
                           kernel->ints[1] != weights->dims[3]))
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "kernel_shape is not that of the weights");
    if (params->groups < 1)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "group = %lld", (long long)params->groups);
    return oc__onnx_auto_pad(reading, &weights->dims[2], params->stride, params->dilation, params->pad_begin, params->pad_end, err);
}

static const oc__onnx_attr_rule attrs[] = {
    OC_ONNX_ATTR_2D("strides", oc_conv_params, stride, 1), OC_ONNX_ATTR_2D("dilations", oc_conv_params, dilation, 1),
    OC_ONNX_ATTR_PADS_2D(oc_conv_params),                  OC_ONNX_ATTR_I64("group", oc_conv_params, groups, 1),
    OC_ONNX_ATTR_HOOK("kernel_shape"),                     OC_ONNX_ATTR_HOOK("auto_pad"),
    {NULL}};

const oc__onnx_rule oc__conv_onnx[] = {{.type = "Conv", .op = "conv2d", .since = 1, .in_min = 2, .in_max = 3, .out_max = 1,
                                        .floats = true, .attrs = attrs, .adjust = adjust},
                                       {NULL}};
