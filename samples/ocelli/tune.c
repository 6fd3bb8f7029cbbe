/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli tune */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "json.h"

typedef struct tune {
    app app;
    const char *batch_file, *direction;
    arg_list dims;
    bool full;
    double limit;
    int reported;
} tune;

static int tune_problem(tune *t, const char *problem) {
    oc_error err = {0};
    oc_bench_result r;
    if (oc_bench_tune(t->app.device, problem, t->direction, t->full, t->limit, &r, &err) != OC_OK)
        return app_fail(&err);
    if (t->app.json)
        printf("%s{\"problem\":\"%s\",\"direction\":\"%s\",\"solver\":\"%s\",\"min_ms\":%.6g}", t->reported++ ? ",\n " : "", r.problem,
               r.direction, r.solver, r.min_seconds * 1e3);
    else
        printf("%-60s %-11s %-28s %10.4f ms\n", r.problem, r.direction, r.solver, r.min_seconds * 1e3);
    fflush(stdout);
    return EXIT_DONE;
}

static int tune_file(tune *t) {
    char line[1024];
    int code = EXIT_DONE;
    FILE *file = fopen(t->batch_file, "r");
    if (file == NULL)
        return app_say("%s cannot be opened", t->batch_file);
    while (code == EXIT_DONE && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "#\r\n")] = 0;
        size_t end = strlen(line);
        while (end > 0 && line[end - 1] == ' ')
            line[--end] = 0;
        if (line[0])
            code = tune_problem(t, line);
    }
    fclose(file);
    return code;
}

/* A plan of the model measures what it needs. */
static int tune_model(tune *t, const char *path, const oc_dim_binding *dims) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_plan *plan = NULL;
    oc_plan_params params = {.dims = dims, .dim_count = t->dims.count, .default_dim = 1, .tune = t->full ? "full" : "fast",
                             .tune_limit = t->limit};
    double start = seconds_now();
    oc_status status = oc_onnx_read(&graph, t->app.context, path, &err);
    if (status == OC_OK)
        status = oc_plan_create(&plan, graph, &t->app.device, 1, &params, &err);
    int code = status == OC_OK ? EXIT_DONE : app_fail(&err);
    if (code == EXIT_DONE && t->app.json)
        printf("%s{\"model\":\"%s\",\"seconds\":%.3f,\"expected_ms\":%.6g}", t->reported++ ? ",\n " : "", path, seconds_now() - start,
               oc_plan_get_info(plan).estimated_ms);
    else if (code == EXIT_DONE)
        printf("%s: tuned in %.1f s; a run is expected to take %.3f ms\n", path, seconds_now() - start,
               oc_plan_get_info(plan).estimated_ms);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    return code;
}

static int work(tune *t, const arg_list *arguments, const oc_dim_binding *dims) {
    int code = t->batch_file ? tune_file(t) : EXIT_DONE;
    for (size_t i = 0; code == EXIT_DONE && i < arguments->count; i++)
        code = ends_with(arguments->items[i], ".onnx") ? tune_model(t, arguments->items[i], dims)
                                                       : tune_problem(t, arguments->items[i]);
    return code;
}

static int run(const command *command, int argc, char **argv) {
    tune t = {.full = false};
    arg_list arguments = {NULL, 0};
    oc_dim_binding *dims = NULL;
    const option options[] = {
        {0, "batch-file", "FILE", ARG_TEXT, &t.batch_file, "problems from a file, a line each; # begins a comment"},
        {0, "dir", "DIRECTION", ARG_TEXT, &t.direction, "fwd, bwd_data or bwd_weights (default: as the problem says, else fwd)"},
        {0, "dim", "NAME=SIZE", ARG_LIST, &t.dims, "the size that a symbol of a MODEL stands for (default 1)"},
        {0, "limit", "SECONDS", ARG_NUMBER, &t.limit, "for one setting of one solver (default $OCELLI_TUNE_LIMIT, else 10)"},
        {0, "full", NULL, ARG_FLAG, &t.full, "every setting of every solver, not only the usual one"},
        DISABLE_OPTION(t.app), DEVICE_OPTION(t.app), JSON_OPTION(t.app), APP_OPTIONS(t.app), {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON && !t.batch_file && arguments.count == 0)
        code = args_wrong(command, "a problem, a model or --batch-file is needed");
    if (code == ARGS_GO_ON && !parse_dims(command, &t.dims, &dims))
        code = EXIT_USAGE;
    if (code == ARGS_GO_ON) {
        code = app_open(&t.app) ? EXIT_DONE : EXIT_FAILED;
        if (code == EXIT_DONE) {
            printf("%s", t.app.json ? "[" : "");
            code = work(&t, &arguments, dims);
            printf("%s", t.app.json ? "]\n" : "");
        }
        app_close(&t.app);
    }
    free_dims(dims, t.dims.count);
    args_free(&t.dims);
    args_free(&arguments);
    return code;
}

const command tune_command = {
    .name = "tune", .usage = "PROBLEM... | MODEL.onnx...", .summary = "measure which solver is fastest, and keep it", .run = run,
    .details = "Measures every solver that is right on the device, and keeps the times in the cache folder (file find.db), where plans\n"
               "look before they estimate. What was measured before is not measured again; 'ocelli cache clear' forgets it.\n"
               "JSON: an array of {\"problem\",\"direction\",\"solver\",\"min_ms\"}; of models {\"model\",\"seconds\",\"expected_ms\"}.\n",
    .least = 0, .most = -1};
