/* SPDX-License-Identifier: Apache-2.0 */
/* Problems as one line of text; the grammar is docs/problems.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "op/rig.h"

static void print_desc(const oc__desc *desc, oc__string *out) {
    if (!desc->dtype) {
        oc__string_append(out, "none");
        return;
    }
    if (desc->dtype != OC_F32)
        oc__string_printf(out, "%s.", oc_dtype_name(desc->dtype));
    if (desc->shape.rank == 0)
        oc__string_append(out, "scalar");
    for (int i = 0; i < desc->shape.rank; i++)
        oc__string_printf(out, i ? "x%lld" : "%lld", (long long)desc->shape.dims[i]);
}

static double field_get(const oc__field *field, const void *params, int i) {
    const char *at = (const char *)params + field->offset;
    switch (field->type) {
    case OC_FIELD_I64: return (double)((const int64_t *)at)[i];
    case OC_FIELD_I32: return ((const int32_t *)at)[i];
    case OC_FIELD_F32: return ((const float *)at)[i];
    case OC_FIELD_BOOL: return ((const bool *)at)[i];
    }
    return 0;
}

/* False: the field cannot hold it. */
static bool field_set(const oc__field *field, void *params, int i, double value) {
    char *at = (char *)params + field->offset;
    double most = field->type == OC_FIELD_I64 ? 9e15 : INT32_MAX; /* a double holds them exactly */
    bool whole = field->type == OC_FIELD_I64 || field->type == OC_FIELD_I32;
    if (whole && !(fabs(value) <= most && value == floor(value)))
        return false;
    switch (field->type) {
    case OC_FIELD_I64: ((int64_t *)at)[i] = (int64_t)value; break;
    case OC_FIELD_I32: ((int32_t *)at)[i] = (int32_t)value; break;
    case OC_FIELD_F32: ((float *)at)[i] = (float)value; break;
    case OC_FIELD_BOOL: ((bool *)at)[i] = value != 0; break;
    }
    return true;
}

static void print_fields(const oc__problem *p, oc__string *out) {
    bool first = true;
    for (const oc__field *field = p->op->fields; field && field->name; field++) {
        int used = field->count;
        while (used > 0 && field_get(field, p->params, used - 1) == 0)
            used--;
        if (!used)
            continue;
        oc__string_printf(out, "%s%s=", first ? ":" : ",", field->name);
        for (int i = 0; i < used; i++) {
            oc__string_append(out, i ? "/" : "");
            if (field->type == OC_FIELD_F32)
                oc__string_append_double(out, field_get(field, p->params, i));
            else
                oc__string_printf(out, "%.0f", field_get(field, p->params, i));
        }
        first = false;
    }
}

static void print_posts(const char *key, const oc__posts *posts, oc__string *out) {
    for (int i = 0; i < posts->count; i++) {
        const oc__post *post = &posts->items[i];
        static const char *const names[] = {"", "scale", "bias", "residual"};
        oc__string_append(out, i ? "," : key);
        if (post->kind != OC_POST_ELTWISE) {
            oc__string_append(out, names[post->kind]);
            continue;
        }
        oc__string_append(out, post->fn->name);
        if (post->alpha != 0 || post->beta != 0) {
            oc__string_append(out, "(");
            oc__string_append_double(out, post->alpha);
            oc__string_append(out, "/");
            oc__string_append_double(out, post->beta);
            oc__string_append(out, ")");
        }
    }
}

static void print_layouts(const oc__problem *p, oc__string *out) {
    char text[OC_LAYOUT_TEXT];
    bool plain = true;
    for (int i = 0; i < p->in_count; i++)
        plain = plain && oc__layout_is_plain(&p->in[i].layout);
    for (int i = 0; i < p->out_count; i++)
        plain = plain && oc__layout_is_plain(&p->out[i].layout);
    if (plain)
        return;
    oc__string_append(out, ";lay=");
    for (int i = 0; i < p->in_count + p->out_count; i++) {
        oc__layout_text(i < p->in_count ? &p->in[i].layout : &p->out[i - p->in_count].layout, text);
        oc__string_printf(out, "%s%s", i == 0 ? "" : i == p->in_count ? ">" : ",", text);
    }
}

