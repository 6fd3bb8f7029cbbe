/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels whose body is compiled once.
 *
 * PoCL compiles what is in a kernel three times: as a function, and again in each of its two launchers of work-groups, into which it
 * is inlined. A function that must not be inlined is compiled once, but cannot ask for the ids of its work-item. So a kernel of one
 * work-item a group is made to call a function that has its body, with the ids as further arguments, which takes compilers a third
 * to half of the time and computers a call for a group. Kernels hand their parameters on by name: each macro that holds some and
 * ends with PARAM or PARAMS has a twin that ends with ARGS and holds their names. What is not understood stays as it is. */
#include "device/cl.h"

#include <ctype.h>
#include <string.h>

static const char LONE[] = "__attribute__((reqd_work_group_size(1, 1, 1)))", KERNEL[] = "__kernel void ";
static const char ITEM_PARAMS[] = ", const size_t oc_id_0, const size_t oc_id_1, const size_t oc_id_2, const size_t oc_size_0, "
                                  "const size_t oc_size_1, const size_t oc_size_2";
static const char ITEM_ARGS[] = ", get_global_id(0), get_global_id(1), get_global_id(2), get_global_size(0), get_global_size(1), "
                                "get_global_size(2)";

typedef struct span {
    const char *text;
    size_t size;
} span;

typedef struct parts {
    span name, params, body; /* without parentheses and braces */
} parts;

static bool in_name(char c) {
    return c == '_' || isalnum((unsigned char)c);
}

static span name_at(const char *at) {
    span name = {at, 0};
    while (in_name(at[name.size]))
        name.size++;
    return name;
}

/* What lies between `open`, which `at` points to, and the `close` that belongs to it; text NULL if there is none. */
static span between(const char *at, char open, char close) {
    size_t depth = 1;
    const char *end = at + 1;
    for (; *at == open && *end; end++) {
        depth += *end == open;
        depth -= *end == close;
        if (!depth)
            return (span){at + 1, (size_t)(end - at - 1)};
    }
    return (span){NULL, 0};
}

static const char *skip_space(const char *at) {
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* `at` points to LONE. */
static bool find_parts(const char *at, parts *out) {
    at = skip_space(at + sizeof LONE - 1);
    if (strncmp(at, KERNEL, sizeof KERNEL - 1))
        return false;
    out->name = name_at(at + sizeof KERNEL - 1);
    out->params = between(out->name.text + out->name.size, '(', ')');
    if (!out->name.size || !out->params.text)
        return false;
    out->body = between(skip_space(out->params.text + out->params.size + 1), '{', '}');
    return out->body.text != NULL;
}

/* Whether a name ends with PARAM or PARAMS; then what is before that. */
static bool is_params(span name, span *stem) {
    static const char suffix[] = "PARAM";
    size_t size = name.size - (name.size && name.text[name.size - 1] == 'S'), length = sizeof suffix - 1;
    if (size < length || memcmp(name.text + size - length, suffix, length))
        return false;
    *stem = (span){name.text, size - length};
    return true;
}

/* Of "long src_off BIAS_PARAM": "src_off BIAS_ARGS". */
static bool put_arg(oc__string *out, span param) {
    span last = {"", 0}, stem;
    oc__string macros;
    oc__string_init(&macros, out->context);
    for (size_t i = 0; i < param.size;) {
        span name = name_at(param.text + i), inner = between(param.text + i, '(', ')');
        if (is_params(name, &stem))
            oc__string_printf(&macros, "%s%.*sARGS", last.size || macros.size ? " " : "", (int)stem.size, stem.text);
        else if (name.size)
            last = name;
        i += name.size ? name.size : inner.text ? inner.size + 2 : 1;
    }
    bool found = last.size || macros.size;
    oc__string_append_n(out, last.text, last.size);
    oc__string_append(out, macros.text);
    out->failed = out->failed || macros.failed;
    oc__string_finish(&macros);
    return found;
}

static bool put_args(oc__string *out, span params) {
    size_t from = 0, depth = 0;
    bool found = !memchr(params.text, '#', params.size);
    for (size_t i = 0; found && i <= params.size; i++) {
        char c = i < params.size ? params.text[i] : ',';
        depth += c == '(';
        depth -= c == ')';
        if (c != ',' || depth)
            continue;
        oc__string_append(out, from ? ", " : "");
        found = put_arg(out, (span){params.text + from, i - from});
        from = i + 1;
    }
    return found;
}

static void put_kernel(oc__string *out, const parts *p, const char *args) {
    int name = (int)p->name.size, params = (int)p->params.size;
    oc__string_printf(out, "static __attribute__((noinline)) void %.*s_once(%.*s%s);\n%s\n%s%.*s(%.*s) {\n    %.*s_once(%s%s);\n}\n", name,
                      p->name.text, params, p->params.text, ITEM_PARAMS, LONE, KERNEL, name, p->name.text, params, p->params.text, name,
                      p->name.text, args, ITEM_ARGS);
    oc__string_printf(out, "#define get_global_id(i) oc_id_##i\n#define get_global_size(i) oc_size_##i\nstatic void %.*s_once(%.*s%s) {%.*s}\n"
                      "#undef get_global_id\n#undef get_global_size\n", name, p->name.text, params, p->params.text, ITEM_PARAMS,
                      (int)p->body.size, p->body.text);
}

void oc__source_once(const char *text, oc__string *out) {
    for (const char *at = text; at;) {
        const char *lone = strstr(at, LONE);
        parts p;
        oc__string args;
        oc__string_init(&args, out->context);
        oc__string_append_n(out, at, lone ? (size_t)(lone - at) : strlen(at));
        at = lone;
        if (lone && find_parts(lone, &p) && put_args(&args, p.params) && !args.failed) {
            put_kernel(out, &p, args.text);
            at = p.body.text + p.body.size + 1;
        } else if (lone) {
            oc__string_append(out, LONE);
            at += sizeof LONE - 1;
        }
        out->failed = out->failed || args.failed;
        oc__string_finish(&args);
    }
}
