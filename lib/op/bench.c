/* SPDX-License-Identifier: Apache-2.0 */
/* Timing: a device's own peaks, and single problems. */
#include <ocelli/bench.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/rig.h"

#define CHAINS 12 /* as in bench_peak.cl */
#define MAX_RUNS 400

/* Kernels on buffers of their own. */
typedef struct probe {
    oc_device *device;
    oc__buffer *buffers[2];
    oc__steps steps;
    oc__launches launches;
} probe;

static oc_status probe_init(probe *x, oc_device *device, uint64_t bytes, oc_error *err) {
    *x = (probe){.device = device};
    oc__steps_init(&x->steps, oc__device_context(device));
    uint32_t zero = 0;
    for (int i = 0; i < 2; i++) { /* written to once: pages must be there before the clock runs */
        OC_TRY(oc__buffer_create(&x->buffers[i], device, bytes, err));
        OC_TRY(oc__queue_fill(oc__device_queue(device), x->buffers[i], 0, bytes, &zero, sizeof(zero), err));
    }
    return OC_OK;
}

static void probe_finish(probe *x) {
    oc__launches_finish(&x->launches);
    oc__steps_finish(&x->steps);
    oc__buffer_release(&x->buffers[0]);
    oc__buffer_release(&x->buffers[1]);
}

/* Seconds of the best of some runs. */
static oc_status probe_best(probe *x, int runs, double *best, oc_error *err) {
    oc__slab slabs[2] = {{x->buffers[0], 0}, {x->buffers[1], 0}};
    oc__queue *queue = oc__device_queue(x->device);
    OC_TRY(oc__steps_check(&x->steps, err));
    OC_TRY(oc__launches_init(&x->launches, x->device, &x->steps, slabs, 2, err));
    *best = INFINITY;
    for (int i = 0; i <= runs; i++) {
        double start = oc__clock_seconds();
        OC_TRY(oc__launches_run(&x->launches, queue, 0, x->launches.count, NULL, err));
        OC_TRY(oc__queue_finish(queue, err));
        if (i > 0)
            *best = fmin(*best, oc__clock_seconds() - start);
    }
    return OC_OK;
}

static oc__step *probe_kernel(probe *x, const oc__caps *caps, const char *name) {
    char defines[64];
    snprintf(defines, sizeof(defines), "%s#define VEC %d\n", caps->fast_fma ? "#define FAST_FMA\n" : "",
             caps->simt_width == 1 ? 16 : 1);
    return oc__step_kernel(&x->steps, "bench_peak.cl", defines, name);
}

static oc_status measure_flops(oc_device *device, double *out, oc_error *err) {
    const oc__caps *caps = oc__device_caps(device);
    probe x;
    bool single = caps->simt_width == 1;
    uint64_t items = single ? caps->compute_units * 32u : (uint64_t)caps->compute_units * 2048u, vec = single ? 16 : 1;
    int rounds = single ? 60000 : 2000;
    double seconds = 0;
    oc_status status = probe_init(&x, device, items * vec * 4, err);
    if (status == OC_OK) {
        oc__step *step = probe_kernel(&x, caps, "bench_peak_flops");
        oc__step_place(&x.steps, step, (oc__place){0, 0}, 4);
        oc__step_i32(&x.steps, step, rounds);
        oc__step_f32(&x.steps, step, 0.999f);
        oc__step_f32(&x.steps, step, 0.001f);
        if (single)
            oc__step_range_single(step, items, 1, 1);
        else
            oc__step_range_items(step, caps, items);
        status = probe_best(&x, 12, &seconds, err);
    }
    probe_finish(&x);
    *out = 2.0 * CHAINS * rounds * (double)(items * vec) / seconds;
    return status;
}

static oc_status measure_bytes(oc_device *device, double *out, oc_error *err) {
    const oc__caps *caps = oc__device_caps(device);
    probe x;
    bool single = caps->simt_width == 1;
    uint64_t bytes = (uint64_t)128 << 20, vec = single ? 16 : 1;
    while (bytes > caps->max_alloc / 2 || bytes * 4 > caps->global_mem)
        bytes /= 2;
    int run = single ? 1024 : 16;
    uint64_t items = bytes / 4 / vec / (uint64_t)run;
    double seconds = 0;
    oc_status status = probe_init(&x, device, bytes, err);
    if (status == OC_OK) {
        oc__step *step = probe_kernel(&x, caps, "bench_peak_copy");
        oc__step_place(&x.steps, step, (oc__place){0, 0}, 4);
        oc__step_place(&x.steps, step, (oc__place){1, 0}, 4);
        oc__step_i32(&x.steps, step, run);
        oc__step_i64(&x.steps, step, single ? 1 : (int64_t)items);
        oc__step_i64(&x.steps, step, single ? run : 1);
        if (single)
            oc__step_range_single(step, items, 1, 1);
        else
            oc__step_range_items(step, caps, items);
        status = probe_best(&x, 6, &seconds, err);
    }
    probe_finish(&x);
    *out = 2.0 * (double)(items * vec * 4) * run / seconds;
    return status;
}

