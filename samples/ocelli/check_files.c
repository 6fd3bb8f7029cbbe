/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli check: the tensors of a test's files. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

verdict check_fail(checker *c, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(c->reason, sizeof(c->reason), format, args);
    va_end(args);
    return FAILED;
}

/* What is valid but unsupported is skipped. */
verdict check_by_error(checker *c, const oc_error *err) {
    check_fail(c, "%s", err->text);
    return err->status == OC_ERROR_UNSUPPORTED ? SKIPPED : FAILED;
}

void tensors_free(tensors *list) {
    for (size_t i = 0; i < list->count; i++)
        oc_tensor_destroy(&list->items[i]);
    list->count = 0;
}

verdict tensors_load(checker *c, const char *folder, const char *kind, tensors *out) {
    char path[4096];
    oc_error err = {0};
    for (out->count = 0; out->count < MAX_FILES; out->count++) {
        size_t i = out->count;
        snprintf(path, sizeof(path), "%s/%s_%zu.pb", folder, kind, i);
        if (access(path, F_OK) != 0)
            break;
        if (oc_onnx_read_tensor(&out->items[i], c->app.context, path, out->names[i], sizeof(out->names[i]), &err) != OC_OK)
            return check_by_error(c, &err);
    }
    return PASSED;
}

static bool is_input(const checker *c, const char *name) {
    for (size_t i = 0; i < oc_graph_input_count(c->graph); i++)
        if (strcmp(oc_graph_get_input(c->graph, i).name, name) == 0)
            return true;
    return false;
}

/* Files are named as the model's inputs are, or stand in their order. */
void tensors_name(checker *c, tensors *inputs) {
    for (size_t i = 0; i < inputs->count; i++) {
        const char *by_order = oc_graph_get_input(c->graph, i).name;
        if (!is_input(c, inputs->names[i]) && by_order != NULL)
            snprintf(inputs->names[i], sizeof(inputs->names[i]), "%s", by_order);
    }
}

const tensors *tensors_find(const tensors *list, const char *name, size_t *at) {
    for (*at = 0; *at < list->count; ++*at)
        if (strcmp(list->names[*at], name) == 0)
            return list;
    return NULL;
}

/* The files of ONNX's tests hold bf16 as u16. */
verdict tensor_as_type(checker *c, oc_tensor **tensor, oc_dtype dtype) {
    oc_tensor *copy;
    oc_error err = {0};
    if (dtype != OC_BF16 || oc_tensor_get_dtype(*tensor) != OC_U16)
        return PASSED;
    if (oc_tensor_create(&copy, c->app.context, NULL, OC_BF16, oc_tensor_get_shape(*tensor), &err) != OC_OK)
        return check_by_error(c, &err);
    memcpy(oc_tensor_get_data(copy), oc_tensor_get_data(*tensor), (size_t)oc_tensor_get_bytes(copy));
    oc_tensor_destroy(tensor);
    *tensor = copy;
    return PASSED;
}

/* Whether the files have the shapes that the model declares; brings them to its types. */
bool tensors_as_declared(checker *c, tensors *inputs) {
    bool fit = true;
    for (size_t i = 0; i < oc_graph_input_count(c->graph); i++) {
        oc_value_info info = oc_graph_get_input(c->graph, i);
        size_t at;
        if (tensors_find(inputs, info.name, &at) == NULL || tensor_as_type(c, &inputs->items[at], info.dtype) != PASSED)
            continue;
        const oc_shape *shape = oc_tensor_get_shape(inputs->items[at]);
        fit &= shape->rank == info.shape.rank;
        for (int k = 0; k < shape->rank && fit; k++)
            fit = info.shape.dims[k] < 0 || info.shape.dims[k] == shape->dims[k];
    }
    return fit;
}
