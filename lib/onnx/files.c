/* SPDX-License-Identifier: Apache-2.0 */
/* External data: files beside a model, named by it, and therefore not to be trusted: only what lies under the model's folder and is
 * reached without links. */
#include <string.h>
#include <sys/stat.h>

#include "onnx/model.h"

static oc_status refuse(oc__onnx_files *files, const char *location, const char *why, oc_error *err) {
    return oc__fail(files->context, err, OC_ERROR_UNSUPPORTED, "external data '%s' is refused: %s", location, why);
}

/* Looks at each step of the way. `path` is cut and restored. */
static oc_status check_links(oc__onnx_files *files, char *path, size_t folder_size, const char *location, oc_error *err) {
    for (size_t i = folder_size + 1;; i++) {
        struct stat info;
        char at = path[i];
        if (at != '/' && at != 0)
            continue;
        path[i] = 0;
        int found = lstat(path, &info);
        path[i] = at;
        if (found != 0)
            return oc__fail(files->context, err, OC_ERROR_IO, "external data '%s' is not there", location);
        if (S_ISLNK(info.st_mode))
            return refuse(files, location, "there is a symbolic link on its way", err);
        if (at == 0)
            return S_ISREG(info.st_mode) ? OC_OK : refuse(files, location, "it is no regular file", err);
    }
}

static const char *bad_location(const char *location) {
    if (location == NULL || location[0] == 0)
        return "it has no location";
    if (location[0] == '/')
        return "its location is absolute";
    for (const char *part = location; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == 0))
            return "its location leaves the model's folder";
    }
    return NULL;
}

static oc_status open_file(oc__onnx_files *files, const char *location, oc__mapping *out, oc_error *err) {
    oc__string path;
    oc__string_init(&path, files->context);
    oc__string_printf(&path, "%s/%s", files->folder, location);
    oc_status status = path.failed ? oc__fail_memory(files->context, err, path.size) : OC_OK;
    if (status == OC_OK)
        status = check_links(files, path.text, strlen(files->folder), location, err);
    if (status == OC_OK)
        status = oc__file_map(files->context, path.text, out, err);
    oc__string_finish(&path);
    return status;
}

static oc_status add_file(oc__onnx_files *files, const char *location, oc_error *err) {
    struct oc__onnx_file file = {oc__strdup(files->context, location), {0}};
    if (file.location == NULL)
        return oc__fail_memory(files->context, err, strlen(location) + 1);
    oc_status status = open_file(files, location, &file.mapping, err);
    if (status == OC_OK && OC_ARRAY_PUSH(files->context, files->items, files->count, files->capacity, file))
        return OC_OK;
    if (status == OC_OK) {
        oc__file_unmap(files->context, &file.mapping);
        status = oc__fail_memory(files->context, err, sizeof(file));
    }
    oc__free(files->context, file.location);
    return status;
}

oc_status oc__onnx_files_get(oc__onnx_files *files, const oc__onnx_tensor *tensor, oc__span *out, oc_error *err) {
    const char *location = tensor->location, *why = bad_location(location);
    if (files->folder == NULL)
        why = "the model does not come from a folder";
    if (why != NULL)
        return refuse(files, location == NULL ? "" : location, why, err);
    size_t i = 0;
    while (i < files->count && strcmp(files->items[i].location, location) != 0)
        i++;
    if (i == files->count)
        OC_TRY(add_file(files, location, err));
    const oc__mapping *mapping = &files->items[i].mapping;
    if (tensor->external_offset > mapping->size ||
        (tensor->has_external_size && tensor->external_size > mapping->size - tensor->external_offset))
        return oc__fail(files->context, err, OC_ERROR_FORMAT, "tensor '%s' reaches past the end of '%s'", tensor->name, location);
    uint64_t rest = mapping->size - tensor->external_offset;
    *out = (oc__span){mapping->data + tensor->external_offset, tensor->has_external_size ? tensor->external_size : rest};
    return OC_OK;
}

void oc__onnx_files_finish(oc__onnx_files *files) {
    for (size_t i = 0; i < files->count; i++) {
        oc__file_unmap(files->context, &files->items[i].mapping);
        oc__free(files->context, files->items[i].location);
    }
    oc__free(files->context, files->items);
    files->items = NULL;
    files->count = files->capacity = 0;
}
