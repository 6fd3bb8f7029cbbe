/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli bench */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark.h"
#include "json.h"

/* Peaks are measured once, before the first result. */
bool measure_peaks(bench *b) {
    oc_error err = {0};
    if (b->peaks.flops > 0)
        return true;
    if (oc_bench_peak(b->app.device, &b->peaks, &err) != OC_OK) {
        app_fail(&err);
        return false;
    }
    if (b->peak > 0)
        b->peaks.flops = 1e9 * b->peak;
    return true;
}

share share_of(const bench *b, const record *r) {
    share s = {.compute = r->flops / r->median / b->peaks.flops, .memory = r->bytes / r->median / b->peaks.bytes};
    s.largest = s.compute > s.memory ? s.compute : s.memory;
    s.bound = s.compute > s.memory ? "flops" : "bytes";
    return s;
}

bool saves_flops(const char *solver) {
    return strstr(solver, "winograd") != NULL || strstr(solver, "fft") != NULL;
}

int problem_size(const char *text) {
    const char *layouts = strstr(text, ";lay=");
    return layouts != NULL ? (int)(layouts - text) : (int)strlen(text);
}

/* Nothing computes faster than the peak. If something seems to, other work may have slowed the measuring of the peak: once more. */
static void check_share(bench *b, const record *r) {
    oc_bench_peaks again;
    if (saves_flops(r->solver) || share_of(b, r).compute <= TOO_LARGE)
        return;
    if (b->peak <= 0 && oc_bench_peak(b->app.device, &again, NULL) == OC_OK && again.flops > b->peaks.flops)
        b->peaks.flops = again.flops;
    if (share_of(b, r).compute <= TOO_LARGE)
        return;
    app_say("error: %s seems to compute %.*s at %.2f of the multiply-add peak (%.1f GFLOP/s), which cannot be: other work disturbed "
            "one of the measurements, or the cost of this op is wrong", r->solver, problem_size(r->problem), r->problem,
            share_of(b, r).compute, 1e-9 * b->peaks.flops);
    b->wrong = true;
}

static void report_text(const bench *b, const record *r) {
    printf("%-56s %-11s %-18s %10.4f ms (min %.4f) %9.1f GFLOP/s %6.1f %%\n", r->problem, r->direction, r->solver, 1e3 * r->median,
           1e3 * r->min, 1e-9 * r->flops / r->median, 100 * share_of(b, r).largest);
}

static void report_json(const bench *b, const record *r) {
    double before;
    share share = share_of(b, r);
    json_open('{');
    json_key("problem");
    json_text(r->problem);
    json_key("direction");
    json_text(r->direction);
    json_key("solver");
    json_text(r->solver);
    json_key("median_ms");
    json_number(1e3 * r->median);
    json_key("min_ms");
    json_number(1e3 * r->min);
    json_key("gflops");
    json_number(1e-9 * r->flops / r->median);
    json_key("peak_share");
    json_number(share.largest);
    json_key("bound");
    json_text(share.bound);
    json_key("flops");
    json_number(r->flops);
    json_key("bytes");
    json_number(r->bytes);
    if (r->node != NULL) {
        json_key("node");
        json_text(r->node);
    }
    if (b->compare != NULL) {
        json_key("old_median_ms");
        if (compare_find(b, r, &before) != NULL)
            json_number(1e3 * before);
        else
            json_null();
    }
    json_close();
}

static void free_record(record *r) {
    free(r->problem);
    free(r->solver);
    free(r->node);
}

int add_record(bench *b, record *r) {
    record *items = realloc(b->records, (b->record_count + 1) * sizeof(*items));
    b->records = items != NULL ? items : b->records;
    if (items == NULL || r->problem == NULL || r->solver == NULL) {
        free_record(r);
        return app_say("out of memory");
    }
    items[b->record_count++] = *r;
    check_share(b, r);
    if (b->app.json)
        report_json(b, r);
    else if (r->node == NULL || !b->layers)
        report_text(b, r);
    return EXIT_DONE;
}

static int bench_problem(bench *b, const char *problem, const char *direction) {
    oc_error err = {0};
    oc_bench_result result = {0};
    if (!measure_peaks(b))
        return EXIT_FAILED;
    if (oc_bench_problem(b->app.device, problem, direction, b->solver, &result, &err) != OC_OK)
        return app_fail(&err);
    record r = {.problem = strdup(result.problem), .solver = strdup(result.solver), .median = result.median_seconds,
                .min = result.min_seconds, .flops = result.flops, .bytes = result.bytes};
    snprintf(r.direction, sizeof(r.direction), "%s", result.direction);
    return add_record(b, &r);
}

static int report_peak(bench *b, const char *name, double value, const char *unit) {
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

static int bench_peak(bench *b) {
    if (!measure_peaks(b))
        return EXIT_FAILED;
    report_peak(b, "peak:fma", b->peaks.flops, "gflops");
    return report_peak(b, "peak:copy", b->peaks.bytes, "gbytes");
}

static int bench_file(bench *b) {
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
        if (size > 0 && bench_problem(b, line, b->direction) != EXIT_DONE)
            code = EXIT_FAILED;
    }
    fclose(file);
    return code;
}

