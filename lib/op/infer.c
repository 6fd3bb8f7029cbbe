/* SPDX-License-Identifier: Apache-2.0 */
/* Shape rules: running one, and what they share. */
#include <stdio.h>
#include <string.h>

#include "op/op.h"

bool oc__is_float(oc_dtype dtype) {
    return dtype == OC_F32 || dtype == OC_F16;
}

bool oc__is_real(oc_dtype dtype) {
    return dtype == OC_F32 || dtype == OC_F16 || dtype == OC_F64 || dtype == OC_BF16;
}

bool oc__is_unsigned(oc_dtype dtype) {
    return dtype == OC_U8 || dtype == OC_U16 || dtype == OC_U32 || dtype == OC_U64 || dtype == OC_BOOL;
}

oc__desc oc__desc_plain(oc_dtype dtype, const oc_shape *shape) {
    return (oc__desc){dtype, *shape, oc__layout_plain(shape->rank)};
}

uint64_t oc__desc_bytes(const oc__desc *desc) {
    int64_t count = desc->dtype ? oc__layout_count(&desc->layout, &desc->shape) : 0;
    return count < 0 ? UINT64_MAX : (uint64_t)count * oc_dtype_size(desc->dtype);
}

static void append_shape(oc__string *text, const oc__symbols *symbols, const oc__desc *desc) {
    char buffer[24];
    if (!desc->dtype) {
        oc__string_append(text, "none");
        return;
    }
    oc__string_append(text, "(");
    for (int i = 0; i < desc->shape.rank; i++)
        oc__string_printf(text, i ? ", %s" : "%s", oc__symbols_text(symbols, desc->shape.dims[i], buffer));
    oc__string_printf(text, ") of %s", oc_dtype_name(desc->dtype));
}

oc_status oc__infer_fail(const oc__inference *inference, oc_error *err, const char *format, ...) {
    oc__string text;
    char reason[300];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    oc__string_init(&text, inference->context);
    for (int i = 0; i < inference->in_count && i < 6; i++) {
        oc__string_append(&text, i ? ", " : "");
        append_shape(&text, inference->symbols, &inference->in[i]);
    }
    oc_status status = oc__fail(inference->context, err, OC_ERROR_SHAPE, "%s: %s; operands: %s%s", inference->op->name, reason,
                                text.text, inference->in_count > 6 ? ", …" : "");
    oc__string_finish(&text);
    return status;
}

oc_status oc__infer_axis(const oc__inference *inference, int64_t *axis, int rank, oc_error *err) {
    if (*axis < -rank || *axis >= rank)
        return oc__infer_fail(inference, err, "axis %lld is out of range for %d axes", (long long)*axis, rank);
    *axis += *axis < 0 ? rank : 0;
    return OC_OK;
}

bool oc__weights_fit(oc_dtype src, oc_dtype weights) {
    return oc__is_float(src) && (src == weights || (src == OC_F32 && weights == OC_F16));
}

oc_status oc__infer_broadcast(const oc__inference *inference, const oc_shape *a, const oc_shape *b, oc_shape *out,
                              oc_error *err) {
    oc_shape shape = {.rank = OC_MAX(a->rank, b->rank)};
    for (int i = 0; i < shape.rank; i++) {
        int ai = i - (shape.rank - a->rank), bi = i - (shape.rank - b->rank);
        int64_t x = ai >= 0 ? a->dims[ai] : 1, y = bi >= 0 ? b->dims[bi] : 1;
        if (x != y && x != 1 && y != 1)
            return oc__infer_fail(inference, err, "the shapes cannot be broadcast: axis %d differs and neither is 1", i);
        shape.dims[i] = x == 1 ? y : x;
    }
    *out = shape;
    return OC_OK;
}

static oc_status check_counts(const oc__inference *inference, oc_error *err) {
    const oc__op *op = inference->op;
    if (inference->in_count < op->in_min || (op->in_max != OC_VARIADIC && inference->in_count > op->in_max))
        return oc__fail(inference->context, err, OC_ERROR_INVALID, "%s: %d operands; it takes %d to %d", op->name,
                        inference->in_count, op->in_min, op->in_max);
    for (int i = 0; i < op->in_min; i++)
        if (!inference->in[i].dtype)
            return oc__fail(inference->context, err, OC_ERROR_INVALID, "%s: operand %d is missing", op->name, i);
    return OC_OK;
}

oc_status oc__infer(oc_context *context, const oc__op *op, void *params, const oc__desc *in, int in_count, oc__desc *out,
                    int *out_count, oc__symbols *symbols, oc_error *err) {
    oc__inference inference = {.context = context, .op = op, .params = params, .in_count = in_count,
                               .out_count = op->out_count == OC_VARIADIC ? *out_count : op->out_count, .in = in, .out = out,
                               .symbols = symbols};
    OC_TRY(check_counts(&inference, err));
    if (inference.out_count > *out_count)
        return oc__fail(context, err, OC_ERROR_INTERNAL, "%s: room for %d outputs, %d needed", op->name, *out_count,
                        inference.out_count);
    for (int i = 0; i < inference.out_count; i++)
        out[i] = (oc__desc){0};
    OC_TRY(op->infer(&inference, err));
    for (int i = 0; i < inference.out_count; i++) {
        for (int k = 0; k < out[i].shape.rank; k++)
            if (out[i].shape.dims[k] == INT64_MIN)
                return oc__fail_memory(context, err, 64);
        bool numbers = true;
        for (int k = 0; k < out[i].shape.rank; k++)
            numbers = numbers && out[i].shape.dims[k] >= 0;
        if (numbers && oc_shape_count(&out[i].shape) < 0)
            return oc__fail(context, err, OC_ERROR_LIMIT, "%s: the result would have more than 2^63 elements", op->name);
        out[i].layout = oc__layout_plain(out[i].shape.rank);
    }
    *out_count = inference.out_count;
    return OC_OK;
}
