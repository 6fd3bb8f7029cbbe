/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ONNX model, up to a graph that is bound to sizes, rewritten, cut into groups and placed on devices that a file
 * describes: no crash, no leak, no lie. With libFuzzer (meson -Dfuzz=true, clang) a target; else a program that takes files and
 * folders. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ocelli/onnx.h>
#include <ocelli/plan.h>

#include "graph/graph.h"

static oc_context *context;

static void check(bool right, const char *what) {
    if (right)
        return;
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
}

/* Constants are folded by the host: models that take it long say nothing more. */
static bool is_small(const oc_graph *graph) {
    int64_t total = 0;
    for (size_t i = 0; i < graph->value_count; i++) {
        int64_t count = oc_shape_count(&graph->values[i]->shape);
        total = count < 0 || count > 1 << 20 ? INT64_MAX / 2 : total + count;
        if (total > 1 << 20)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    oc_error err = {0};
    oc_graph *graph = NULL, *bound = NULL;
    const oc_context_params params = {.cache_folder = "", .host_limit = (size_t)1 << 28};
    if (context == NULL)
        check(oc_context_create(&context, &params, &err) == OC_OK, "no context");
    oc_status status = oc_onnx_read_memory(&graph, context, data, size, NULL, &err);
    check((status == OC_OK) == (graph != NULL), "status and graph do not agree");
    check(status == OC_OK || err.text[0] != 0, "a failure without a sentence");
    if (status == OC_OK) {
        const oc__copy_params copy = {.bind = true, .default_dim = 2};
        status = oc__graph_copy(&bound, graph, &copy, &err);
        check(status == OC_OK || err.text[0] != 0, "a failure without a sentence");
    }
    if (bound != NULL && is_small(bound)) {
        const oc_plan_params params = {.default_dim = 2, .forecast = true, .machine = OCELLI_MACHINE};
        oc_plan *plan = NULL;
        status = oc_plan_create(&plan, graph, NULL, 0, &params, &err);
        check((status == OC_OK) == (plan != NULL), "status and plan do not agree");
        check(status == OC_OK || err.text[0] != 0, "a failure without a sentence");
        oc_plan_destroy(&plan);
    }
    oc_graph_destroy(&bound);
    oc_graph_destroy(&graph);
    check(context->host_used == 0 || context->host_used < 1 << 16, "memory was not given back");
    return 0;
}

#ifndef OC_LIBFUZZER
#include <dirent.h>

static int count;

static void run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        printf("skipped: %s cannot be read\n", path);
        return;
    }
    long size = ftell(file);
    uint8_t *data = malloc((size_t)(size > 0 ? size : 1));
    rewind(file);
    if (data == NULL || size < 0 || fread(data, 1, (size_t)size, file) != (size_t)size)
        exit(1);
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    count++;
}

/* All .onnx files of a folder, and files. */
static void run_path(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        run_file(path);
        return;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char inner[4096];
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] != '.' && (entry->d_type == DT_DIR || (dot != NULL && strcmp(dot, ".onnx") == 0)))
            run_path(inner);
    }
    closedir(folder);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    oc_context_destroy(&context);
    printf("%d files\n", count);
    return count > 0 ? 0 : 77; /* skipped */
}
#endif
