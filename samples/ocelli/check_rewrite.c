/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli check --rewrite: models as they are written. */
#include <stdio.h>
#include <string.h>

#include "check.h"

/* FOLDER/NAME.onnx of a test's model …/NAME/model.onnx */
static void path_of(const checker *c, char out[4096]) {
    const char *end = strrchr(c->path, '/'), *name = end;
    while (name > c->path && name[-1] != '/')
        name--;
    snprintf(out, 4096, "%s/%.*s.onnx", c->rewritten, (int)(end - name), name);
}

verdict check_rewrite(checker *c, const tensors *inputs) {
    oc_onnx_given given[MAX_FILES];
    oc_error err = {0};
    char path[4096];
    oc_graph *back = NULL;
    for (size_t i = 0; i < inputs->count; i++)
        given[i] = (oc_onnx_given){inputs->names[i], inputs->items[i]};
    path_of(c, path);
    oc_status status = oc_onnx_write(c->graph, NULL, path, &err);
    if (status == OC_OK)
        status = oc_onnx_read(&back, c->app.context, path, &err);
    else
        return check_by_error(c, &err);
    if (status == OC_ERROR_UNSUPPORTED && inputs->count > 0)
        status = oc_onnx_read_given(&back, c->app.context, path, given, inputs->count, &err);
    if (status != OC_OK)
        return check_by_error(c, &err);
    if (c->open)
        session_close(&c->session);
    c->open = false;
    oc_graph_destroy(&c->graph);
    c->graph = back;
    return PASSED;
}
