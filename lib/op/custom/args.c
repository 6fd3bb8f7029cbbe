/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of an own kernel, as a list in words. */
#include <limits.h>
#include <string.h>

#include "op/custom/custom.h"

#define ALL (-1)

/* A word up to a dot, with a number behind its letters, and what is behind the dot. */
typedef struct word {
    char name[48];
    int index; /* ALL: none */
    char part[48];
} word;

static bool take_index(const char *digits, int *out) {
    int64_t value;
    if (!digits[0])
        return *out = ALL, true;
    if (!oc__parse_int64(digits, &digits, &value) || *digits || value < 0 || value >= OC_CUSTOM_OPERANDS)
        return false;
    *out = (int)value;
    return true;
}

/* "in3.count" is in, 3, count. */
static bool split(const char *text, size_t size, const char *prefix, word *out) {
    size_t length = strlen(prefix), end = 0;
    char digits[48];
    *out = (word){{0}, ALL, {0}};
    if (size >= sizeof(out->name) || strncmp(text, prefix, length))
        return false;
    while (end < size && text[end] != '.')
        end++;
    if (end < length || end - length >= sizeof(digits))
        return false;
    memcpy(out->name, text, length);
    memcpy(digits, text + length, end - length);
    digits[end - length] = 0;
    if (end < size)
        memcpy(out->part, text + end + 1, size - end - 1);
    return (end == size || out->part[0]) && take_index(digits, &out->index);
}

static bool read_operand(const oc_custom *custom, const char *text, size_t size, bool out, oc__custom_arg *arg) {
    word w;
    int64_t axis;
    const char *end;
    int count = out ? custom->op.out_count : custom->op.in_max;
    if (!split(text, size, out ? "out" : "in", &w) || w.index >= count || (w.part[0] && w.index == ALL))
        return false;
    *arg = (oc__custom_arg){!w.part[0] ? OC_CUSTOM_OPERAND : OC_CUSTOM_COUNT, out, w.index, 0};
    if (!w.part[0] || !strcmp(w.part, "count"))
        return true;
    if (!oc__parse_int64(w.part, &end, &axis) || *end || axis < -OC_MAX_RANK || axis >= OC_MAX_RANK)
        return false;
    arg->kind = OC_CUSTOM_SIZE;
    arg->at = (int)axis;
    return true;
}

/* Words without a number behind their letters, but perhaps one behind a dot. */
static bool read_plain(const char *text, size_t size, const char *name, int most, int *at) {
    word w;
    return split(text, size, name, &w) && w.index == ALL && take_index(w.part, at) && *at < most;
}

static bool read_field(const oc_custom *custom, const char *text, size_t size, oc__custom_arg *arg) {
    for (int i = 0; i < (int)custom->given.field_count; i++) {
        int at;
        if (!read_plain(text, size, custom->op.fields[i].name, custom->op.fields[i].count, &at))
            continue;
        *arg = (oc__custom_arg){OC_CUSTOM_FIELD_ARG, false, i, at};
        return true;
    }
    return false;
}

static bool read_arg(const oc_custom *custom, const char *text, size_t size, oc__custom_arg *arg) {
    word w;
    int at;
    *arg = (oc__custom_arg){0};
    if (read_plain(text, size, "items", 3, &at))
        *arg = (oc__custom_arg){OC_CUSTOM_ITEMS, false, 0, at == ALL ? 0 : at};
    else if (read_plain(text, size, "params", 0, &at) && at == ALL)
        *arg = (oc__custom_arg){OC_CUSTOM_FIELD_ARG, false, ALL, ALL};
    else if (read_plain(text, size, "workspace", 0, &at) && at == ALL)
        arg->kind = OC_CUSTOM_WORKSPACE;
    else if (read_plain(text, size, "local", 0, &at) && at == ALL)
        arg->kind = OC_CUSTOM_LOCAL;
    else if (split(text, size, "n", &w) && !w.part[0] && w.index != ALL && w.index < OC_CUSTOM_NUMBERS)
        *arg = (oc__custom_arg){OC_CUSTOM_NUMBER, false, w.index, 0};
    else
        return read_field(custom, text, size, arg) || read_operand(custom, text, size, false, arg) ||
               read_operand(custom, text, size, true, arg);
    return true;
}

bool oc__custom_is_word(const char *name) {
    static const char *const numbered[] = {"in", "out", "n"}, *const plain[] = {"items", "params", "workspace", "local"};
    word w;
    for (size_t i = 0; i < OC_COUNT(numbered); i++)
        if (split(name, strlen(name), numbered[i], &w) && (w.index != ALL || i < 2))
            return true;
    for (size_t i = 0; i < OC_COUNT(plain); i++)
        if (!strcmp(name, plain[i]))
            return true;
    return false;
}

#define BETWEEN " ,\n\t"

