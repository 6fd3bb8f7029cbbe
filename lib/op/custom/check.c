/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of an own op, before anything is made of it. */
#include <string.h>

#include "op/custom/custom.h"

#define LONGEST_NAME 55
#define LONGEST_KERNEL 55

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_identifier(const char *name, size_t longest) {
    size_t size = name ? strlen(name) : 0;
    for (size_t i = 0; i < size; i++)
        if (!is_letter(name[i]) && (i == 0 || !is_digit(name[i])))
            return false;
    return size > 0 && size <= longest;
}

static bool is_name(const char *name) {
    size_t size = name ? strlen(name) : 0, dots = 0;
    for (size_t i = 0; i < size; i++) {
        bool dot = name[i] == '.', between = i > 0 && i + 1 < size && name[i - 1] != '.';
        if (!is_letter(name[i]) && !is_digit(name[i]) && name[i] != '-' && !(dot && between))
            return false;
        dots += dot;
    }
    return dots > 0 && size <= LONGEST_NAME;
}

static oc_status check_name(oc_context *context, const char *name, oc_error *err) {
    if (!is_name(name))
        return oc__fail(
            context, err, OC_ERROR_INVALID,
            "\"%.80s\" is no name of an own op: it should be like org.example.swish, of letters, digits, _ and -, with a "
            "dot in it, at most %d letters",
            name ? name : "", LONGEST_NAME);
    if (!strncmp(name, "ai.onnx.", 8) || !strncmp(name, "ocelli.", 7))
        return oc__fail(context, err, OC_ERROR_INVALID, "\"%s\": names that begin with ai.onnx or ocelli are not for own ops",
                        name);
    return OC_OK;
}

static size_t entry_size(const oc_custom_field *field) {
    bool known = field->dtype == OC_I64 || field->dtype == OC_I32 || field->dtype == OC_F32 || field->dtype == OC_BOOL;
    return known ? oc_dtype_size(field->dtype) : 0;
}

static oc_status check_field(oc_context *context, const oc_custom_params *p, size_t index, oc_error *err) {
    const oc_custom_field *field = &p->fields[index];
    size_t size = entry_size(field);
    if (!is_identifier(field->name, 40) || oc__custom_is_word(field->name))
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: \"%.60s\" is no name for a field", p->name,
                        field->name ? field->name : "");
    for (size_t i = 0; i < index; i++)
        if (!strcmp(p->fields[i].name, field->name))
            return oc__fail(context, err, OC_ERROR_INVALID, "%s: two fields are named %s", p->name, field->name);
    if (!size)
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: field %s is neither i64, i32, f32 nor bool", p->name, field->name);
    if (field->size < size || field->size % size || field->offset % size || field->size > p->params_size ||
        field->offset > p->params_size - field->size)
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: field %s of %zu bytes at %zu does not fit into params of %zu bytes",
                        p->name, field->name, field->size, field->offset, p->params_size);
    if (field->size > size && field->dtype != OC_I64 && field->dtype != OC_F32)
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: field %s: arrays are of i64 or f32", p->name, field->name);
    return OC_OK;
}

static oc_status check_kernel(oc_context *context, const oc_custom_params *p, size_t index, oc_error *err) {
    const oc_custom_kernel *kernel = &p->kernels[index];
    if (!is_identifier(kernel->name, LONGEST_KERNEL))
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: \"%.60s\" is no name of a kernel", p->name,
                        kernel->name ? kernel->name : "");
    for (size_t i = 0; i < index; i++)
        if (!strcmp(p->kernels[i].name, kernel->name))
            return oc__fail(context, err, OC_ERROR_INVALID, "%s: two kernels are named %s", p->name, kernel->name);
    if (!kernel->source || !kernel->source[0])
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: kernel %s has no source", p->name, kernel->name);
    if (kernel->passes < 0 || kernel->passes > 64 || !(kernel->share >= 0))
        return oc__fail(context, err, OC_ERROR_INVALID,
                        "%s: kernel %s: passes are 0 to 64, its share of the peaks is not below 0", p->name, kernel->name);
    return OC_OK;
}

oc_status oc__custom_check(oc_context *context, const oc_custom_params *p, oc_error *err) {
    size_t kernels = p->kernels && !p->kernel_count ? 1 : p->kernel_count;
    OC_TRY(check_name(context, p->name, err));
    if (p->in_min > OC_CUSTOM_OPERANDS || p->in_max > OC_CUSTOM_OPERANDS || (p->in_max && p->in_max < p->in_min))
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: %zu to %zu operands; there may be up to %d", p->name, p->in_min,
                        p->in_max, OC_CUSTOM_OPERANDS);
    if (p->out_count > OC_CUSTOM_OUTPUTS)
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: %zu outputs; there may be up to %d", p->name, p->out_count,
                        OC_CUSTOM_OUTPUTS);
    if (p->params_size > OC_CUSTOM_PARAMS)
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: params of %zu bytes; there may be up to %d", p->name, p->params_size,
                        OC_CUSTOM_PARAMS);
    if ((p->field_count && !p->fields) || (p->params_size && !p->field_count))
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: the fields of its params are not told", p->name);
    if (!p->kernels || kernels > OC_CUSTOM_KERNELS)
        return oc__fail(context, err, OC_ERROR_INVALID, "%s: %zu kernels; there must be one, and may be %d", p->name, kernels,
                        OC_CUSTOM_KERNELS);
    for (size_t i = 0; i < p->field_count; i++)
        OC_TRY(check_field(context, p, i, err));
    for (size_t i = 0; i < kernels; i++)
        OC_TRY(check_kernel(context, p, i, err));
    return p->flops >= 0 ? OC_OK : oc__fail(context, err, OC_ERROR_INVALID, "%s: %g flops an element", p->name, p->flops);
}