oc_status oc_bench_peak(oc_device *device, oc_bench_peaks *out, oc_error *err) {
    oc_bench_peaks peaks;
    OC_TRY(measure_flops(device, &peaks.flops, err));
    OC_TRY(measure_bytes(device, &peaks.bytes, err));
    *out = peaks;
    return OC_OK;
}

static oc_status find_solver(oc_device *device, const oc__problem *p, const char *name, oc__candidate *out, oc_error *err) {
    if (!name)
        return oc__choose(device, p, false, out, err);
    oc_context *context = oc__device_context(device);
    const oc__solver *const *solvers = p->op->solvers;
    for (; solvers && *solvers; solvers++) {
        if (strcmp((*solvers)->name, name))
            continue;
        *out = (oc__candidate){.solver = *solvers};
        if (!(*solvers)->applicable(p, oc__device_caps(device), out->why))
            return oc__fail(context, err, OC_ERROR_UNSUPPORTED, "%s cannot compute this problem: %s", name, out->why);
        oc__solver_variant(*solvers, p, oc__device_caps(device), &out->variant);
        return OC_OK;
    }
    return oc__fail(context, err, OC_ERROR_NOT_FOUND, "%s has no solver \"%.60s\"", p->op->name, name);
}

static int compare_times(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static oc_status run_many(oc__rig *rig, int times, double *seconds, oc_error *err) {
    oc__queue *queue = oc__device_queue(rig->device);
    double start = oc__clock_seconds();
    for (int i = 0; i < times; i++)
        OC_TRY(oc__launches_run(&rig->launches, queue, 0, rig->launches.count, NULL, err));
    OC_TRY(oc__queue_finish(queue, err));
    *seconds = (oc__clock_seconds() - start) / times;
    return OC_OK;
}

/* Tiny problems are queued many at once, so that it is not the waiting that is timed. */
static oc_status time_rig(oc__rig *rig, oc_bench_result *out, oc_error *err) {
    double times[MAX_RUNS], once, start = oc__clock_seconds();
    int count = 0, batch;
    OC_TRY(run_many(rig, 1, &once, err));
    OC_TRY(run_many(rig, 1, &once, err));
    batch = once < 200e-6 ? (int)(400e-6 / OC_MAX(once, 4e-6)) : 1;
    while (count < MAX_RUNS && (count < 5 || oc__clock_seconds() - start < 0.4))
        OC_TRY(run_many(rig, batch, &times[count++], err));
    qsort(times, (size_t)count, sizeof(*times), compare_times);
    out->median_seconds = times[count / 2];
    out->min_seconds = times[0];
    return OC_OK;
}

static oc_status time_problem(oc_device *device, const oc__problem *p, const char *solver, oc_bench_result *out, oc_error *err) {
    oc__candidate chosen;
    oc__rig rig;
    OC_TRY(find_solver(device, p, solver, &chosen, err));
    OC_TRY(oc__rig_init(&rig, device, p, chosen.solver, &chosen.variant, err));
    oc_status status = OC_OK;
    for (int i = 0; status == OC_OK && i < rig.problem.in_count; i++)
        status = oc__rig_fill(&rig, i, err);
    if (status == OC_OK)
        status = time_rig(&rig, out, err);
    oc__cost cost = oc__problem_cost(p);
    out->flops = cost.flops;
    out->bytes = cost.bytes;
    oc__format(out->solver, sizeof(out->solver), "%s", chosen.solver->name);
    oc__format(out->direction, sizeof(out->direction), "%s", p->op->direction ? p->op->direction : "fwd");
    oc__rig_finish(&rig);
    return status;
}

oc_status oc_bench_problem(oc_device *device, const char *problem, const char *direction, const char *solver, oc_bench_result *out,
                           oc_error *err) {
    oc__arena arena;
    oc__problem p;
    oc__string text;
    oc_bench_result result = {{0}};
    oc_context *context = oc__device_context(device);
    oc__arena_init(&arena, context);
    oc__string_init(&text, context);
    oc_status status = oc__problem_parse(&arena, problem, direction, &p, err);
    if (status == OC_OK)
        status = time_problem(device, &p, solver, &result, err);
    if (status == OC_OK) {
        oc__problem_text(&p, &text);
        oc__format(result.problem, sizeof(result.problem), "%s", text.text);
        *out = result;
    }
    oc__string_finish(&text);
    oc__arena_finish(&arena);
    return status;
}