oc_status oc__custom_read_args(oc_custom *custom, oc__custom_kernel *kernel, oc_error *err) {
    const char *list = kernel->given.args ? kernel->given.args : "in out items params";
    kernel->args = oc__arena_alloc(&custom->arena, (strlen(list) / 2 + 1) * sizeof(*kernel->args));
    if (!kernel->args)
        return oc__fail_memory(custom->context, err, strlen(list));
    for (const char *at = list + strspn(list, BETWEEN); *at; at += strspn(at, BETWEEN)) {
        size_t size = strcspn(at, BETWEEN);
        if (!read_arg(custom, at, size, &kernel->args[kernel->arg_count++]))
            return oc__fail(custom->context, err, OC_ERROR_INVALID,
                            "%s: kernel %s: \"%.*s\" is no argument it can have (see custom.h)", custom->op.name,
                            kernel->given.name, (int)OC_MIN(size, (size_t)60), at);
        at += size;
    }
    return OC_OK;
}

oc_status oc__custom_read_types(oc_custom *custom, oc__custom_kernel *kernel, oc_error *err) {
    const char *list = kernel->given.types ? kernel->given.types : "f32";
    if (!strcmp(list, "all"))
        kernel->types = UINT32_MAX;
    for (const char *at = list + strspn(list, BETWEEN); *at && strcmp(list, "all"); at += strspn(at, BETWEEN)) {
        size_t size = strcspn(at, BETWEEN);
        char name[8] = "";
        memcpy(name, at, OC_MIN(size, sizeof(name) - 1));
        oc_dtype dtype = oc_dtype_from_name(name);
        if (!dtype)
            return oc__fail(custom->context, err, OC_ERROR_INVALID, "%s: kernel %s: \"%s\" is no type of elements",
                            custom->op.name, kernel->given.name, name);
        kernel->types |= 1u << dtype;
        at += size;
    }
    return OC_OK;
}

static void put_operand(const oc__recording *r, oc__step *step, bool out, int i) {
    const oc__desc *desc = out ? &r->problem->out[i] : &r->problem->in[i];
    if (desc->dtype)
        oc__step_desc(r->steps, step, out ? r->out[i].place : r->in[i].place, desc);
}

static const oc__desc *desc_of(const oc__problem *p, const oc__custom_arg *arg) {
    if (arg->out)
        return &p->out[arg->index];
    return arg->index < p->op_in && p->in[arg->index].dtype ? &p->in[arg->index] : NULL;
}

static int64_t size_of(const oc__problem *p, const oc__custom_arg *arg) {
    const oc__desc *desc = desc_of(p, arg);
    int axis = desc && arg->at < 0 ? arg->at + desc->shape.rank : arg->at;
    return desc && axis >= 0 && axis < desc->shape.rank ? desc->shape.dims[axis] : 0;
}

static void put_entry(const oc__recording *r, oc__step *step, const oc__field *field, int i) {
    const void *at = (const char *)r->problem->params + field->offset;
    if (field->type == OC_FIELD_I64)
        oc__step_i64(r->steps, step, ((const int64_t *)at)[i]);
    else if (field->type == OC_FIELD_F32)
        oc__step_f32(r->steps, step, ((const float *)at)[i]);
    else
        oc__step_i32(r->steps, step, field->type == OC_FIELD_I32 ? ((const int32_t *)at)[i] : ((const bool *)at)[i]);
}

static void put_fields(const oc__recording *r, oc__step *step, const oc__custom_arg *arg) {
    const oc_custom *custom = oc__custom_of(r->problem->op);
    int first = arg->index == ALL ? 0 : arg->index, end = arg->index == ALL ? (int)custom->given.field_count : first + 1;
    for (int i = first; i < end; i++) {
        const oc__field *field = &custom->op.fields[i];
        for (int k = arg->at == ALL ? 0 : arg->at; k < (arg->at == ALL ? field->count : arg->at + 1); k++)
            put_entry(r, step, field, k);
    }
}

static void put_operands(const oc__recording *r, oc__step *step, const oc__custom_arg *arg) {
    int count = arg->out ? r->problem->out_count : r->problem->op_in;
    for (int i = arg->index == ALL ? 0 : arg->index; i < (arg->index == ALL ? count : OC_MIN(count, arg->index + 1)); i++)
        put_operand(r, step, arg->out, i);
}

void oc__custom_put_args(const oc__recording *r, oc__step *step, const oc__custom_kernel *kernel,
                         const oc_custom_launch *launch) {
    for (int i = 0; i < kernel->arg_count; i++) {
        const oc__custom_arg *arg = &kernel->args[i];
        const oc__desc *desc = arg->kind == OC_CUSTOM_COUNT ? desc_of(r->problem, arg) : NULL;
        switch (arg->kind) {
        case OC_CUSTOM_OPERAND: put_operands(r, step, arg); break;
        case OC_CUSTOM_SIZE: oc__step_i64(r->steps, step, size_of(r->problem, arg)); break;
        case OC_CUSTOM_COUNT: oc__step_i64(r->steps, step, desc ? oc__count(&desc->shape) : 0); break;
        case OC_CUSTOM_ITEMS: oc__step_i64(r->steps, step, (int64_t)launch->items[arg->at]); break;
        case OC_CUSTOM_FIELD_ARG: put_fields(r, step, arg); break;
        case OC_CUSTOM_NUMBER: oc__step_i64(r->steps, step, launch->numbers[arg->index]); break;
        case OC_CUSTOM_WORKSPACE: oc__step_place(r->steps, step, r->workspace, 1); break;
        case OC_CUSTOM_LOCAL: oc__step_local(r->steps, step, OC_MAX((size_t)launch->local_bytes, (size_t)1)); break;
        }
    }
}