/* With --compare alone: all that was timed then. */
static int bench_old(bench *b) {
    int code = EXIT_DONE;
    double before;
    for (size_t i = 0; i < b->old_count; i++) {
        const old_record *old = &b->old[i];
        record r = {.problem = old->problem};
        snprintf(r.direction, sizeof(r.direction), "%s", old->direction);
        if (compare_find(b, &r, &before) == old && bench_problem(b, old->problem, strcmp(old->direction, "fwd") == 0 ? NULL : old->direction) != EXIT_DONE)
            code = EXIT_FAILED;
    }
    return code;
}

static int bench_arguments(bench *b, const arg_list *arguments, const oc_dim_binding *dims) {
    int code = EXIT_DONE;
    for (size_t i = 0; i < arguments->count; i++) {
        const char *what = arguments->items[i];
        int one = strcmp(what, "peak") == 0  ? bench_peak(b)
                  : ends_with(what, ".onnx") ? bench_model(b, what, dims)
                                             : bench_problem(b, what, b->direction);
        code = one != EXIT_DONE ? one : code;
    }
    if (b->batch_file != NULL && bench_file(b) != EXIT_DONE)
        code = EXIT_FAILED;
    if (arguments->count == 0 && b->batch_file == NULL && bench_old(b) != EXIT_DONE)
        code = EXIT_FAILED;
    return code;
}

static int work(bench *b, const arg_list *arguments, const oc_dim_binding *dims) {
    if (b->compare != NULL && compare_read(b, b->compare) != EXIT_DONE)
        return EXIT_FAILED;
    if (!app_open(&b->app))
        return EXIT_FAILED;
    if (b->app.json)
        json_open('[');
    int code = bench_arguments(b, arguments, dims);
    if (b->app.json)
        json_close();
    else if (b->compare != NULL)
        compare_print(b);
    if (b->svg != NULL && (!measure_peaks(b) || roofline_write(b, b->svg) != EXIT_DONE))
        code = EXIT_FAILED;
    return b->wrong ? EXIT_FAILED : code;
}

static int run(const command *command, int argc, char **argv) {
    bench b = {.repeat = 10};
    arg_list arguments = {0};
    oc_dim_binding *dims = NULL;
    const option options[] = {
        {0, "batch-file", "FILE", ARG_TEXT, &b.batch_file, "problems from a file, a line each; # begins a comment"},
        {0, "dir", "DIRECTION", ARG_TEXT, &b.direction, "fwd, bwd_data or bwd_weights (default: as the problem says, else fwd)"},
        {0, "solver", "NAME", ARG_TEXT, &b.solver, "with this solver (default: the one that would be chosen)"},
        {0, "repeat", "N", ARG_INTEGER, &b.repeat, "runs of a MODEL (default 10)"},
        {0, "peak", "GFLOPS", ARG_NUMBER, &b.peak, "the multiply-add peak as it was measured elsewhere (default: measured)"},
        {0, "layers", NULL, ARG_FLAG, &b.layers, "a table of a MODEL's steps: what bounds each, and sums by solver"},
        {0, "svg", "FILE", ARG_TEXT, &b.svg, "draw the roofline: a point a problem or step"},
        {0, "compare", "OLD.json", ARG_TEXT, &b.compare, "tell what became slower or faster since; alone: time all of that again"},
        {0, "dim", "NAME=SIZE", ARG_LIST, &b.dims, "the size that a symbol of a MODEL stands for (default 1)"},
        DISABLE_OPTION(b.app),
        HALF_OPTION(b.app),
        PLACE_OPTIONS(b.app),
        JSON_OPTION(b.app),
        APP_OPTIONS(b.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON && arguments.count == 0 && b.batch_file == NULL && b.compare == NULL)
        code = args_wrong(command, "a PROBLEM, a MODEL, 'peak', --batch-file or --compare is missing");
    if (code == ARGS_GO_ON && b.repeat < 1)
        code = args_wrong(command, "--repeat wants at least 1");
    if (code == ARGS_GO_ON && !parse_dims(command, &b.dims, &dims))
        code = EXIT_USAGE;
    if (code == ARGS_GO_ON)
        code = work(&b, &arguments, dims);
    app_close(&b.app);
    for (size_t i = 0; i < b.record_count; i++)
        free_record(&b.records[i]);
    free(b.records);
    compare_free(&b);
    free_dims(dims, b.dims.count);
    args_free(&b.dims);
    args_free(&arguments);
    return code;
}

const command bench_command = {
    "bench", "PROBLEM... | MODEL.onnx | peak", "time problems, or the steps of a model, against the device's peak",
    "A PROBLEM is a line such as conv2d:mb1ic64ih56oc64oh56kh3ph1; docs/problems.md has the grammar. 'peak' measures the\n"
    "device's multiply-add and copy rates; shares are always against those of the same run, of compute or of memory,\n"
    "whichever is larger: that is the bound. A share may be above 1 where Winograd's solvers need fewer multiplications\n"
    "than the problem is counted with, or where data come from caches; any other solver above 1.02 of the multiply-add\n"
    "peak is an error, also after measuring the peak once more: it is said, and the exit code is 1.\n"
    "--layers also prints the time of a whole run, in which single steps are not timed. --compare takes equal problems\n"
    "together, whatever their layouts and solvers, and lists changes of more than 5 %.\n"
    "JSON: an array of {\"problem\",\"direction\",\"solver\",\"median_ms\",\"min_ms\",\"gflops\",\"peak_share\",\"bound\",\"flops\",\n"
    "\"bytes\"}, of steps also \"node\", with --compare also \"old_median_ms\"; of peaks {\"problem\",\"gflops\" or \"gbytes\"}.\n",
    run, 0, -1};