/* Names with numbers are read up to 31 bits. */
static bool is_compact(const oc__problem *p) {
    bool fits = true;
    for (int i = 0; i < p->op_in; i++)
        for (int k = 0; k < p->in[i].shape.rank; k++)
            fits = fits && p->in[i].shape.dims[k] <= INT32_MAX;
    for (int i = 0; i < p->out_count; i++)
        for (int k = 0; k < p->out[i].shape.rank; k++)
            fits = fits && p->out[i].shape.dims[k] <= INT32_MAX;
    for (const oc__field *field = p->op->fields; field && field->name; field++)
        for (int i = 0; i < field->count; i++)
            fits = fits && fabs(field_get(field, p->params, i)) <= INT32_MAX;
    return fits;
}

void oc__problem_text(const oc__problem *p, oc__string *out) {
    oc__string_append(out, p->op->name);
    oc__string_append(out, ":");
    bool compact = p->op->print && is_compact(p) && p->op->print(p, out);
    if (!compact) {
        for (int i = 0; i < p->op_in; i++) {
            oc__string_append(out, i ? "," : "");
            print_desc(&p->in[i], out);
        }
        print_fields(p, out);
    }
    bool half = false;
    for (int i = 0; i < p->op_in; i++)
        half = half || p->in[i].dtype == OC_F16;
    if (compact && half)
        oc__string_append(out, p->in[0].dtype == OC_F16 ? ";dt=f16" : ";wt=f16");
    print_posts(";pre=", &p->pre, out);
    print_posts(";post=", &p->post, out);
    print_layouts(p, out);
}

typedef struct reader {
    oc__arena *arena;
    const char *at;
    oc__problem *p;
    char why[OC_WHY];
    bool short_of_memory;
} reader;

static bool fail(reader *r, const char *what) {
    if (!r->why[0])
        snprintf(r->why, OC_WHY, "%s at \"%.40s\"", what, r->at);
    return false;
}

static bool fail_memory(reader *r) {
    r->short_of_memory = true;
    return false;
}

static bool read_desc(reader *r, oc__desc *desc) {
    size_t dot = strcspn(r->at, ".,:;");
    desc->dtype = OC_F32;
    if (!strncmp(r->at, "none", 4)) {
        r->at += 4;
        return *desc = (oc__desc){0}, true;
    }
    if (r->at[dot] == '.') {
        char name[8] = "";
        memcpy(name, r->at, OC_MIN(dot, sizeof(name) - 1));
        desc->dtype = oc_dtype_from_name(name);
        if (!desc->dtype)
            return fail(r, "no element type");
        r->at += dot + 1;
    }
    desc->shape = OC_SCALAR;
    if (!strncmp(r->at, "scalar", 6)) {
        r->at += 6;
    } else {
        do {
            int64_t size;
            r->at += desc->shape.rank > 0;
            if (desc->shape.rank == OC_MAX_RANK || !oc__parse_int64(r->at, &r->at, &size) || size < 0)
                return fail(r, "no size");
            desc->shape.dims[desc->shape.rank++] = size;
        } while (*r->at == 'x');
    }
    desc->layout = oc__layout_plain(desc->shape.rank);
    return true;
}

