/* SPDX-License-Identifier: Apache-2.0 */
/* Own ops made, found by name in their context, kept by what uses them. */
#include <string.h>

#include "op/custom/custom.h"

static bool copy_text(oc_custom *custom, const char **text) {
    *text = *text ? oc__arena_strdup(&custom->arena, *text) : NULL;
    return *text != NULL;
}

static bool copy_fields(oc_custom *custom, const oc_custom_params *from) {
    oc__field *fields = oc__arena_alloc(&custom->arena, (from->field_count + 1) * sizeof(*fields));
    for (size_t i = 0; fields && i < from->field_count; i++) {
        const oc_custom_field *field = &from->fields[i];
        oc__field_type type = field->dtype == OC_I64   ? OC_FIELD_I64
                              : field->dtype == OC_I32 ? OC_FIELD_I32
                              : field->dtype == OC_F32 ? OC_FIELD_F32
                                                       : OC_FIELD_BOOL;
        fields[i] =
            (oc__field){field->name, type, (uint16_t)field->offset, (uint16_t)(field->size / oc_dtype_size(field->dtype))};
        if (!copy_text(custom, &fields[i].name))
            return false;
    }
    custom->op.fields = fields;
    return fields != NULL;
}

static bool copy_kernel(oc_custom *custom, const oc_custom_kernel *from, oc__custom_kernel *out) {
    oc_custom_kernel *given = &out->given;
    *given = *from;
    out->solver.name = oc__arena_printf(&custom->arena, "%s.%s", custom->given.name, from->name);
    return out->solver.name && copy_text(custom, &given->name) && copy_text(custom, &given->source) &&
           (!given->args || copy_text(custom, &given->args)) && (!given->types || copy_text(custom, &given->types));
}

static oc_status copy_params(oc_custom *custom, const oc_custom_params *from, oc_error *err) {
    oc_custom_params *given = &custom->given;
    *given = *from;
    given->kernel_count = OC_MAX(from->kernel_count, (size_t)1);
    custom->kernels = oc__arena_alloc(&custom->arena, given->kernel_count * sizeof(*custom->kernels));
    bool done = custom->kernels && copy_text(custom, &given->name) &&
                (!given->unbatched || copy_text(custom, &given->unbatched)) && copy_fields(custom, from);
    for (size_t i = 0; done && i < given->kernel_count; i++)
        done = copy_kernel(custom, &from->kernels[i], &custom->kernels[i]);
    return done ? OC_OK : oc__fail_memory(custom->context, err, sizeof(*custom->kernels));
}

/* Of all that programs are made of: what was measured of other sources does not hold for these. */
static void make_key(oc_custom *custom) {
    oc__hash hash = oc__hash_init();
    for (size_t i = 0; i < custom->given.kernel_count; i++) {
        const oc_custom_kernel *kernel = &custom->kernels[i].given;
        oc__hash_add_text(&hash, kernel->name);
        oc__hash_add_text(&hash, kernel->source);
        oc__hash_add_text(&hash, kernel->args ? kernel->args : "");
        oc__hash_add(&hash, &kernel->passes, sizeof(kernel->passes));
    }
    oc__hash_text(hash, custom->key);
}

static oc_status build(oc_custom *custom, const oc_custom_params *params, oc_error *err) {
    OC_TRY(copy_params(custom, params, err));
    oc__custom_make_op(custom);
    for (size_t i = 0; i < custom->given.kernel_count; i++) {
        OC_TRY(oc__custom_read_args(custom, &custom->kernels[i], err));
        OC_TRY(oc__custom_read_types(custom, &custom->kernels[i], err));
    }
    oc__custom_make_solvers(custom);
    make_key(custom);
    return oc__custom_make_rules(custom) ? OC_OK : oc__fail_memory(custom->context, err, sizeof(custom->rules));
}

static oc_custom *find(oc_context *context, const char *name) {
    oc_custom *at = context->customs;
    while (at && strcmp(at->op.name, name))
        at = at->next;
    return at;
}

