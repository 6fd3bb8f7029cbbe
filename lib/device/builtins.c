/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of the OpenCL C built-in functions that a program names.
 *
 * PoCL's compiler reads Clang's header of 18000 lines for each program, which takes longer than most programs themselves. Where
 * that header is kept out (-D_OPENCL_H_), the few functions that are used are declared here, each with all its overloads, so that
 * no argument is converted silently. What is missing here is an undeclared function, which is an error in OpenCL C: then the
 * program is built again with the header. Signatures: OpenCL C 1.2 specification, section 6.12. */
#include "device/cl.h"

#include <ctype.h>
#include <string.h>

#define OVERLOADED "__attribute__((overloadable)) "
#define CONST "__attribute__((overloadable, const)) "
#define PURE "__attribute__((overloadable, pure)) "
#define CONVERGENT "__attribute__((overloadable, convergent)) "

static const char *const types[] = {"float", "char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "double"};
static const char *const signed_of[] = {"int", "char", "char", "short", "short", "int", "int", "long", "long", "long"};
static const char *const unsigned_of[] = {"uint", "uchar", "uchar", "ushort", "ushort", "uint", "uint", "ulong", "ulong", "ulong"};
static const char *const widths[] = {"", "2", "3", "4", "8", "16"};
static const char *const spaces[] = {"__global", "__local", "__constant", "__private"};

/* A name and the signatures it has: T is any type of the list's kind, E its element, I and U the integers of its size, R what
 * relations give (int for scalars); a line each, cut at "|". */
typedef struct builtin {
    const char *name;
    char kind; /* f: floating-point, i: integer, a: all, w: no T */
    const char *signatures;
} builtin;

static const builtin builtins[] = {
    {"get_work_dim", 'w', CONST "uint N(void)"},
    {"get_global_size", 'w', CONST "size_t N(uint)"},
    {"get_global_id", 'w', CONST "size_t N(uint)"},
    {"get_local_size", 'w', CONST "size_t N(uint)"},
    {"get_local_id", 'w', CONST "size_t N(uint)"},
    {"get_num_groups", 'w', CONST "size_t N(uint)"},
    {"get_group_id", 'w', CONST "size_t N(uint)"},
    {"get_global_offset", 'w', CONST "size_t N(uint)"},
    {"barrier", 'w', CONVERGENT "void N(cl_mem_fence_flags)"},
    {"mem_fence", 'w', OVERLOADED "void N(cl_mem_fence_flags)"},
    {"fma", 'f', CONST "T N(T, T, T)"},
    {"mad", 'f', CONST "T N(T, T, T)"},
    {"sqrt", 'f', CONST "T N(T)"},
    {"rsqrt", 'f', CONST "T N(T)"},
    {"exp", 'f', CONST "T N(T)"},
    {"exp2", 'f', CONST "T N(T)"},
    {"expm1", 'f', CONST "T N(T)"},
    {"log", 'f', CONST "T N(T)"},
    {"log2", 'f', CONST "T N(T)"},
    {"log1p", 'f', CONST "T N(T)"},
    {"sin", 'f', CONST "T N(T)"},
    {"cos", 'f', CONST "T N(T)"},
    {"tan", 'f', CONST "T N(T)"},
    {"sinh", 'f', CONST "T N(T)"},
    {"cosh", 'f', CONST "T N(T)"},
    {"tanh", 'f', CONST "T N(T)"},
    {"asin", 'f', CONST "T N(T)"},
    {"acos", 'f', CONST "T N(T)"},
    {"atan", 'f', CONST "T N(T)"},
    {"asinh", 'f', CONST "T N(T)"},
    {"acosh", 'f', CONST "T N(T)"},
    {"atanh", 'f', CONST "T N(T)"},
    {"erf", 'f', CONST "T N(T)"},
    {"erfc", 'f', CONST "T N(T)"},
    {"fabs", 'f', CONST "T N(T)"},
    {"floor", 'f', CONST "T N(T)"},
    {"ceil", 'f', CONST "T N(T)"},
    {"rint", 'f', CONST "T N(T)"},
    {"round", 'f', CONST "T N(T)"},
    {"trunc", 'f', CONST "T N(T)"},
    {"sign", 'f', CONST "T N(T)"},
    {"pow", 'f', CONST "T N(T, T)"},
    {"fmod", 'f', CONST "T N(T, T)"},
    {"copysign", 'f', CONST "T N(T, T)"},
    {"atan2", 'f', CONST "T N(T, T)"},
    {"fmax", 'f', CONST "T N(T, T)|" CONST "T N(T, E)"},
    {"fmin", 'f', CONST "T N(T, T)|" CONST "T N(T, E)"},
    {"mix", 'f', CONST "T N(T, T, T)|" CONST "T N(T, T, E)"},
    {"isnan", 'f', CONST "R N(T)"},
    {"isinf", 'f', CONST "R N(T)"},
    {"isfinite", 'f', CONST "R N(T)"},
    {"signbit", 'f', CONST "R N(T)"},
    {"min", 'a', CONST "T N(T, T)|" CONST "T N(T, E)"},
    {"max", 'a', CONST "T N(T, T)|" CONST "T N(T, E)"},
    {"clamp", 'a', CONST "T N(T, T, T)|" CONST "T N(T, E, E)"},
    {"select", 'a', CONST "T N(T, T, I)|" CONST "T N(T, T, U)"},
    {"abs", 'i', CONST "U N(T)"},
    {"mul_hi", 'i', CONST "T N(T, T)"},
    {"rotate", 'i', CONST "T N(T, T)"},
    {"popcount", 'i', CONST "T N(T)"},
    {"clz", 'i', CONST "T N(T)"},
};

static void put_signature(oc__string *out, const char *signature, size_t size, const char *name, size_t type, const char *width) {
    for (size_t i = 0; i < size; i++) {
        bool alone = i > 0 && !isalpha((unsigned char)signature[i - 1]) && !isalpha((unsigned char)signature[i + 1]);
        char letter = alone || i == 0 ? signature[i] : '\0';
        if (letter == 'N')
            oc__string_append(out, name);
        else if (letter == 'T')
            oc__string_printf(out, "%s%s", types[type], width);
        else if (letter == 'E')
            oc__string_append(out, types[type]);
        else if (letter == 'I')
            oc__string_printf(out, "%s%s", signed_of[type], width);
        else if (letter == 'U')
            oc__string_printf(out, "%s%s", unsigned_of[type], width);
        else if (letter == 'R')
            oc__string_printf(out, "%s%s", *width ? signed_of[type] : "int", width);
        else
            oc__string_append_n(out, signature + i, 1);
    }
    oc__string_append(out, ";\n");
}

static bool is_of_kind(char kind, size_t type) {
    bool floating = type == 0 || type == OC_COUNT(types) - 1;
    return kind == 'a' || floating == (kind == 'f');
}

static void put_builtin(oc__string *out, const builtin *b, size_t type_count) {
    for (const char *at = b->signatures; *at;) {
        size_t size = strcspn(at, "|");
        /* With a scalar T the form with E is the form with T. */
        bool repeats = strstr(at, ", E") && strstr(at, ", E") < at + size;
        if (b->kind == 'w')
            put_signature(out, at, size, b->name, 0, "");
        for (size_t t = 0; b->kind != 'w' && t < type_count; t++)
            for (size_t w = repeats ? 1 : 0; is_of_kind(b->kind, t) && w < OC_COUNT(widths); w++)
                put_signature(out, at, size, b->name, t, widths[w]);
        at += size + (at[size] == '|');
    }
}

static bool starts(const char *name, size_t size, const char *with) {
    return size >= strlen(with) && memcmp(name, with, strlen(with)) == 0;
}

static void put_load(oc__string *out, const char *name, const char *n, const char *space, const char *type, const char *memory) {
    oc__string_printf(out, PURE "%s%s %s%s(size_t, const %s %s *);\n", type, n, name, n, space, memory);
}

static void put_store(oc__string *out, const char *name, const char *n, const char *space, const char *type, const char *memory) {
    if (strcmp(space, "__constant") != 0)
        oc__string_printf(out, OVERLOADED "void %s%s(%s%s, size_t, %s %s *);\n", name, n, type, n, space, memory);
}

/* Of all types, from and to all kinds of memory. Without a width they may begin names of all: CAT(vload_half, 16). */
static void put_access(oc__string *out, const char *name, size_t size, size_t type_count) {
    static const char *const stems[] = {"vload_half", "vstore_half", "vload", "vstore"};
    size_t stem = 0;
    while (!starts(name, size, stems[stem]))
        stem++;
    bool half = stem < 2, load = stem % 2 == 0;
    size_t digits = size - strlen(stems[stem]);
    for (size_t w = half ? 0 : 1; w < OC_COUNT(widths); w++) {
        if (digits > 0 && (strlen(widths[w]) != digits || memcmp(name + size - digits, widths[w], digits) != 0))
            continue;
        for (size_t s = 0; s < OC_COUNT(spaces); s++)
            for (size_t t = 0; t < type_count; t++)
                if (!half || (is_of_kind('f', t) && !(load && t)))
                    (load ? put_load : put_store)(out, stems[stem], widths[w], spaces[s], types[t], half ? "half" : types[t]);
    }
}

/* "convert_float", with or without a width, "_sat" and a rounding mode: from all types. */
static void put_convert(oc__string *out, const char *name, size_t size, size_t type_count) {
    size_t to = 0, length = 0;
    for (size_t t = 0; t < type_count; t++) {
        size_t n = strlen(types[t]);
        if (size >= 8 + n && n > length && memcmp(name + 8, types[t], n) == 0) {
            to = t;
            length = n;
        }
    }
    if (!length)
        return;
    const char *behind = name + 8 + length, *suffix = behind;
    while (suffix < name + size && isdigit((unsigned char)*suffix))
        suffix++;
    for (size_t w = 0; w < OC_COUNT(widths); w++) {
        if (suffix > behind && (strlen(widths[w]) != (size_t)(suffix - behind) || memcmp(widths[w], behind, strlen(widths[w])) != 0))
            continue;
        for (size_t t = 0; t < type_count; t++)
            oc__string_printf(out, CONST "%s%s convert_%s%s%.*s(%s%s);\n", types[to], widths[w], types[to], widths[w],
                              (int)(name + size - suffix), suffix, types[t], widths[w]);
    }
}

static void put_name(oc__string *out, const char *name, size_t size, size_t type_count) {
    if (starts(name, size, "vload") || starts(name, size, "vstore")) {
        put_access(out, name, size, type_count);
    } else if (starts(name, size, "convert_")) {
        put_convert(out, name, size, type_count);
    } else {
        for (size_t i = 0; i < OC_COUNT(builtins); i++)
            if (strlen(builtins[i].name) == size && memcmp(builtins[i].name, name, size) == 0)
                put_builtin(out, &builtins[i], type_count);
    }
}

static bool in_name(char c) {
    return c == '_' || isalnum((unsigned char)c);
}

/* Bytes until the next name may begin: of a comment, or of what is in no name. */
static size_t between(const char *at) {
    bool block = at[0] == '/' && at[1] == '*', line = at[0] == '/' && at[1] == '/';
    const char *end = block ? strstr(at + 2, "*/") : line ? strchr(at, '\n') : NULL;
    return end ? (size_t)(end - at) + (block ? 2 : 1) : !in_name(*at);
}

void oc__builtins_declare(const char *text, oc__string *out) {
    oc__string seen; /* " name name " */
    size_t type_count = OC_COUNT(types) - (strstr(text, "double") ? 0 : 1);
    oc__string_init(&seen, out->context);
    oc__string_append(&seen, " ");
    for (const char *at = text; *at;) {
        size_t size = 0, gap = between(at);
        char name[64];
        while (!gap && in_name(at[size]))
            size++;
        if (size > 0 && !isdigit((unsigned char)*at) && size < sizeof name - 2) {
            oc__format(name, sizeof name, " %.*s ", (int)size, at);
            if (seen.text && !strstr(seen.text, name)) {
                oc__string_append(&seen, name + 1);
                put_name(out, at, size, type_count);
            }
        }
        at += gap + size;
    }
    out->failed = out->failed || seen.failed;
    oc__string_finish(&seen);
}