static bool read_fields(reader *r) {
    while (*r->at && *r->at != ';') {
        size_t length = strcspn(r->at, "=,;");
        const oc__field *field = r->p->op->fields;
        while (field && field->name && (strlen(field->name) != length || strncmp(field->name, r->at, length)))
            field++;
        if (!field || !field->name || r->at[length] != '=')
            return fail(r, "no parameter of this op");
        r->at += length + 1;
        for (int i = 0; i < field->count; i++) {
            double value;
            if (!oc__parse_double(r->at, &r->at, &value))
                return fail(r, "no number");
            if (!field_set(field, (void *)r->p->params, i, value))
                return fail(r, "no whole number of that size");
            if (*r->at != '/')
                break;
            r->at++;
        }
        if (*r->at && *r->at != ',' && *r->at != ';')
            return fail(r, "something else than a comma");
        r->at += *r->at == ',';
    }
    return true;
}

static bool read_generic(reader *r) {
    oc__problem *p = r->p;
    p->in = oc__arena_alloc(r->arena, 64 * sizeof(*p->in));
    if (!p->in)
        return fail_memory(r);
    do {
        r->at += *r->at == ',';
        if (p->in_count == 48 || !read_desc(r, &p->in[p->in_count++]))
            return fail(r, "too many operands");
    } while (*r->at == ',');
    if (*r->at == ':') {
        r->at++;
        return read_fields(r);
    }
    return *r->at == 0 || *r->at == ';' ? true : fail(r, "something else than ':' or ';'");
}

static bool read_body(reader *r) {
    const oc__op *op = r->p->op;
    void *params = oc__arena_alloc(r->arena, OC_MAX(op->params_size, (size_t)1));
    if (!params)
        return fail_memory(r);
    r->p->params = params;
    size_t length = strcspn(r->at, ";"), plain = strcspn(r->at, ".,x;");
    if (!op->parse || plain != length)
        return read_generic(r);
    char *body = oc__arena_printf(r->arena, "%.*s", (int)length, r->at);
    if (!body)
        return fail_memory(r);
    if (!op->parse(r->arena, body, r->p, r->why))
        return fail(r, "malformed sizes");
    r->at += length;
    return true;
}

static bool add_post(reader *r, const char *name, size_t length, float alpha, float beta) {
    oc__problem *p = r->p;
    if (p->post.count == OC_MAX_POSTS)
        return fail(r, "too many epilogue items");
    oc__post *post = &p->post.items[p->post.count++];
    *post = (oc__post){.alpha = alpha, .beta = beta, .operand = p->in_count};
    char *copy = oc__arena_printf(r->arena, "%.*s", (int)length, name);
    if (!copy)
        return fail_memory(r);
    if (!strcmp(copy, "bias"))
        post->kind = OC_POST_BIAS;
    else if (!strcmp(copy, "residual"))
        post->kind = OC_POST_RESIDUAL;
    else if ((post->fn = oc__op_find(copy)) && post->fn->expression)
        post->kind = OC_POST_ELTWISE;
    else
        return fail(r, "no epilogue item");
    if (post->kind != OC_POST_ELTWISE)
        p->in[p->in_count++] = (oc__desc){.dtype = OC_F32};
    return true;
}

static bool read_posts(reader *r) {
    do {
        r->at += *r->at == ',';
        const char *name = r->at;
        size_t length = strcspn(name, "(,;");
        double values[2] = {0, 0};
        r->at += length;
        if (*r->at == '(') {
            r->at++;
            if (!oc__parse_double(r->at, &r->at, &values[0]) || (*r->at == '/' && !oc__parse_double(r->at + 1, &r->at, &values[1])) ||
                *r->at != ')')
                return fail(r, "no parameters");
            r->at++;
        }
        if (!add_post(r, name, length, (float)values[0], (float)values[1]))
            return false;
    } while (*r->at == ',');
    return true;
}

