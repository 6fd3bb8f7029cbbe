/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli gradcheck */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "json.h"

typedef struct settings {
    app app;
    arg_list dims, freeze;
    const char *on;
    int64_t seed;
    double tolerance;
} settings;

static void report_json(void *user, const oc_gradcheck_row *row) {
    (void)user;
    json_open('{');
    json_key("name");
    json_text(row->name);
    json_key("elements");
    json_integer(row->count);
    json_key("norm");
    json_number(row->norm);
    json_key("derivative");
    json_number(row->derivative);
    json_key("quotient");
    json_number(row->quotient);
    json_key("error");
    json_number(row->error);
    json_key("device_error");
    json_number(row->device_error);
    json_key("right");
    json_bool(row->right);
    json_close();
}

static void report_text(void *user, const oc_gradcheck_row *row) {
    (void)user;
    char device[16] = "-";
    if (!isnan(row->device_error))
        snprintf(device, sizeof(device), "%.1e", row->device_error);
    printf("%-32s %9lld %11.4e %12.5e %12.5e %8.1e %8s  %s\n", row->name, (long long)row->count, row->norm, row->derivative, row->quotient,
           row->error, device, row->right ? "ok" : "WRONG");
    fflush(stdout);
}

static int check(settings *s, const char *path, const oc_dim_binding *dims) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    size_t wrong = 0;
    if (!app_open(&s->app))
        return EXIT_FAILED;
    if (oc_onnx_read(&graph, s->app.context, path, &err) != OC_OK)
        return app_fail(&err);
    for (size_t i = 0; i < s->freeze.count; i++)
        (void)oc_graph_freeze(graph, s->freeze.items[i]);
    const oc_gradcheck_params params = {.dims = dims, .dim_count = s->dims.count, .seed = (uint64_t)s->seed, .tolerance = s->tolerance,
                                        .method = s->on == NULL                ? OC_GRADCHECK_AUTO
                                                  : strcmp(s->on, "host") == 0 ? OC_GRADCHECK_HOST
                                                                               : OC_GRADCHECK_DEVICE};
    if (s->app.json)
        json_open('[');
    else
        printf("%-32s %9s %11s %12s %12s %8s %8s\n", "parameter", "elements", "norm", "derivative", "quotient", "error", "device");
    oc_status status = oc_gradcheck(s->app.device, graph, &params, s->app.json ? report_json : report_text, NULL, &wrong, &err);
    if (s->app.json)
        json_close();
    oc_graph_destroy(&graph);
    if (status != OC_OK)
        return app_fail(&err);
    return wrong > 0 ? app_say("%zu gradients are wrong", wrong) : EXIT_DONE;
}

static int run(const command *command, int argc, char **argv) {
    settings s = {0};
    arg_list arguments = {0};
    oc_dim_binding *dims = NULL;
    const option options[] = {
        {0, "dim", "NAME=SIZE", ARG_LIST, &s.dims, "the size that a symbol of the model stands for (default 2)"},
        {0, "on", "PLACE", ARG_TEXT, &s.on, "host (double precision) or device (default: host unless it takes minutes)"},
        {0, "tolerance", "X", ARG_NUMBER, &s.tolerance, "largest error (default: host 1e-5, device 0.05)"},
        {0, "freeze", "PATTERN", ARG_LIST, &s.freeze, "leave out parameters of such names; * is any text, ? one letter"},
        {0, "seed", "N", ARG_INTEGER, &s.seed, "of inputs and directions (default 0)"},
        DISABLE_OPTION(s.app),
        DEVICE_OPTION(s.app),
        JSON_OPTION(s.app),
        APP_OPTIONS(s.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON && s.on != NULL && strcmp(s.on, "host") != 0 && strcmp(s.on, "device") != 0)
        code = args_wrong(command, "--on is host or device");
    if (code == ARGS_GO_ON && !parse_dims(command, &s.dims, &dims))
        code = EXIT_USAGE;
    if (code == ARGS_GO_ON)
        code = check(&s, arguments.items[0], dims);
    app_close(&s.app);
    free_dims(dims, s.dims.count);
    args_free(&s.dims);
    args_free(&s.freeze);
    args_free(&arguments);
    return code;
}

const command gradcheck_command = {
    "gradcheck", "MODEL", "check a model's gradients against difference quotients",
    "A line a parameter: its gradient's norm; along the worse of two directions the derivative by the gradient and by\n"
    "differences of the loss, their relative error, and on the host how far the device's gradient is from the host's.\n"
    "The loss is the sum of all outputs with random weights, for random inputs. Exit code 1 if one is wrong.\n"
    "JSON: an array of {\"name\",\"elements\",\"norm\",\"derivative\",\"quotient\",\"error\",\"device_error\",\"right\"}.\n",
    run, 1, 1};
