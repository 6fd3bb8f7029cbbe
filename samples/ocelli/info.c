/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli info */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "table.h"

typedef struct settings {
    app app;
    arg_list dims;
    bool rewrites, inference;
} settings;

typedef oc_value_info getter(const oc_summary *summary, size_t index);

static void json_values(const char *key, const oc_summary *summary, getter *get) {
    json_key(key);
    json_open('[');
    for (size_t i = 0; get(summary, i).name != NULL; i++) {
        oc_value_info info = get(summary, i);
        json_open('{');
        json_key("name");
        json_text(info.name);
        json_key("type");
        json_text(oc_dtype_name(info.dtype));
        json_key("shape");
        json_shape(&info.shape);
        json_close();
    }
    json_close();
}

static void print_json(const settings *s, const oc_summary *summary) {
    json_open('{');
    json_values("inputs", summary, oc_summary_get_input);
    json_values("outputs", summary, oc_summary_get_output);
    table_json(summary);
    if (s->rewrites) {
        json_key("rewrites");
        json_text(oc_summary_get_rewrites(summary));
    }
    json_close();
}

static void print_values(const char *what, const oc_summary *summary, getter *get) {
    char shape[200];
    for (size_t i = 0; get(summary, i).name != NULL; i++) {
        oc_value_info info = get(summary, i);
        printf("%-11s %s %s of %s\n", what, info.name, shape_text(&info.shape, shape), oc_dtype_name(info.dtype));
    }
}

typedef struct kind {
    const char *op;
    size_t count;
} kind;

static int by_count(const void *a, const void *b) {
    const kind *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : strcmp(x->op, y->op);
}

static void print_operators(const oc_summary *summary) {
    size_t nodes = oc_summary_get_info(summary).nodes, used = 0;
    kind *kinds = calloc(nodes + 1, sizeof(*kinds));
    for (size_t i = 0; kinds != NULL && i < nodes; i++) {
        const char *op = oc_summary_get_node(summary, i).op;
        size_t at = 0;
        while (at < used && strcmp(kinds[at].op, op) != 0)
            at++;
        used += at == used;
        kinds[at].op = op;
        kinds[at].count++;
    }
    if (kinds != NULL)
        qsort(kinds, used, sizeof(*kinds), by_count);
    printf("%-11s", "operators");
    for (size_t i = 0; i < used; i++)
        printf("%s %zu %s", i > 0 ? "," : "", kinds[i].count, kinds[i].op);
    printf("\n");
    free(kinds);
}

static void print_text(const settings *s, const oc_summary *summary) {
    char text[40];
    oc_summary_info info = oc_summary_get_info(summary);
    print_values("input", summary, oc_summary_get_input);
    print_values("output", summary, oc_summary_get_output);
    print_operators(summary);
    printf("%-11s %s\n", "parameters", count_text((double)info.parameters, text));
    printf("%-11s %s\n", "macs", count_text(info.macs, text));
    printf("%-11s %.1f MiB of parameters and other state, %.1f MiB of values\n\n", "memory", (double)info.state_bytes / 1048576,
           (double)info.value_bytes / 1048576);
    table_print(summary);
    if (s->rewrites)
        printf("\n%s", oc_summary_get_rewrites(summary));
}

static int tell(settings *s, const char *path, const oc_dim_binding *dims) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_summary *summary = NULL;
    if (!app_begin(&s->app))
        return EXIT_FAILED;
    const oc_plan_params params = {.dims = dims, .dim_count = s->dims.count, .default_dim = 1, .inference = s->inference};
    oc_status status = oc_onnx_read(&graph, s->app.context, path, &err);
    if (status == OC_OK)
        status = oc_summary_create(&summary, graph, &params, &err);
    if (status == OC_OK)
        (s->app.json ? print_json : print_text)(s, summary);
    oc_summary_destroy(&summary);
    oc_graph_destroy(&graph);
    return status == OC_OK ? EXIT_DONE : app_fail(&err);
}

static int run(const command *command, int argc, char **argv) {
    settings s = {0};
    arg_list arguments = {0};
    oc_dim_binding *dims = NULL;
    const option options[] = {
        {0, "dim", "NAME=SIZE", ARG_LIST, &s.dims, "the size that a symbol of the model stands for (default 1)"},
        {0, "rewrites", NULL, ARG_FLAG, &s.rewrites, "say what each pass over the graph does before it is run"},
        {0, "inference", NULL, ARG_FLAG, &s.inference, "rewrite training forms of dropout and normalization as for evaluation"},
        JSON_OPTION(s.app),
        APP_OPTIONS(s.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON && !parse_dims(command, &s.dims, &dims))
        code = EXIT_USAGE;
    if (code == ARGS_GO_ON)
        code = tell(&s, arguments.items[0], dims);
    app_close(&s.app);
    free_dims(dims, s.dims.count);
    args_free(&s.dims);
    args_free(&arguments);
    return code;
}

const command info_command = {
    "info", "MODEL", "tell what an ONNX model consists of",
    "Inputs, outputs, operators, parameters, multiply-adds (of convolutions and matrix products), and a row a layer: its\n"
    "output, the bytes of it, parameters, multiply-adds. Normalization, activations and dropout share the row of the layer\n"
    "they work on. No device is needed.\n"
    "JSON: {\"inputs\":[{\"name\",\"type\",\"shape\"}],\"outputs\":[...],\"nodes\":[{\"name\",\"op\",\"layer\",\"type\",\"shape\",\"bytes\",\n"
    "\"parameters\",\"macs\"}],\"parameters\",\"macs\"}, with --rewrites also \"rewrites\", a text.\n",
    run, 1, 1};
