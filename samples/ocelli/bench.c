/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli bench */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "json.h"
#include "session.h"

typedef struct bench {
    app app;
    const char *batch_file, *direction, *solver;
    int64_t repeat;
    arg_list dims;
    oc_bench_peaks peaks;
} bench;

/* Peaks are measured once, before the first result. */
static bool measure_peaks(bench *b)
{
    oc_error err = {0};
    if (b->peaks.flops > 0 || oc_bench_peak(b->app.device, &b->peaks, &err) == OC_OK)
        return true;
    app_fail(&err);
    return false;
}

/* The larger of the two shares: what the problem is bound by. */
static double peak_share(const bench *b, double flops, double bytes, double seconds)
{
    double compute = flops / seconds / b->peaks.flops, copy = bytes / seconds / b->peaks.bytes;
    return compute > copy ? compute : copy;
}

static void report(const bench *b, const oc_bench_result *r)
{
    double share = peak_share(b, r->flops, r->bytes, r->median_seconds), gflops = 1e-9 * r->flops / r->median_seconds;
    if (!b->app.json) {
        printf("%-56s %-11s %-18s %10.4f ms (min %.4f) %9.1f GFLOP/s %6.1f %%\n", r->problem, r->direction, r->solver,
               1e3 * r->median_seconds, 1e3 * r->min_seconds, gflops, 100 * share);
        return;
    }
    json_open('{');
    json_key("problem");
    json_text(r->problem);
    json_key("direction");
    json_text(r->direction);
    json_key("solver");
    json_text(r->solver);
    json_key("median_ms");
    json_number(1e3 * r->median_seconds);
    json_key("min_ms");
    json_number(1e3 * r->min_seconds);
    json_key("gflops");
    json_number(gflops);
    json_key("peak_share");
    json_number(share);
    json_close();
}

static int bench_problem(bench *b, const char *problem)
{
    oc_error err = {0};
    oc_bench_result result = {0};
    if (!measure_peaks(b))
        return EXIT_FAILED;
    if (oc_bench_problem(b->app.device, problem, b->direction, b->solver, &result, &err) != OC_OK)
        return app_fail(&err);
    report(b, &result);
    return EXIT_DONE;
}

static int report_peak(bench *b, const char *name, double value, const char *unit)
{
    if (b->app.json) {
        json_open('{');
        json_key("problem");
        json_text(name);
        json_key(unit);
        json_number(1e-9 * value);
        json_close();
    } else
        printf("%-10s %10.1f %s\n", name, 1e-9 * value, strcmp(unit, "gflops") == 0 ? "GFLOP/s" : "GB/s");
    return EXIT_DONE;
}

static int bench_peak(bench *b)
{
    if (!measure_peaks(b))
        return EXIT_FAILED;
    report_peak(b, "peak:fma", b->peaks.flops, "gflops");
    return report_peak(b, "peak:copy", b->peaks.bytes, "gbytes");
}

static int bench_file(bench *b)
{
    char line[1024];
    FILE *file = fopen(b->batch_file, "r");
    if (file == NULL)
        return app_say("%s cannot be opened", b->batch_file);
    int code = EXIT_DONE;
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\r\n#")] = 0;
        size_t size = strlen(line);
        while (size > 0 && line[size - 1] == ' ')
            line[--size] = 0;
        if (size > 0 && bench_problem(b, line) != EXIT_DONE)
            code = EXIT_FAILED;
    }
    fclose(file);
    return code;
}

/* Times of each step over the repeats: times[step * repeat + run]. */
static int time_steps(bench *b, session *session, double *times, size_t steps)
{
    oc_error err = {0};
    for (int64_t run = -1; run < b->repeat; run++) { /* one to warm up */
        if (session_run(session, &err) != OC_OK)
            return app_fail(&err);
        for (size_t i = 0; run >= 0 && i < steps; i++)
            times[i * (size_t)b->repeat + (size_t)run] = oc_exec_get_step_time(session->exec, i).seconds;
    }
    for (size_t i = 0; i < steps; i++) {
        oc_step_time step = oc_exec_get_step_time(session->exec, i);
        oc_bench_result result = {.flops = step.flops, .bytes = step.bytes};
        snprintf(result.problem, sizeof(result.problem), "%s", step.problem);
        snprintf(result.direction, sizeof(result.direction), "fwd");
        snprintf(result.solver, sizeof(result.solver), "%s", step.solver);
        result.median_seconds = median_of(times + i * (size_t)b->repeat, (size_t)b->repeat);
        result.min_seconds = times[i * (size_t)b->repeat];
        report(b, &result);
    }
    return EXIT_DONE;
}