static oc_status enlist(oc_custom *custom, oc_error *err) {
    oc_context *context = custom->context;
    pthread_mutex_lock(&context->lock);
    bool taken = find(context, custom->op.name) != NULL;
    if (!taken) {
        custom->next = context->customs;
        context->customs = custom;
        custom->op.serial = ++context->custom_count;
    }
    pthread_mutex_unlock(&context->lock);
    return taken ? oc__fail(context, err, OC_ERROR_INVALID, "there is an op named %s in this context already", custom->op.name)
                 : OC_OK;
}

static void delist(oc_custom *custom) {
    pthread_mutex_lock(&custom->context->lock);
    oc_custom **at = (oc_custom **)&custom->context->customs;
    while (*at != custom)
        at = &(*at)->next;
    *at = custom->next;
    pthread_mutex_unlock(&custom->context->lock);
}

static void free_custom(oc_custom *custom) {
    oc__arena_finish(&custom->arena);
    oc__free(custom->context, custom);
}

oc_status oc_custom_create(oc_custom **out, oc_context *context, const oc_custom_params *params, oc_error *err) {
    if (!out || !params)
        return oc__fail(context, err, OC_ERROR_INVALID, "oc_custom_create: %s is NULL", out ? "params" : "out");
    OC_TRY(oc__custom_check(context, params, err));
    oc_custom *custom = oc__alloc(context, sizeof(*custom));
    if (!custom)
        return oc__fail_memory(context, err, sizeof(*custom));
    custom->context = context;
    custom->op.custom = custom;
    atomic_init(&custom->uses, 1);
    oc__arena_init(&custom->arena, context);
    oc_status status = build(custom, params, err);
    if (status == OC_OK)
        status = enlist(custom, err);
    if (status == OC_OK)
        *out = custom;
    else
        free_custom(custom);
    return status;
}

void oc_custom_destroy(oc_custom **handle) {
    if (!handle || !*handle)
        return;
    delist(*handle);
    oc__custom_release(*handle);
    *handle = NULL;
}

void oc__custom_retain(void *custom) {
    if (custom)
        atomic_fetch_add(&((oc_custom *)custom)->uses, 1);
}

void oc__custom_release(void *handle) {
    oc_custom *custom = handle;
    if (!custom || atomic_fetch_sub(&custom->uses, 1) != 1)
        return;
    if (custom->given.release)
        custom->given.release(custom->given.user);
    free_custom(custom);
}

oc_custom *oc_custom_find(oc_context *context, const char *name) {
    pthread_mutex_lock(&context->lock);
    oc_custom *custom = find(context, name);
    pthread_mutex_unlock(&context->lock);
    return custom;
}

const oc__op *oc__op_named(oc_context *context, const char *name) {
    const oc__op *op = oc__op_find(name);
    const oc_custom *custom = op || !context || !strchr(name, '.') ? NULL : oc_custom_find(context, name);
    return custom ? &custom->op : op;
}

const char *oc_custom_name(const oc_custom *custom) {
    return custom->op.name;
}

oc_value *oc_graph_custom(oc_graph *graph, const oc_custom *custom, const void *params, size_t params_size, oc_value *const *in,
                          size_t in_count, oc_value **out, oc_error *err) {
    oc_value *made[OC_CUSTOM_OUTPUTS];
    uint64_t known[OC_CUSTOM_PARAMS / sizeof(uint64_t)] = {0};
    const oc__op *op = &custom->op;
    if (custom->context != graph->context)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "%s belongs to another context than the graph", op->name);
    if ((params && params_size != op->params_size) || in_count > OC_CUSTOM_OPERANDS)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "%s: params of %zu bytes and %zu operands; its params struct has %zu",
                              op->name, params_size, in_count, op->params_size);
    for (const oc__field *field = op->fields; params && field->name; field++) /* what lies between is nobody's business */
        memcpy((char *)known + field->offset, (const char *)params + field->offset, oc__field_bytes(field));
    if (oc__graph_node(graph, op, known, in, (int)in_count, made, OC_CUSTOM_OUTPUTS, err) != OC_OK)
        return NULL;
    if (out)
        memcpy(out, made, sizeof(*out) * (size_t)op->out_count);
    return made[0];
}
