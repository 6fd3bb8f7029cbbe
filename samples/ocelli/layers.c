/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli bench MODEL: the steps of a plan, and their table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark.h"

/* Sums over steps; of a solver, or of all. */
typedef struct sum {
    const char *solver;
    size_t steps;
    double seconds, flops, bytes, bound; /* bound: seconds that peak and copy rate would allow */
} sum;

static double bound_seconds(const bench *b, const record *r) {
    double compute = r->flops / b->peaks.flops, copy = r->bytes / b->peaks.bytes;
    return compute > copy ? compute : copy;
}

static void add_to(const bench *b, sum *sum, const record *r) {
    sum->steps++;
    sum->seconds += r->median;
    sum->flops += r->flops;
    sum->bytes += r->bytes;
    sum->bound += bound_seconds(b, r);
}

static int by_time(const void *a, const void *b) {
    double x = ((const sum *)a)->seconds, y = ((const sum *)b)->seconds;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void print_sum(const sum *sum, double whole) {
    printf("%10.4f %6.1f %9.1f %7.1f %7.1f  %-26s %zu step%s\n", 1e3 * sum->seconds, 100 * sum->seconds / whole,
           1e-9 * sum->flops / sum->seconds, 1e-9 * sum->bytes / sum->seconds, 100 * sum->bound / sum->seconds, sum->solver,
           sum->steps, sum->steps == 1 ? "" : "s");
}

static bool print_sums(const bench *b, const record *steps, size_t count, double run) {
    sum *sums = calloc(count + 1, sizeof(*sums)), all = {.solver = "all steps"};
    size_t used = 0;
    if (sums == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < used && strcmp(sums[at].solver, steps[i].solver) != 0)
            at++;
        if (at == used)
            sums[used++].solver = steps[i].solver;
        add_to(b, &sums[at], &steps[i]);
        add_to(b, &all, &steps[i]);
    }
    qsort(sums, used, sizeof(*sums), by_time);
    printf("\n%10s %6s %9s %7s %7s  %s\n", "ms", "% time", "GFLOP/s", "GB/s", "% peak", "solver");
    for (size_t i = 0; i < used; i++)
        print_sum(&sums[i], all.seconds);
    print_sum(&all, all.seconds);
    printf("%10.4f ms a run without the timing of steps, host to host\n", 1e3 * run);
    free(sums);
    return true;
}

static void print_step(const bench *b, const record *r, size_t number, double whole) {
    share share = share_of(b, r);
    int size = problem_size(r->problem);
    printf("%4zu %10.4f %6.1f %9.1f %7.1f %7.1f%c %-6s %-26s %-*.*s%s %s\n", number, 1e3 * r->median, 100 * r->median / whole,
           1e-9 * r->flops / r->median, 1e-9 * r->bytes / r->median, 100 * share.largest, share.largest > TOO_LARGE ? '+' : ' ',
           share.bound, r->solver, size > 60 ? 57 : 60, size > 60 ? 57 : size, r->problem, size > 60 ? "..." : "", r->node);
}

static bool print_layers(const bench *b, const char *path, size_t first, double run) {
    const record *steps = b->records + first;
    size_t count = b->record_count - first;
    double whole = 0;
    bool above = false;
    for (size_t i = 0; i < count; i++) {
        whole += steps[i].median;
        above = above || share_of(b, &steps[i]).largest > TOO_LARGE;
    }
    printf("%s on %s\npeak %.1f GFLOP/s, copy %.1f GB/s; medians of %lld runs\n\n", path, oc_device_get_info(b->app.device)->name,
           1e-9 * b->peaks.flops, 1e-9 * b->peaks.bytes, (long long)b->repeat);
    printf("%4s %10s %6s %9s %7s %7s  %-6s %-26s %-60s %s\n", "step", "ms", "% time", "GFLOP/s", "GB/s", "% peak", "bound", "solver",
           "problem", "node");
    for (size_t i = 0; i < count; i++)
        print_step(b, &steps[i], i, whole);
    if (above)
        printf("\n+ above the peak: flops are the problem's, of which Winograd's solvers need fewer; bytes may come from caches\n");
    return print_sums(b, steps, count, run);
}