static bool read_suffixes(reader *r) {
    while (*r->at == ';') {
        r->at++;
        if (!strncmp(r->at, "dt=f16", 6)) {
            for (int i = 0; i < r->p->in_count; i++)
                if (r->p->in[i].dtype == OC_F32)
                    r->p->in[i].dtype = OC_F16;
            r->at += 6;
        } else if (!strncmp(r->at, "wt=f16", 6) && r->p->in_count > 1) {
            r->p->in[1].dtype = OC_F16;
            r->at += 6;
        } else if (!strncmp(r->at, "post=", 5)) {
            r->at += 5;
            if (!read_posts(r))
                return false;
        } else if (!strncmp(r->at, "lay=", 4)) {
            r->at += strcspn(r->at, ";"); /* layouts are the solver's choice */
        } else {
            return fail(r, "no suffix");
        }
    }
    return *r->at == 0 ? true : fail(r, "something behind the end");
}

/* So many elements that bytes and strides can be counted. */
static oc_status check_sizes(const reader *r, const oc__desc *descs, int count, oc_error *err) {
    for (int i = 0; i < count; i++) {
        int64_t elements = descs[i].dtype ? oc_shape_count(&descs[i].shape) : 0;
        if (elements < 0 || elements > INT64_MAX / 64)
            return oc__fail(r->arena->context, err, OC_ERROR_LIMIT, "%s: an operand has more elements than can be addressed",
                            r->p->op->name);
    }
    return OC_OK;
}

/* Types and shapes of the outputs, and from them those of the epilogue's operands. */
static oc_status finish(reader *r, oc_error *err) {
    oc__problem *p = r->p;
    int out_count = p->op->out_count == OC_VARIADIC ? 32 : p->op->out_count;
    p->out = oc__arena_alloc(r->arena, (size_t)out_count * sizeof(*p->out));
    if (!p->out)
        return oc__fail_memory(r->arena->context, err, (size_t)out_count * sizeof(*p->out));
    OC_TRY(check_sizes(r, p->in, p->op_in, err));
    oc__symbols none = {.context = r->arena->context};
    oc_status status = oc__infer(r->arena->context, p->op, (void *)p->params, p->in, p->op_in, p->out, &out_count, &none, err);
    oc__symbols_finish(&none);
    OC_TRY(status);
    p->out_count = out_count;
    OC_TRY(check_sizes(r, p->out, out_count, err));
    for (int i = 0; i < p->post.count; i++) {
        oc__post *post = &p->post.items[i];
        const oc_shape *shape = &p->out[0].shape;
        int axis = p->op->bias_last ? shape->rank - 1 : 1;
        if (post->kind == OC_POST_BIAS)
            p->in[post->operand] = oc__desc_plain(p->out[0].dtype, &OC_SHAPE(shape->dims[axis]));
        else if (post->kind == OC_POST_RESIDUAL)
            p->in[post->operand] = oc__desc_plain(p->out[0].dtype, shape);
    }
    return OC_OK;
}

oc_status oc__problem_parse(oc__arena *arena, const char *text, const char *direction, oc__problem *out, oc_error *err) {
    oc__problem p = {0};
    reader r = {.arena = arena, .p = &p};
    size_t length = strcspn(text, ":");
    char name[64] = "";
    memcpy(name, text, OC_MIN(length, sizeof(name) - 1));
    p.op = oc__op_named(arena->context, name);
    if (p.op && direction && (!p.op->custom || strcmp(direction, "fwd")))
        p.op = oc__op_find_direction(p.op->family ? p.op->family : p.op->name, direction);
    if (!p.op || text[length] != ':')
        return oc__fail(arena->context, err, OC_ERROR_FORMAT,
                        "problem \"%.80s\": it should be an op%s, a colon and its sizes; \"%.40s\" is none", text,
                        direction ? " that has this direction" : "", name);
    r.at = text + length + 1;
    bool ok = read_body(&r);
    p.op_in = p.in_count;
    ok = ok && read_suffixes(&r);
    if (r.short_of_memory)
        return oc__fail_memory(arena->context, err, length);
    if (!ok)
        return oc__fail(arena->context, err, OC_ERROR_FORMAT, "problem \"%.80s\": %s (see docs/problems.md)", text, r.why);
    OC_TRY(finish(&r, err));
    *out = p;
    return OC_OK;
}
