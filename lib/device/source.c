/* SPDX-License-Identifier: Apache-2.0 */
/* Program texts: a `.cl` file with its `#include "x.clh"` lines replaced, since programs have no include path. */
#include "device/cl.h"

#include <string.h>

#include "device/sources.h"

typedef struct assembly {
    oc_context *context;
    oc__string *out;
    oc__string seen; /* "\nname\n" of each file included so far */
    oc_error *err;
} assembly;

static oc_status append_file(assembly *as, const char *name, const char *from);

static bool is_plain_name(const char *name) {
    return name[0] != '\0' && name[0] != '.' && !strchr(name, '/') && !strchr(name, '\\');
}

/* The file's name if a line is `#include "name"`. */
static bool is_include(const char *line, size_t size, char *name, size_t capacity) {
    const char *at = line, *end = line + size;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (at == end || *at++ != '#')
        return false;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (end - at < 7 || memcmp(at, "include", 7) != 0)
        return false;
    const char *open = memchr(at, '"', (size_t)(end - at));
    const char *close = open ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
    if (!close || (size_t)(close - open) > capacity)
        return false;
    memcpy(name, open + 1, (size_t)(close - open) - 1);
    name[close - open - 1] = '\0';
    return true;
}

static oc_status append_text(assembly *as, const char *text, size_t size, const char *from) {
    char name[128];
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) - at + 1 : size - at;
        if (is_include(text + at, length, name, sizeof name))
            OC_TRY(append_file(as, name, from));
        else
            oc__string_append_n(as->out, text + at, length);
        at += length;
    }
    if (size && text[size - 1] != '\n')
        oc__string_append(as->out, "\n");
    return OC_OK;
}

static oc_status append_from_folder(assembly *as, const char *name) {
    oc__mapping file;
    char *path = oc__alloc(as->context, strlen(as->context->kernels) + strlen(name) + 2);
    if (!path)
        return oc__fail_memory(as->context, as->err, 256);
    strcpy(path, as->context->kernels);
    strcat(path, "/");
    strcat(path, name);
    oc_status status = oc__file_map(as->context, path, &file, as->err);
    oc__free(as->context, path);
    if (status != OC_OK)
        return status;
    status = append_text(as, (const char *)file.data, (size_t)file.size, name);
    oc__file_unmap(as->context, &file);
    return status;
}

static oc_status append_file(assembly *as, const char *name, const char *from) {
    char mark[136];
    if (!is_plain_name(name) || strlen(name) > 127)
        return oc__fail(as->context, as->err, OC_ERROR_INVALID, "'%s' is no file name of an OpenCL source", name);
    oc__format(mark, sizeof mark, "\n%s\n", name);
    if (strstr(as->seen.text, mark))
        return OC_OK;
    oc__string_append(&as->seen, mark);
    if (as->context->kernels[0])
        return append_from_folder(as, name);
    for (const oc__source_text *source = oc__sources; source->name; source++)
        if (strcmp(source->name, name) == 0)
            return append_text(as, source->text, strlen(source->text), name);
    return oc__fail(as->context, as->err, OC_ERROR_NOT_FOUND, "there is no OpenCL source '%s'%s%s", name,
                    from ? ", included by " : "", from ? from : "");
}

oc_status oc__program_source(oc_context *context, const char *file, const char *defines, oc__string *out, oc_error *err) {
    return oc__program_source_text(context, file, defines, NULL, out, err);
}

oc_status oc__program_source_text(oc_context *context, const char *file, const char *defines, const char *source, oc__string *out,
                                  oc_error *err) {
    assembly as = {.context = context, .out = out, .err = err};
    oc__string_init(&as.seen, context);
    oc_status status = OC_OK;
    if (defines && *defines)
        status = append_text(&as, defines, strlen(defines), file);
    if (status == OC_OK)
        status = source ? append_text(&as, source, strlen(source), file) : append_file(&as, file, NULL);
    if (status == OC_OK && (out->failed || as.seen.failed))
        status = oc__fail_memory(context, err, out->size);
    oc__string_finish(&as.seen);
    return status;
}