static int add_step(bench *b, const oc_step_time *step, double *times) {
    record r = {.problem = strdup(step->problem), .solver = strdup(step->solver), .node = strdup(step->node), .direction = "fwd",
                .flops = step->flops, .bytes = step->bytes};
    r.median = median_of(times, (size_t)b->repeat);
    r.min = times[0];
    return add_record(b, &r);
}

/* Times of each step over the repeats: times[step * repeat + run]. */
static int time_steps(bench *b, session *session, double *times, size_t steps) {
    oc_error err = {0};
    int code = EXIT_DONE;
    for (int64_t run = -1; run < b->repeat; run++) { /* one to warm up */
        if (session_run(session, &err) != OC_OK)
            return app_fail(&err);
        for (size_t i = 0; run >= 0 && i < steps; i++)
            times[i * (size_t)b->repeat + (size_t)run] = oc_exec_get_step_time(session->exec, i).seconds;
    }
    for (size_t i = 0; code == EXIT_DONE && i < steps; i++) {
        oc_step_time step = oc_exec_get_step_time(session->exec, i);
        code = add_step(b, &step, times + i * (size_t)b->repeat);
    }
    return code;
}

/* The median of whole runs. */
static int time_runs(const bench *b, session *session, double *run) {
    oc_error err = {0};
    double *times = calloc((size_t)b->repeat, sizeof(*times));
    int code = times != NULL ? EXIT_DONE : app_say("out of memory");
    for (int64_t i = -1; code == EXIT_DONE && i < b->repeat; i++) {
        double begin = seconds_now();
        if (session_run(session, &err) != OC_OK)
            code = app_fail(&err);
        else if (i >= 0)
            times[i] = seconds_now() - begin;
    }
    *run = code == EXIT_DONE ? median_of(times, (size_t)b->repeat) : 0;
    free(times);
    return code;
}

static int bench_session(bench *b, session *session, const char *path) {
    oc_error err = {0};
    size_t steps = 0, first = b->record_count;
    double run = 0;
    for (size_t i = 0; i < session->input_count; i++)
        tensor_fill_random(session->inputs[i].tensor, i);
    int code = b->layers ? time_runs(b, session, &run) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    if (oc_exec_set_profiling(session->exec, true, &err) != OC_OK || session_run(session, &err) != OC_OK)
        return app_fail(&err);
    while (oc_exec_get_step_time(session->exec, steps).problem != NULL)
        steps++;
    double *times = calloc((size_t)b->repeat * steps + 1, sizeof(*times));
    if (times == NULL)
        return app_say("out of memory");
    code = time_steps(b, session, times, steps);
    free(times);
    if (code == EXIT_DONE && b->layers && !b->app.json && !print_layers(b, path, first, run))
        code = app_say("out of memory");
    return code;
}

int bench_model(bench *b, const char *path, const oc_dim_binding *dims) {
    oc_error err = {0};
    oc_graph *graph;
    session session;
    if (!measure_peaks(b))
        return EXIT_FAILED;
    if (oc_onnx_read(&graph, b->app.context, path, &err) != OC_OK)
        return app_fail(&err);
    oc_plan_params params = {.dims = dims, .dim_count = b->dims.count, .default_dim = 1};
    if (!app_place(&b->app, &params)) {
        oc_graph_destroy(&graph);
        return EXIT_FAILED;
    }
    oc_status status = session_open(&session, &b->app, graph, NULL, &params, &err);
    oc_graph_destroy(&graph);
    if (status != OC_OK)
        return app_fail(&err);
    int code = bench_session(b, &session, path);
    session_close(&session);
    return code;
}