static int bench_session(bench *b, session *session)
{
    oc_error err = {0};
    size_t steps = 0;
    if (oc_exec_set_profiling(session->exec, true, &err) != OC_OK)
        return app_fail(&err);
    for (size_t i = 0; i < session->input_count; i++)
        tensor_fill_random(session->inputs[i].tensor, i);
    if (session_run(session, &err) != OC_OK)
        return app_fail(&err);
    while (oc_exec_get_step_time(session->exec, steps).problem != NULL)
        steps++;
    double *times = calloc((size_t)b->repeat * steps + 1, sizeof(*times));
    if (times == NULL)
        return app_say("out of memory");
    int code = time_steps(b, session, times, steps);
    free(times);
    return code;
}

static int bench_model(bench *b, const char *path, const oc_dim_binding *dims)
{
    oc_error err = {0};
    oc_graph *graph;
    session session;
    if (!measure_peaks(b))
        return EXIT_FAILED;
    if (oc_onnx_read(&graph, b->app.context, path, &err) != OC_OK)
        return app_fail(&err);
    const oc_plan_params params = {.dims = dims, .dim_count = b->dims.count, .default_dim = 1};
    oc_status status = session_open(&session, &b->app, graph, NULL, &params, &err);
    oc_graph_destroy(&graph);
    if (status != OC_OK)
        return app_fail(&err);
    int code = bench_session(b, &session);
    session_close(&session);
    return code;
}

static int work(bench *b, const arg_list *arguments, const oc_dim_binding *dims)
{
    int code = EXIT_DONE;
    if (!app_open(&b->app))
        return EXIT_FAILED;
    if (b->app.json)
        json_open('[');
    for (size_t i = 0; i < arguments->count; i++) {
        const char *what = arguments->items[i];
        int one = strcmp(what, "peak") == 0       ? bench_peak(b)
                  : ends_with(what, ".onnx")      ? bench_model(b, what, dims)
                                                  : bench_problem(b, what);
        code = one != EXIT_DONE ? one : code;
    }
    if (b->batch_file != NULL && bench_file(b) != EXIT_DONE)
        code = EXIT_FAILED;
    if (b->app.json)
        json_close();
    return code;
}

static int run(const command *command, int argc, char **argv)
{
    bench b = {.repeat = 10};
    arg_list arguments = {0};
    oc_dim_binding *dims = NULL;
    const option options[] = {
        {0, "batch-file", "FILE", ARG_TEXT, &b.batch_file, "problems from a file, a line each; # begins a comment"},
        {0, "dir", "DIRECTION", ARG_TEXT, &b.direction, "fwd, bwd_data or bwd_weights (default: as the problem says, else fwd)"},
        {0, "solver", "NAME", ARG_TEXT, &b.solver, "with this solver (default: the one that would be chosen)"},
        {0, "repeat", "N", ARG_INTEGER, &b.repeat, "runs of a MODEL (default 10)"},
        {0, "dim", "NAME=SIZE", ARG_LIST, &b.dims, "the size that a symbol of a MODEL stands for (default 1)"},
        DEVICE_OPTION(b.app),
        JSON_OPTION(b.app),
        APP_OPTIONS(b.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON && arguments.count == 0 && b.batch_file == NULL)
        code = args_wrong(command, "a PROBLEM, a MODEL, 'peak' or --batch-file is missing");
    if (code == ARGS_GO_ON && b.repeat < 1)
        code = args_wrong(command, "--repeat wants at least 1");
    if (code == ARGS_GO_ON && !parse_dims(command, &b.dims, &dims))
        code = EXIT_USAGE;
    if (code == ARGS_GO_ON)
        code = work(&b, &arguments, dims);
    app_close(&b.app);
    free_dims(dims, b.dims.count);
    args_free(&b.dims);
    args_free(&arguments);
    return code;
}

const command bench_command = {
    "bench", "PROBLEM... | MODEL.onnx | peak", "time problems, or the steps of a model, against the device's peak",
    "A PROBLEM is a line such as conv2d:mb1ic64ih56oc64oh56kh3ph1; docs/problems.md has the grammar. 'peak' measures the\n"
    "device's multiply-add and copy rates; shares are always against those of the same run, of compute or of memory,\n"
    "whichever is larger.\n"
    "JSON: an array of {\"problem\",\"direction\",\"solver\",\"median_ms\",\"min_ms\",\"gflops\",\"peak_share\"}; of peaks\n"
    "{\"problem\",\"gflops\" or \"gbytes\"}.\n",
    run, 0, -1};
